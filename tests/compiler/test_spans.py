"""Whatever stands in the sources, compiling them raises nothing, and every place that a finding names is in its file."""

from __future__ import annotations

import datetime
import re

import pytest
from budget import tries
from examples import failing_trees
from hypothesis import event, given
from hypothesis import strategies as st
from mutations import EDITS, REPOSITORY, SOURCES, edited_by, misplaced, within

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Diagnostic, Span
from ssmd_compiler.source import MemoryTree

DATE = datetime.date(2026, 11, 21)
DOCUMENTS = sorted(path for path in SOURCES if path.endswith(".yaml"))
DEFINITIONS = sorted(path for path in SOURCES if path.endswith(".capnp"))
FEW = ("ssmd.yaml", "exchanges/feeds/kalshi.yaml", "environments/kalshi-dev.yaml", "schemas/trade.yaml")
# A template of our own takes part, so that its places are looked at as well.
TEMPLATE = "templates/service.yaml.j2"
TEMPLATES = {TEMPLATE: (REPOSITORY / TEMPLATE).read_bytes()}

# What is looked at


def check(files: dict[str, bytes]) -> tuple[Diagnostic, ...]:
    compiled = compile(MemoryTree(files), Options(DATE))
    for found in compiled.diagnostics:
        assert not misplaced(found, files), found
        event(found.code)
    return compiled.diagnostics


@pytest.mark.parametrize(
    ("span", "inside"),
    [
        (Span("a", 1, 1, 1, 3), True),
        (Span("a", 2, 1, 2, 1), True),
        (Span("a", 1, 1, 1, 4), False),
        (Span("a", 2, 2, 2, 2), False),
        (Span("a", 3, 1, 3, 1), False),
        (Span("a", 0, 1, 1, 1), False),
        (Span("a", 1, 2, 1, 1), False),
        (Span("b"), True),
        (Span("b", 1, 1, 1, 2), False),
    ],
)
def test_a_place_is_in_its_file_or_not(span, inside):
    assert within(span, {"a": b"ab\r\n"}) == inside


@given(st.sampled_from(DOCUMENTS), st.lists(EDITS, min_size=1, max_size=4))
@tries(100)
def test_every_place_is_in_its_file(path, edits):
    """Without definitions, which are parsed by processes of their own, and among few others: many trees a second."""
    check({name: SOURCES[name] for name in FEW} | {path: edited_by(SOURCES[path], edits)})


@pytest.fixture(scope="module")
def failing(tmp_path_factory) -> dict[str, dict[str, bytes]]:
    """Trees in which something is found, without definitions."""
    trees = failing_trees(tmp_path_factory.mktemp("failing"))
    return {
        code: {path: text for path, text in files.items() if not path.endswith((".capnp", ".json"))}
        for code, files in trees.items()
    }


@given(data=st.data())
@tries(200)
def test_every_place_is_in_its_file_whatever_is_found(failing, data):
    files = failing[data.draw(st.sampled_from(sorted(failing)))]
    path = data.draw(st.sampled_from(sorted(files)))
    check(files | {path: edited_by(files[path], data.draw(st.lists(EDITS, max_size=3)))})


@given(st.sampled_from([*DEFINITIONS, "schemas/trade.yaml"]), st.lists(EDITS, min_size=1, max_size=3))
@tries(15)
def test_every_place_of_a_definition_is_in_its_file(path, edits):
    schemas = {name: text for name, text in SOURCES.items() if name.startswith("schemas/")}
    check(schemas | {path: edited_by(SOURCES[path], edits)})


@given(st.lists(EDITS, min_size=1, max_size=3))
@tries(40)
def test_every_place_of_a_template_is_in_its_file(edits):
    path = "environments/kalshi-prod.yaml"
    without_schemas = {
        name: re.sub(rb"(?m)^ +schemas?: .*\n", b"", SOURCES[name]) for name in (path, "exchanges/feeds/kalshi.yaml")
    }
    check(without_schemas | {TEMPLATE: edited_by(TEMPLATES[TEMPLATE], edits)})


@given(
    st.dictionaries(
        st.sampled_from([*DOCUMENTS, TEMPLATE]),
        st.text(max_size=60).map(lambda text: text.encode(errors="replace")) | st.binary(max_size=60),
        min_size=1,
    )
)
@tries(60)
def test_every_place_is_in_its_file_whatever_that_is(files):
    check(files)
