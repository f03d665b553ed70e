"""Allowances: `# ssmd: allow SSMD306 until 2026-12-31 -- reason`, read from the comments of a document.

Behind a value it covers the findings of that line; alone on a line, the entry that follows and all below it. What is
wrong with one is noted, not judged: which codes there are is known to the checks. The same text in a scalar is none.
"""

from __future__ import annotations

import datetime  # noqa: TC003 -- the cache reads what fields are
import re
from typing import TYPE_CHECKING, Final

from ssmd_compiler.dates import date_of
from ssmd_compiler.diagnostics import Span
from ssmd_compiler.diagnostics.nearest import nearest
from ssmd_compiler.record import Record, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.source.layout import Layout

__all__ = ["Allowance", "Flaw", "allowances"]

MARK: Final = "ssmd:"
"""A document without it holds no allowance, and is not looked at again."""

MOST: Final = 200
"""Allowances of one document; more are not read."""

WORD: Final = "allow"
_COMMENT = re.compile(r"#[ \t]*ssmd:[ \t]*(?P<word>\w+)(?P<rest>.*)")
_REST = re.compile(r"(?P<codes>.*?)(?:[ \t]until\b(?P<until>.*?))?(?:[ \t]--(?P<reason>.*))?")


class Flaw(Record, frozen=True):
    """Why an allowance cannot be read, and where."""

    span: Span
    reason: str


class Allowance(Record, frozen=True):
    """What one comment allows: codes with their places, on the lines from `first` to `last`, up to and with a day."""

    span: Span
    codes: tuple[tuple[str, Span], ...]
    until: datetime.date | None
    reason: str
    first: int
    last: int
    flaw: Flaw | None = None

    def covers(self, span: Span) -> bool:
        return span.path == self.span.path and self.first <= span.line <= self.last


def allowances(path: str, content: bytes) -> tuple[Allowance, ...]:
    """Every allowance of a document that was read without a fault."""
    if MARK.encode() not in content:
        return ()
    lines = [line.rstrip() for line in content.decode().split("\n")]
    marked = [number for number, line in enumerate(lines) if MARK in line and "#" in line]
    from ssmd_compiler.source.layout import Layout

    layout = Layout.of(content) if marked else Layout()
    found: list[Allowance] = []
    for number in marked:
        column = layout.comment(number, lines[number])
        match = _COMMENT.match(lines[number], column) if column is not None else None
        if match is not None and _is_meant(match["word"]):
            found.append(_allowance(path, number, match, _covered(lines, number, match.start(), layout)))
    return tuple(found) if len(found) <= MOST else (*found[: MOST - 1], _too_many(found[MOST - 1]))


def _is_meant(word: str) -> bool:
    """Whether an instruction was meant; anything else is a remark about ssmd."""
    return word.lower() == WORD or nearest(word, (WORD,)) is not None


def _too_many(last: Allowance) -> Allowance:
    return replace(last, codes=(), flaw=Flaw(last.span, f"a document has at most {MOST} of them"))


def _allowance(path: str, number: int, match: re.Match[str], covered: tuple[int, int]) -> Allowance:
    span = _span(path, number, *match.span())
    parts = _REST.fullmatch(match["rest"])
    if match["word"] != WORD or parts is None:
        flaw = Flaw(_span(path, number, *match.span("word")), f"there is no instruction `{match['word']}`")
        return Allowance(span, (), None, "", *covered, flaw)
    offset = match.start("rest")
    codes = tuple(
        (code[0], _span(path, number, offset + code.start(), offset + code.end()))
        for code in re.finditer(r"[^\s,]+", parts["codes"])
    )
    until = date_of((parts["until"] or "").strip())
    reasons = ", ".join(_flaws(parts, until))
    unfit = Flaw(span, reasons) if reasons else None
    return Allowance(span, codes, until, (parts["reason"] or "").strip(), *covered, unfit)


def _flaws(parts: re.Match[str], until: datetime.date | None) -> Iterator[str]:
    if not parts["codes"].strip():
        yield "it names no code"
    elif any(len(code.split()) != 1 for code in parts["codes"].split(",")):
        yield "its codes are not separated by commas"
    if parts["until"] is None:
        yield "it has no date"
    elif until is None:
        yield f"`{parts['until'].strip()}` is not a date such as 2026-01-31"
    if not (parts["reason"] or "").strip():
        yield "it gives no reason"


def _covered(lines: list[str], number: int, column: int, layout: Layout) -> tuple[int, int]:
    """First and last line, from 1, that a comment at a place, from 0, speaks of."""
    if lines[number][:column].strip():
        return (number + 1, number + 1)
    below = (below for below in range(number + 1, len(lines)) if lines[below].strip())
    entry = next((below for below in below if not lines[below].lstrip().startswith("#")), number)
    return (number + 1, layout.last_line(entry, dash=not lines[entry].strip(" \t-")) + 1)


def _span(path: str, line: int, start: int, end: int) -> Span:
    return Span(path, line + 1, start + 1, line + 1, end + 1)
