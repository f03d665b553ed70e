"""Whatever stands in the sources, compiling them raises nothing, and every place that a finding names is in its file."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from budget import tries
from examples import apply, base_files, write
from hypothesis import event, given
from hypothesis import strategies as st

from ssmd_compiler.checks import modules
from ssmd_compiler.checks.pages import page
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Diagnostic, Span
from ssmd_compiler.source import MemoryTree

DATE = datetime.date(2026, 11, 21)
REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("exchanges/feeds", "schemas", "environments")
SOURCES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for folder in FOLDERS
    for path in sorted((REPOSITORY / folder).iterdir())
} | {"ssmd.yaml": (REPOSITORY / "ssmd.yaml").read_bytes()}
DOCUMENTS = sorted(path for path in SOURCES if path.endswith(".yaml"))
DEFINITIONS = sorted(path for path in SOURCES if path.endswith(".capnp"))
FEW = ("ssmd.yaml", "exchanges/feeds/kalshi.yaml", "environments/kalshi-dev.yaml", "schemas/trade.yaml")
# A template of our own takes part, so that its places are looked at as well.
TEMPLATE = "templates/service.yaml.j2"
TEMPLATES = {TEMPLATE: (REPOSITORY / TEMPLATE).read_bytes()}

# What is done to a file: at a place (a part of its length), so many bytes or lines go and these come.

PIECES = [
    *(
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"  ",
        b"\t",
        b":",
        b": ",
        b"- ",
        b"?",
        b"#",
        b" #",
        b"'",
        b'"',
        b"|",
        b">-\n",
        b"\\",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"{{",
        b"}}",
        b"{%",
        b"%}",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!str ",
        b"!a",
        b"%TAG",
        b"---\n",
        b"...\n",
    ),
    *(
        b"null",
        b"~",
        b"true",
        b"0",
        b"-1",
        b"1e999",
        b"2026-02-30",
        b"$key:",
        b"$key:kalshi.x",
        b"a" * 300,
        b"\xc3\xa9",
        b"e\xcc\x81",
    ),
    *("日本", "😀", "\u2028", "\ufeff", "\x85", "\u200d"),
    *(b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x7f", b"@0xabc", b"struct ", b"};", b"@1 :Text;\n"),
]
WORDS = sorted({word for text in SOURCES.values() for word in re.findall(rb"[\w.$:/-]+", text)})
PIECE = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.sampled_from([one.encode() if isinstance(one, str) else one for one in PIECES]),
    st.integers(0, 9).flatmap(lambda chance: st.just(b"a") if chance else st.binary(max_size=3)),
)
PLACE = st.integers(0, 2**20)
EDITS = st.one_of(
    st.tuples(st.just("bytes"), PLACE, st.integers(0, 8), PIECE),
    st.tuples(st.just("lines"), PLACE, st.integers(0, 3), PIECE),
    st.tuples(st.just("again"), PLACE, st.integers(1, 4), PLACE),
    st.tuples(st.just("word"), PLACE, st.just(0), PIECE),
    st.tuples(st.sampled_from(["crlf", "no end", "cut", "indent"]), PLACE, st.just(0), st.just(b"")),
)


def edited(text: bytes, edit: tuple[str, int, int, object]) -> bytes:
    what, where, size, new = edit
    at = where % (len(text) + 1)
    lines = text.splitlines(keepends=True)
    line = where % (len(lines) + 1)
    match what:
        case "bytes":
            return text[:at] + new + text[at + size :]
        case "lines":
            return b"".join([*lines[:line], new, *lines[line + size :]])
        case "again":
            taken, to = lines[line : line + size], new % (len(lines) + 1)
            return b"".join([*lines[:to], *taken, *lines[to:]])
        case "word":
            words = list(re.finditer(rb"[\w.-]+", text))
            word = words[where % len(words)] if words else re.match(b"", text)
            return text[: word.start()] + new + text[word.end() :]
        case "crlf":
            return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        case "no end":
            return text.rstrip(b"\r\n")
        case "indent":
            return b"".join([*lines[:line], *(b"  " + one for one in lines[line : line + 1]), *lines[line + 1 :]])
    return text[:at]


def edited_by(text: bytes, edits: list[tuple[str, int, int, object]]) -> bytes:
    for edit in edits:
        text = edited(text, edit)
    return text


# What is looked at


def check(files: dict[str, bytes]) -> tuple[Diagnostic, ...]:
    compiled = compile(MemoryTree(files), Options(DATE))
    for found in compiled.diagnostics:
        for span in spans(found):
            assert within(span, files), (span, found)
        event(found.code)
    return compiled.diagnostics


def spans(found: Diagnostic) -> Iterator[Span]:
    yield found.span
    yield from (related.span for related in found.related)
    yield from (edit.span for edit in found.fix)


def within(span: Span, files: dict[str, bytes]) -> bool:
    """Its start is not after its end, and both are places of its file; a folder, or what is not there, has one place."""
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    if span.path not in files:
        return start == end == (1, 1)
    # Columns count characters; where the bytes are no text, as the reader counts them up to there.
    lines = files[span.path].decode(errors="replace").replace("\r\n", "\n").split("\n")
    return (1, 1) <= start <= end and all(
        line <= len(lines) and column <= len(lines[line - 1]) + 1 for line, column in (start, end)
    )


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
    """By code: the workspace of its page's example that fails, so that everything that can be found is found."""
    found = {}
    for module in modules():
        root = tmp_path_factory.mktemp(module.CODE)
        write(base_files(), root)
        steps = next(one for one in page(module).examples if one.verdict == "FAIL").steps
        if not {step.way for step in steps} <= {"", "as is", "bytes"}:
            continue
        for step in steps:
            apply(step, root)
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        found[module.CODE] = {path: text for path, text in files.items() if not path.endswith((".capnp", ".json"))}
    return found


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
