"""Whatever bytes a file holds, reading it raises nothing, and every place that is named is one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.model import bind, bind_settings
from ssmd_compiler.source import Document, Map, Path, Seq, read_document

PATH = "environments/dev.yaml"
PIECES = [
    *(
        "a",
        "b: c",
        "- ",
        "? ",
        ": ",
        "a: ",
        "-\n",
        "\n",
        "  ",
        "    ",
        "\t",
        "# c\n",
        "---\n",
        "...\n",
        "--- a\n",
        "%YAML 1.2\n",
        "%a\n",
    ),
    *(
        "&a ",
        "*a ",
        "<<: *a\n",
        "<<",
        "! ",
        "!!str ",
        "!<a> ",
        "'",
        '"',
        "'a'",
        '"a"',
        '"\\x00"',
        '"\\ud800"',
        "|\n",
        ">-\n",
        "|2\n",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        ", ",
        "[[[[",
        "{a: {",
        "null",
        "~",
        "1",
        "é",
        "日本",
        "😀",
        "\r\n",
        "\r",
        "\0",
        "\x85",
        "\u2028",
        "\ufeff",
    ),
    *(
        "apiVersion: ssmd/v1\n",
        "kind: Environment\n",
        "metadata: {name: dev}\n",
        "spec:\n",
        "name: dev\n",
        "keys: ",
        "$key:",
    ),
]
SOUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def inside(span: Span, text: str) -> bool:
    """Whether a span lies in the file: its last line may be the empty one after the last line break."""
    lines = text.replace("\r\n", "\n").split("\n")
    return (
        span.path == PATH
        and 1 <= span.line <= span.end_line <= len(lines)
        and 1 <= span.column <= len(lines[span.line - 1]) + 1
        and 1 <= span.end_column <= len(lines[span.end_line - 1]) + 2
        and (span.line, span.column) <= (span.end_line, span.end_column)
    )


def check_faults(content: bytes) -> None:
    document = read_document(PATH, content)
    text = content.decode(errors="replace")
    for fault in document.faults:
        assert inside(fault.span, text), fault
        assert fault.other is None or inside(fault.other, text), fault
    assert document.faults or document.data is not None
    for kind in ("Feed", "Schema", "Environment"):
        for found in bind(document, kind).faults:
            assert inside(found.span, text), found
            assert found.other is None or inside(found.other, text), found
    for found in bind_settings(document).faults:
        assert inside(found.span, text), found


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
@example(b"")
@example(b"\n")
@example(b"\xff")
@example(b"a: \xff\n")
@example(b"\xef\xbb\xbfa: b")
@example(b"\xff\xfea\x00")
@example(b"\x00")
@example(b"a: b\n\x00")
@example(b"{" * 500)
@example(b"- " * 500)
@example(b"a: &a [*a]\n")
@example(b"? [a]\n: b\n")
@example(b"? {a: b}\n")
@example(b"? *a\n: b\n")
@example(b"a: *b\n")
@example(b"a: 'b\n\n")
@example(b"a: b\nc\r\n")
@example(b"a:\n\tb: c\n")
@example(b"a: b: c\n")
@example(b"? a\n")
@example(b"? \n: b\n")
@example(b": b\n")
@example(b"%YAML 9.9\n---\na: b\n")
@example(b"a: |9\n b\n")
@example(b"a: !!python/object:os.system b\n")
def test_any_bytes_are_read(content):
    check_faults(content)


@given(SOUP)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("name: dev\nkeys: [{name: a}, {name: a}]\n")
@example("name: dev\nkeys: [{name: a}, {name: [a]}]\n")
@example("spec:\n")
@example("kind: Environment\nmetadata: []\nspec: a\n")
@example("name: dev\nsecrets: {a: b}\nkeys: []\n")
@example("name: dev\nsecrets: {a: [b]}\n")
@example("name: dev\nsecrets: {a: b}\nkeys: {a: c}\n")
@example("name: dev\ntransport: a\nmiddleware: b\n")
@example("name: dev\nschema: a\nschemas: b\n")
@example("name: dev\nversions: [a, {protocol: b, endpoint: c, endpoint_template: d}]\n")
@example("name: dev\nschedule: {startup: a, day_start: b}\n")
@example('name: dev\nsymbols: {}\n"symbols\\0": {}\n')
@example("name: dev\nsecrets: a\nkeys: {}\n")
@example("a: &a {b: c}\nd: *a\ne: *a\n")
@example("name: dev\nkeys: &a [{name: b}]\nsymbols: *a\n")
@example("spec: &a {spec: {}, kind: b}\nkind: Environment\nmetadata: *a\n")
def test_anything_like_a_document_is_read(text):
    check_faults(text.encode())


# Places

TEXT = st.one_of(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u2028\u2029\ufeff"), max_size=12),
    st.sampled_from(
        [
            "no",
            "1.10",
            "a: b",
            "- a",
            "# a",
            "a #b",
            "'",
            '"',
            "{",
            "[a",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`",
            "|",
            ">",
            "  a",
            "a  ",
        ]
    ),
    st.sampled_from(["two\nlines", "a\n\nb", "a\n", "long " * 30, "日本語", "😀 😀", "a\tb"]),
)
KEYS = TEXT.filter(lambda text: "\n" not in text and len(text) < 20)
NESTED = st.recursive(
    TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)
TREES = st.dictionaries(KEYS, NESTED, min_size=1, max_size=4)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


STYLES: dict[str, dict[str, Any]] = {
    "block": {"default_flow_style": False},
    "flow": {"default_flow_style": True},
    "mixed": {"default_flow_style": None},
    "double quotes": {"default_style": '"'},
    "single quotes": {"default_style": "'"},
    "literal": {"default_style": "|"},
    "folded": {"default_style": ">"},
    "narrow": {"width": 20, "indent": 4},
    "wide": {"width": 10_000},
    "escaped": {"allow_unicode": False, "default_style": '"'},
    "a start and an end": {"explicit_start": True, "explicit_end": True},
}


@pytest.mark.parametrize("style", STYLES)
@given(TREES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_place_is_exactly_its_text(style, tree):
    text = yaml.dump(tree, Dumper=_Dumper, **{"allow_unicode": True, "sort_keys": False, **STYLES[style]})
    document = read_document(PATH, text.encode())
    assert not document.faults
    assert document.data == tree
    for path, value in _scalars(document.data):
        assert value in _readings(_cut(text, document.span(path))), path
    for path in _keys(document.data):
        assert [path[-1]] == _readings(_cut(text, document.span(path, key=True))), path


def _scalars(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    items = node.items() if isinstance(node, Map) else enumerate(node) if isinstance(node, Seq) else ()
    for step, value in items:
        yield from _scalars(value, (*path, step))
    if isinstance(node, str):
        yield path, node


def _keys(node: Any, path: Path = ()) -> Iterator[Path]:
    items = node.items() if isinstance(node, Map) else enumerate(node) if isinstance(node, Seq) else ()
    for step, value in items:
        if isinstance(node, Map):
            yield (*path, step)
        yield from _keys(value, (*path, step))


def _cut(text: str, span: Span) -> str:
    lines = [*text.split("\n")[span.line - 1 : span.end_line]]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def _readings(cut: str) -> list[str]:
    """What the text of one scalar says by itself.

    A block that says its indentation says it relative to what it stands in, which is not in the text: any will do.
    """
    if cut[0] not in "|>":
        assert cut == cut.strip(" \n\t"), "nothing around it belongs to a place"
        return [yaml.load(cut, yaml.BaseLoader)]
    header, *lines = cut.split("\n")
    outer = range(20) if any(map(str.isdigit, header)) else (0,)
    return [text for indent in outer for text in _read("\n".join([header, *(line[indent:] for line in lines)]))]


def _read(block: str) -> list[str]:
    try:
        return [yaml.load(block, yaml.BaseLoader)]
    except yaml.YAMLError:
        return []


@given(TREES)
@settings(max_examples=30, deadline=None)
def test_the_place_of_what_is_absent_is_the_nearest_around_it(tree):
    text = yaml.dump(tree, Dumper=_Dumper, allow_unicode=True)
    document: Document = read_document(PATH, text.encode())
    for path in [(), ("absent",), *((key, "absent") for key in tree), *((key, 99, "absent") for key in tree)]:
        assert inside(document.span(path), text)
        assert inside(document.span(path, key=True), text)
