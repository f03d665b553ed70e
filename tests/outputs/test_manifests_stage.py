"""When manifests are proven, and where their flaws are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from captures import DATE, WORKSPACES
from examples import base_files

from ssmd_compiler import emit, origin
from ssmd_compiler.checks import Manifests, run
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.diagnostics import Span
from ssmd_compiler.emit import Output
from ssmd_compiler.emit.templates import built_in
from ssmd_compiler.manifests import findings
from ssmd_compiler.model import Settings
from ssmd_compiler.source import DirectoryTree, MemoryTree
from ssmd_compiler.units import causes

ROOT = Path(__file__).resolve().parents[2]
SERVICE = b"apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ name }}\nspec:\n  ports:\n    - port: none\n"
OWN = {"templates/service.yaml.j2": SERVICE}


def compiled(files: dict[str, bytes], **options) -> Compilation:
    return compile(MemoryTree(files), Options(DATE, **options))


def codes(found: Compilation) -> list[str]:
    return [one.code for one in found.diagnostics if one.code.startswith("SSMD81")]


# Everything that ssmd writes is right


@pytest.mark.parametrize("name", WORKSPACES)
def test_the_workspaces_of_the_tests_are_proven(name):
    found = compiled(WORKSPACES[name], prove_manifests=True)
    assert found.outputs
    assert codes(found) == []


def test_this_repository_is_proven():
    found = compile(DirectoryTree(ROOT), Options(DATE, prove_manifests=True))
    assert found.outputs
    assert codes(found) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_synthetic_workspaces_are_proven(seed, tmp_path):
    command = [sys.executable, ROOT / "benchmarks/trees.py", tmp_path, "--environments", "20", "--seed", str(seed)]
    subprocess.run(command, check=True)
    found = compile(DirectoryTree(tmp_path), Options(DATE, prove_manifests=True))
    assert len(found.outputs) > 200
    assert codes(found) == []


# What is looked at


@pytest.fixture
def spoilt(monkeypatch):
    """A built-in template that is wrong, which no workspace's own replaces."""
    built_in.cache_clear()
    wrong = built_in() | {"service.yaml.j2": SERVICE.decode()}
    monkeypatch.setattr(emit.templates, "built_in", lambda: wrong)


def test_compile_looks_at_own_templates_and_validate_at_everything(spoilt):
    assert codes(compiled(base_files())) == []
    assert codes(compiled(base_files(), prove_manifests=True)) == ["SSMD810"]


def test_own_templates_are_looked_at_in_any_case():
    for prove in (False, True):
        assert codes(compiled(base_files() | OWN, prove_manifests=prove)) == ["SSMD810"]


def test_what_was_not_proven_is_not_remembered_as_proven(spoilt):
    first = compiled(base_files())
    assert codes(compiled(base_files(), known=first.traces, prove_manifests=True)) == ["SSMD810"]


def test_what_was_proven_need_not_be_proven_again():
    first = compiled(base_files(), prove_manifests=True)
    assert not compiled(base_files(), known=first.traces, prove_manifests=True).outputs
    assert not compiled(base_files(), known=first.traces).outputs


def test_the_workspaces_own_documents_are_proven():
    wrong = b"apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata:\n  name: {{ name }}\n"
    files = WORKSPACES["everything"] | {"templates/appproject.yaml.j2": wrong}
    (found,) = [one for one in compiled(files).diagnostics if one.code == "SSMD810"]
    assert found.span.path == "templates/appproject.yaml.j2"
    assert found.related[0].span.path == "generated/argocd/_project.yaml"


def test_a_validator_is_not_loaded_where_nothing_is_proven(tmp_path):
    code = (
        "import sys, datetime\nfrom ssmd_compiler.compiler import Options, compile\n"
        "from ssmd_compiler.source import DirectoryTree\nimport pathlib\n"
        "compile(DirectoryTree(pathlib.Path(sys.argv[1])), Options(datetime.date(2026, 11, 21)))\n"
        "print([name for name in ('jsonschema_rs', 'ryaml', 'promql_parser') if name in sys.modules])\n"
    )
    for path, content in base_files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Where it is told


def test_a_flaw_of_a_built_in_template_is_told_at_the_environment(spoilt):
    (found,) = compiled(base_files(), prove_manifests=True).diagnostics
    assert found.span.path == "environments/dev.yaml"
    assert found.label == "line 7 of `dev/service.yaml`"
    assert found.message == '`spec.ports[0].port` is the text "none": it must be a whole number'


def test_a_flaw_of_ones_own_template_is_told_there():
    (found,) = compiled(base_files() | OWN).diagnostics
    assert (found.span, found.label) == (
        Span("templates/service.yaml.j2", 7, 5, 7, 17),
        "line 7 of `dev/service.yaml`",
    )
    generated, compiled_for = found.related
    assert (generated.span, generated.text) == (
        Span("generated/dev/service.yaml", 7, 13, 7, 17),
        "    - port: none",
    )
    assert compiled_for.span == Span("environments/dev.yaml")


PRINTS = SERVICE.replace(b"none", b"{{ name }}")


def test_a_flaw_of_a_value_is_told_where_it_was_written():
    (found,) = compiled(base_files() | {"templates/service.yaml.j2": PRINTS}).diagnostics
    assert found.span == Span("environments/dev.yaml", 4, 9, 4, 12)
    assert [one.span.path for one in found.related] == ["templates/service.yaml.j2", "generated/dev/service.yaml"]


def test_a_value_that_the_line_spells_by_chance_is_not_blamed():
    """`local` is the type of the storage; what it is changed to leaves the template's own `local` as it is."""
    own = SERVICE.replace(b"none", b"{{ 'local' }}")
    (found,) = compiled(base_files() | {"templates/service.yaml.j2": own}).diagnostics
    assert found.span == Span("templates/service.yaml.j2", 7, 5, 7, 26)


def test_a_value_that_is_spelled_otherwise_is_found_where_that_takes_little_time():
    own = {"templates/service.yaml.j2": SERVICE.replace(b"none", b"{{ name[::-1] }}")}
    (found,) = compiled(base_files() | own).diagnostics
    assert found.span == Span("environments/dev.yaml", 4, 9, 4, 12)


def test_among_many_environments_only_plain_values_are_looked_for(monkeypatch):
    monkeypatch.setattr(causes, "FEW", 0)
    own = {"templates/service.yaml.j2": SERVICE.replace(b"none", b"{{ name[::-1] }}")}
    (found,) = compiled(base_files() | own).diagnostics
    assert found.span.path == "templates/service.yaml.j2"
    (found,) = compiled(base_files() | {"templates/service.yaml.j2": PRINTS}).diagnostics
    assert found.span.path == "environments/dev.yaml"


def test_where_a_warning_is_told_does_not_depend_on_how_many_environments_there_are():
    """It is remembered, and told again when there are more."""
    own = {"templates/service.yaml.j2": SERVICE.replace(b"kind: Service", b"kind: {{ name[::-1] }}")}
    (found,) = compiled(base_files() | own).diagnostics
    assert (found.code, found.span.path) == ("SSMD814", "templates/service.yaml.j2")


def test_no_cause_is_looked_for_where_nothing_is_wrong(monkeypatch):
    monkeypatch.setattr(origin, "causes", lambda *_, **__: pytest.fail("looked for"))
    assert codes(compiled(base_files() | {"templates/service.yaml.j2": built_in()["service.yaml.j2"].encode()})) == []


def test_of_an_included_template_the_line_of_the_included_one_is_told():
    own = {
        "templates/service.yaml.j2": b"apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ name }}\n{% include '_spec.yaml.j2' %}\n",
        "templates/_spec.yaml.j2": b"spec:\n  prots: []\n",
    }
    (found,) = compiled(base_files() | own).diagnostics
    assert found.span == Span("templates/_spec.yaml.j2", 2, 3, 2, 12)


def test_a_generated_line_that_may_hold_a_secret_is_not_shown():
    own = {"templates/service.yaml.j2": SERVICE.replace(b"none", b"'postgres://me:hunter2hunter2@db'")}
    (found,) = compiled(base_files() | own).diagnostics
    assert "hunter2" not in repr(found)


def test_what_another_check_tells_is_not_told_twice():
    own = {"templates/service.yaml.j2": b"kind: Service\n"}
    assert [one.code for one in compiled(base_files() | own, prove_manifests=True).diagnostics] == ["SSMD807"]


def test_a_built_in_template_that_prints_no_document_is_told():
    stage = Manifests.of([Output("dev/service.yaml", b"{")], {}, "environments/dev.yaml", Settings(), all_=True)
    assert [one.code for one in run(stage)] == ["SSMD810"]


SECRET = "AKIA4Zq7xWb9Lm2Np5Rt8Vy1Cd3Ef6Gh0JkQsUoXz"


@pytest.mark.parametrize(
    "content",
    [
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata:\n  password: {SECRET}!\n",
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nimmutable: {SECRET}\ndata: {{a: [{SECRET}]}}\n",
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: a, generation: 'postgres://me:{SECRET}@db'}}\n",
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: a, generation: 'token={SECRET}'}}\n",
    ],
    ids=range(4),
)
def test_no_secret_is_repeated(content):
    found = list(findings([Output("a/a.yaml", content.encode())]))
    assert found
    assert all(SECRET not in f"{flaw.words}{flaw.help}{flaw.where}" for flaw in found)
    assert all("a text: " in flaw.words for flaw in found if flaw.where in ("immutable", "data.password"))


def test_no_secret_is_repeated_from_an_expression():
    expression = 'up{password="hunter2hunter2",password="'
    document = f"""\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {{name: a}}
spec: {{groups: [{{name: a, rules: [{{alert: A, expr: '{expression}'}}, {{alert: B, expr: 'token=hunter2hunter2'}}]}}]}}
"""
    found = list(findings([Output("a/a.yaml", document.encode())]))
    assert len(found) == 2
    assert not any("hunter2" in flaw.words for flaw in found)


def test_a_flaw_is_frozen_and_says_its_place():
    (flaw,) = findings([Output("a/a.yaml", SERVICE.replace(b"{{ name }}", b"a"))])
    assert flaw.at == Span("a/a.yaml", 7, 13, 7, 17)
