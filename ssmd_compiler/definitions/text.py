"""A definition's text, with places: offsets become lines and columns that exist, whatever the bytes.

`look` refuses what no parser should be shown: files past the size limit, UTF-16, invalid UTF-8, byte order marks and
control characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssmd_compiler.definitions.model import Flaw, Parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ssmd_compiler.definitions.declared import Answer
    from ssmd_compiler.definitions.model import Definition

__all__ = ["MAX_BYTES", "MAX_FLAWS", "Text", "look", "one_line", "parsed"]

MAX_BYTES = 1 << 19  # the largest that is read whole, by the slowest of the parsers, in a second or two
MAX_FLAWS = 20  # a person mends the first few and runs again; garbage has thousands

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Text:
    """Characters and where their lines begin."""

    characters: str
    _starts: list[int] = field(init=False, repr=False, compare=False)
    _last: int = field(init=False, repr=False, compare=False)  # just past all that a reader can see

    def __post_init__(self) -> None:
        starts = [0, *(match.end() for match in re.finditer("\n", self.characters))]
        object.__setattr__(self, "_starts", starts)
        object.__setattr__(self, "_last", len(self.characters.rstrip(" \t\r\n")))

    def line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def flaw(self, start: int, end: int, message: str) -> Flaw:
        """A flaw over `characters[start:end]`, moved to the nearest text that a reader can see."""
        start = min(start, self._last)
        line, column = self._place(start)
        end_line, end_column = self._place(max(min(end, self._last), start))
        if (end_line, end_column) == (line, column):
            end_column = min(column + 1, len(self.line(line)) + 1)
        return Flaw(line, column, end_line, end_column, one_line(message))

    def flaw_on(self, line: int, message: str) -> Flaw:
        """A flaw over all that is written on a line."""
        start, shown = self.start_of(line), self.line(line)
        indent = len(shown) - len(shown.lstrip())
        return self.flaw(start + indent, start + len(shown.rstrip()), message)

    def start_of(self, line: int) -> int:
        """The offset at which a line begins; lines past the end are the last one."""
        return self._starts[min(max(line, 1), len(self._starts)) - 1]

    def line(self, number: int) -> str:
        start = self.start_of(number)
        end = self.characters.find("\n", start)
        return self.characters[start : end if end >= 0 else None].removesuffix("\r")

    def _place(self, offset: int) -> tuple[int, int]:
        line = self.line_at(offset)
        return line, min(offset - self._starts[line - 1], len(self.line(line))) + 1


def look(definition: Definition) -> tuple[Text, tuple[Flaw, ...]]:
    """The definition's text, and why it cannot be shown to a parser, if so."""
    content = definition.content
    text = Text(content[:MAX_BYTES].decode("utf-8", errors="replace"))
    return text, tuple(sorted(_refusals(content, text))[:1])


def _refusals(content: bytes, text: Text) -> Iterable[Flaw]:
    if content.startswith(_UTF16):
        yield text.flaw(0, 1, "the file is UTF-16; save it as UTF-8")
    if text.characters.startswith("\ufeff"):
        yield text.flaw(0, 1, "the file begins with a byte order mark; save it as UTF-8 without one")
    if len(content) > MAX_BYTES:
        yield text.flaw(0, 1, f"the file has {len(content)} bytes; a definition has at most {MAX_BYTES}")
    if (at := _invalid(content)) is not None:
        yield text.flaw(at, at + 1, "the file is not UTF-8 text")
    if control := _CONTROL.search(text.characters):
        yield text.flaw(*control.span(), f"control character U+{ord(control[0]):04X}")


def _invalid(content: bytes) -> int | None:
    """Where, in characters, the first byte stands that is not UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return len(content[: error.start].decode())
    return None


def parsed(
    definition: Definition,
    flaws: Iterable[Flaw],
    answer: Answer | None = None,
    files: Mapping[str, Definition] | None = None,
) -> Parsed:
    """The result for one definition: flaws in the order of the file, each once; what it declares if it is sound."""
    found = tuple(sorted(set(flaws)))[:MAX_FLAWS]
    if found or answer is None:
        return Parsed(definition, found)
    return Parsed(definition, (), answer.records, answer.declared, answer.undeclared, files or {})


def one_line(message: str) -> str:
    """A message fit to print: one line, bounded, nothing in it that moves a cursor or turns text around."""
    shown = " ".join(message.split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return shown if len(shown) <= _LONGEST_MESSAGE else shown[: _LONGEST_MESSAGE - 1] + "…"
