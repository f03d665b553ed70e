"""The template line of a generated line, for built-in and own templates, loops, values of several lines, and includes."""

from __future__ import annotations

import datetime
import re

import pytest
from examples import base_files

from ssmd_compiler.emit.templates import built_in
from ssmd_compiler.origin import LineOrigins, TemplateLine
from ssmd_compiler.source import MemoryTree
from ssmd_compiler.tracing import Traceable, traceable

AS_OF = datetime.date(2026, 11, 1)


def traced(file: str, templates: dict[str, str] | None = None) -> list[tuple[str, LineOrigins]]:
    own = {f"templates/{name}": text.encode() for name, text in (templates or {}).items()}
    found = traceable(MemoryTree({**base_files(), **own}), AS_OF, file)
    assert isinstance(found, Traceable), found
    told = found.of(None)
    assert isinstance(told, tuple)
    return list(zip(found.content.decode().splitlines(), told, strict=True))


@pytest.mark.parametrize("file", ["deployment", "networkpolicy", "configmap", "service", "serviceaccount", "pvc"])
def test_plain_text_is_of_the_line_that_holds_it(file: str) -> None:
    """Every generated line whose text stands in the template as it is comes from a line with that text."""
    template = built_in()[f"{file}.yaml.j2"].split("\n")
    plain = {line for line in template if line.strip() and "{" not in line}
    found = [(line, told.template) for line, told in traced(f"dev/{file}.yaml") if line in plain]
    assert found
    assert all(at is not None and at.line is not None and template[at.line - 1] == line for line, at in found)


def test_a_value_is_of_the_line_that_prints_it() -> None:
    template = built_in()["deployment.yaml.j2"].split("\n")
    at = {line.strip(): told.template for line, told in traced("dev/deployment.yaml")}
    expected = {
        "app.kubernetes.io/name: ssmd": "{{ labels | tree(8) }}",
        "- run": "{{ arguments | tree(12) }}",
        "serviceAccountName: dev": "serviceAccountName: {{ service_account }}",
        "- name: KALSHI_API_KEY": "- name: {{ variable.name }}",
        "- name: KALSHI_API_SECRET": "- name: {{ variable.name }}",
    }
    shown = {line: template[(at[line].line or 0) - 1].strip() for line in expected}  # type: ignore[union-attr]
    assert shown == expected


def test_a_block_of_text_is_of_the_line_that_prints_it() -> None:
    lines = built_in()["configmap.yaml.j2"].split("\n")
    at = next(told.template for line, told in traced("dev/configmap.yaml") if '"environment": "dev"' in line)
    assert at is not None
    assert "block_text" in lines[(at.line or 0) - 1]


def test_a_specification_is_of_no_template() -> None:
    assert {told.template for _, told in traced("dev/spec.json")} == {None}


OWN = """\
# ours
apiVersion: v1
kind: Service
metadata:
  name: {{ name }}
{% include "_more.yaml.j2" %}
  end: true
"""


def test_an_own_template_and_what_it_includes_are_places_of_the_workspace() -> None:
    found = traced("dev/service.yaml", {"service.yaml.j2": OWN, "_more.yaml.j2": "  one: 1\n  two: {{ namespace }}\n"})
    assert [(line, told.template) for line, told in found] == [
        ("# ours", TemplateLine("service.yaml.j2", 1, own=True)),
        ("apiVersion: v1", TemplateLine("service.yaml.j2", 2, own=True)),
        ("kind: Service", TemplateLine("service.yaml.j2", 3, own=True)),
        ("metadata:", TemplateLine("service.yaml.j2", 4, own=True)),
        ("  name: dev-connector", TemplateLine("service.yaml.j2", 5, own=True)),
        ("  one: 1", TemplateLine("_more.yaml.j2", 1, own=True)),
        ("  two: ssmd", TemplateLine("_more.yaml.j2", 2, own=True)),
        ("  end: true", TemplateLine("service.yaml.j2", 7, own=True)),
    ]


def test_of_a_template_that_computes_with_its_own_text_only_the_name_is_told() -> None:
    template = OWN.replace(
        '{% include "_more.yaml.j2" %}\n', "{% set lines %}\na\n{% endset %}\n  x: {{ lines | length }}\n"
    )
    assert {told.template for _, told in traced("dev/service.yaml", {"service.yaml.j2": template})} == {
        TemplateLine("service.yaml.j2", None, own=True)
    }


def test_marks_in_a_value_are_not_taken_for_ours() -> None:
    files = base_files()
    files["environments/dev.yaml"] = re.sub(
        rb"path: \S+", b'"path": "/data/\\\\uE0F10.3\\\\uE0F2"', files["environments/dev.yaml"]
    )
    found = traceable(MemoryTree(files), AS_OF, "dev/deployment.yaml")
    assert isinstance(found, Traceable), found
    told = found.of(None)
    assert isinstance(told, tuple)
    assert {one.template.name for one in told if one.template is not None} == {"deployment.yaml.j2"}
