"""Targets of the proof of manifests: whatever an own template prints, and whatever stands in a rule."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import yaml
from fuzzing import target
from hypothesis import strategies as st
from invariants import check_tree
from mutations import EDITS, edited_by
from test_fuzz_sources import SMALL

HERE = Path(__file__).parent
RIGHT = {path.name: path.read_bytes() for path in sorted((HERE.parent / "manifests/right").glob("*")) if path.is_file()}
KNOWN = [one for group in yaml.safe_load((HERE.parent / "manifests/promql.yaml").read_text()).values() for one in group]
PROMQL = [one if isinstance(one, str) else next(iter(one.values())) for one in KNOWN]
TEMPLATE = "templates/service.yaml.j2"


@functools.cache
def plain() -> dict[str, bytes]:
    import re

    return {path: re.sub(rb"(?m)^ +schemas?: .*\n", b"", text) for path, text in SMALL.items()}


def printed(text: bytes) -> dict[str, bytes]:
    """A workspace whose template prints just this text."""
    return plain() | {TEMPLATE: b"{% raw %}" + text.replace(b"endraw", b"end") + b"{% endraw %}"}


@target(st.tuples(st.sampled_from(sorted(RIGHT)), st.lists(EDITS, min_size=1, max_size=4)), 25)
def test_manifests(made: Any) -> None:
    """A manifest that was right, mutated."""
    name, edits = made
    check_tree(printed(edited_by(RIGHT[name], edits)))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [
        *(("v1", "Service"), ("apps/v1", "Deployment"), ("batch/v1", "CronJob"), ("v1", "ConfigMap"), ("v1", "Secret")),
        *(("monitoring.coreos.com/v1", "PrometheusRule"), ("argoproj.io/v1alpha1", "Application"), ("x/v1", "Y")),
    ]
)


@target(st.tuples(KINDS, st.dictionaries(st.sampled_from(["spec", "metadata", "data", "kind", "x"]), VALUES)), 20)
def test_values(made: Any) -> None:
    """Any value where a kind of Kubernetes has its fields."""
    (version, kind), fields = made
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, **fields}
    check_tree(printed(json.dumps(document).encode()))


PIECES = st.sampled_from(
    ["sum", "by", "(", ")", "[5m]", "{", "}", "=~", '"', "a", "rate(", "ssmd_errors_total", "offset", "@", "1e9", "-", "^", "\\", "é", "#"]
)  # fmt: skip
QUERY = st.tuples(st.sampled_from(PROMQL), st.lists(st.tuples(st.integers(0, 99), PIECES), max_size=5)).map(
    lambda made: _inserted(*made)
) | st.text(max_size=40)


def _inserted(text: str, pieces: list[tuple[int, str]]) -> str:
    for place, piece in pieces:
        at = place % (len(text) + 1)
        text = text[:at] + piece + text[at:]
    return text


@target(st.tuples(QUERY, st.text(max_size=12), st.text(max_size=12)), 20)
def test_promql(made: Any) -> None:
    """Any expression, label and annotation in a rule of our own."""
    query, label, annotation = made
    rule = {"alert": "A", "expr": query, "labels": {label: "x"}, "annotations": {"summary": annotation}}
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "x"},
        "spec": {"groups": [{"name": "g", "rules": [rule]}]},
    }
    check_tree(printed(json.dumps(document).encode()))
