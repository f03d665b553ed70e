"""Cutting and pasting entries of a text's mappings, in block style by whole lines, in flow style between commas.

Whatever is cut, its comments stay: those directly above an entry and those inside of it travel with it, all others keep
their place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssmd_compiler.formatting.layout import STEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ssmd_compiler.formatting.syntax import Entry, Node, Syntax

__all__ = ["Cuts", "is_allowance", "shifted"]

_ALLOWANCE = re.compile(r"#\s*ssmd:")
_MARKER = re.compile(r"(---|\.\.\.)(\s|$)|%")


def is_allowance(words: str) -> bool:
    """Whether a comment speaks of an entry, and not to a reader alone."""
    return _ALLOWANCE.match(words) is not None


def shifted(lines: Iterable[str], by: int) -> list[str]:
    """Lines moved to the right, or to the left as far as they have blanks."""
    if by >= 0:
        return [" " * by + line if line else line for line in lines]
    return [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in lines]


@dataclass(slots=True)
class Cuts:
    """Replacements in one text, made all at once."""

    syntax: Syntax
    made: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        self.made.append((start, end, text))

    def text(self) -> str:
        """The text with every replacement; of those at one place, in the order in which they were made."""
        parts, done = [], 0
        for start, end, new in sorted(self.made, key=lambda cut: cut[:2]):
            parts += [self.syntax.text[done:start], new]
            done = max(done, end)
        return "".join([*parts, self.syntax.text[done:]])

    # Whole lines

    def lines(self, first: int, last: int) -> list[str]:
        """The lines from `first` to `last`, both included."""
        return self.syntax.text[self.line_start(first) : self.line_end(last)].split("\n")

    def line_start(self, line: int) -> int:
        return self.syntax.starts[line] if line < len(self.syntax.starts) else len(self.syntax.text)

    def line_end(self, line: int) -> int:
        """Where a line's break stands."""
        return self.line_start(line + 1) - 1 if line + 1 < len(self.syntax.starts) else len(self.syntax.text)

    def drop_lines(self, first: int, last: int) -> None:
        self.replace(self.line_start(first), self.line_start(last + 1), "")

    def insert_lines(self, line: int, lines: Sequence[str]) -> None:
        """Put lines in before `line`."""
        at = self.line_start(line)
        self.replace(at, at, "".join(f"{one}\n" for one in lines))

    def reach(self, mapping: Node, entry: Entry) -> tuple[int, int]:
        """The first and the last line of a block mapping's entry, with the comments that belong to it."""
        return self._first_line(mapping, entry), self.last_line(entry)

    def _first_line(self, mapping: Node, entry: Entry) -> int:
        """Comments directly above belong to an entry; at the top of a file they speak of the whole file."""
        own = line = self.syntax.line(entry.start)
        column = self.syntax.column(entry.start)
        while line > 0 and self._comment_column(line - 1) == column:
            line -= 1
        at_top = line == 0 or _MARKER.match(self.syntax.text, self.line_start(line - 1))
        first = mapping.entries is not None and mapping.entries[0] is entry
        if at_top and first and mapping is self.syntax.root:
            # An allowance speaks of the entry below it, wherever it stands.
            allowing = own
            while allowing > line and is_allowance(self._words(allowing - 1)):
                allowing -= 1
            return allowing
        return line

    def last_line(self, entry: Entry) -> int:
        """With the comments below that stand to the right of its key."""
        last = line = self.syntax.line(max(entry.start, entry.end - 1))
        column = self.syntax.column(entry.start)
        while line + 1 < len(self.syntax.starts):
            line += 1
            found = self._comment_column(line)
            if found is not None and found > column:
                last = line
            elif found is not None or self._words(line):
                break
        return last

    def end_of_root(self) -> int:
        """The line before which the document ends: one that says so, or the empty one behind the last line break."""
        line, last = self.syntax.line(self.syntax.root.end), len(self.syntax.starts) - 1
        return next((at for at in range(line + 1, last) if self._words(at).startswith("...")), last)

    def _words(self, line: int) -> str:
        return self.syntax.text[self.line_start(line) : self.line_end(line)].strip()

    def _comment_column(self, line: int) -> int | None:
        """The column of a line that is a comment alone."""
        start, end = self.line_start(line), self.line_end(line)
        found = self.syntax.comments_between(start, end)
        return found[0].start - start if found and found[0].alone else None

    # Pieces of lines

    def slice(self, entry: Entry) -> str:
        """An entry as it can stand in either style, on as many lines as it has."""
        value = self.syntax.text[entry.value.start : entry.value.end]
        key = self.syntax.text[entry.key.start : entry.key.end]
        between = self.comments(entry.colon, entry.value.start)
        return f"{key}: {between}{value}" if value else f"{key}:"

    def piece(self, entry: Entry) -> str:
        """An entry as it stands, for another place in brackets."""
        return self.syntax.text[entry.start : entry.end] + self.gap(entry)

    def gap(self, entry: Entry) -> str:
        """A blank, if what is put right behind an entry would touch its colon."""
        return " " if entry.value.end <= entry.colon > entry.key.end else ""

    def comments(self, start: int, end: int) -> str:
        """The comments of a stretch, each with the end of its line; no text when there are none."""
        return "".join(f" {self.syntax.words(one)}\n" for one in self.syntax.comments_between(start, end))

    def entry_as_lines(self, entry: Entry, column: int) -> list[str]:
        """An entry of a flow mapping as lines of a block mapping."""
        first, *others = self.slice(entry).split("\n")
        return [" " * column + first, *(" " * (column + STEP) + line.lstrip(" ") for line in others)]

    def drop_from_flow(self, mapping: Node, entry: Entry) -> None:
        """Cut an entry of a flow mapping out, with one comma."""
        entries = mapping.entries or []
        index = next(index for index, one in enumerate(entries) if one is entry)
        comma = self._comma(entry.end)
        if comma is not None:
            behind = self.syntax.text[comma + 1 :]
            self._drop(entry, entry.start, comma + 1 + len(behind) - len(behind.lstrip(" ")))
        elif index:
            before = self._comma(entries[index - 1].end)
            self._drop(entry, entry.start if before is None else before, entry.end)
        else:
            self.replace(entry.start, entry.end, "")

    def _drop(self, entry: Entry, start: int, end: int) -> None:
        """Cut from `start` to `end`, leaving the comments that are not inside of the entry."""
        self.replace(start, end, self.comments(start, entry.start) + self.comments(entry.end, end))

    def _comma(self, index: int) -> int | None:
        """The comma that follows a place, blanks and comments passed over."""
        text = self.syntax.text
        comments = {one.start: one.end for one in self.syntax.comments_between(index, len(text))}
        while index < len(text) and (text[index].isspace() or index in comments):
            index = comments.get(index, index + 1)
        return index if text[index : index + 1] == "," else None
