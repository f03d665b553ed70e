"""Sources with something done to them, as a person or a stranger may: what properties and fuzz targets start from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from ssmd_compiler.diagnostics import Diagnostic, Span

__all__ = ["EDITS", "PIECE", "REPOSITORY", "SOURCES", "edited", "edited_by", "misplaced", "within"]

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("exchanges/feeds", "schemas", "environments")
SOURCES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for folder in FOLDERS
    for path in sorted((REPOSITORY / folder).iterdir())
} | {"ssmd.yaml": (REPOSITORY / "ssmd.yaml").read_bytes()}

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


# Places


def misplaced(found: Diagnostic, files: Mapping[str, bytes]) -> list[Span]:
    """The places that a finding names and that are not in their files."""
    places = [found.span, *(edit.span for edit in found.fix), *(one.span for one in found.related if one.text is None)]
    wrong = [span for span in places if not within(span, files)]
    # A line of a file that is still to be written comes with the finding.
    shown = [(one.span, one.text) for one in found.related if one.text is not None]
    return wrong + [span for span, text in shown if not _begins_in(span, text)]


def _begins_in(span: Span, line: str) -> bool:
    """Whether a span can start in a line; an empty one is not shown at all."""
    order = (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
    return order and (not line or span.column <= len(line) + 1)


def within(span: Span, files: Mapping[str, bytes]) -> bool:
    """Its start is not after its end, and both are places of its file; a folder, or what is not there, has one place."""
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    if span.path not in files:
        return start == end == (1, 1)
    # Columns count characters; where the bytes are no text, as the reader counts them up to there.
    lines = files[span.path].decode(errors="replace").replace("\r\n", "\n").split("\n")
    return (1, 1) <= start <= end and all(
        line <= len(lines) and column <= len(lines[line - 1]) + 1 for line, column in (start, end)
    )
