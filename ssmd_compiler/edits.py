"""Text edits -> text: exactly what each fix says, and every other character as it was.

A fix is applied whole or not at all. Of two that touch the same place the one that starts first is applied; one that
points outside of the text, or backwards, never is. Line ends stay what they are, and so does a missing last newline.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.diagnostics import Span, TextEdit

__all__ = ["Applied", "apply"]

Cut = tuple[int, int, str]
"""Replace the characters from the first place up to the second by the text."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The text with its fixes, and which of them, by index, are not in it."""

    text: str
    dropped: tuple[int, ...] = ()


def apply(text: str, fixes: Sequence[Sequence[TextEdit]]) -> Applied:
    """`text` with every fix that can be applied; all their edits are about this one text.

    Columns count code points from 1, and lines end at a line feed: a carriage return before it belongs to the line's
    end. New lines in an edit's text take the form of the text's own.
    """
    places = _Places(text, max((edit.span.end_line for fix in fixes for edit in fix), default=1))
    wanted = [(index, places.cuts(fix)) for index, fix in enumerate(fixes)]
    taken: list[Cut] = []
    dropped = []
    for index, cuts in sorted(wanted, key=lambda one: [cut[:2] for cut in one[1] or ()]):
        if cuts is None or _conflict(cuts, taken):
            dropped.append(index)
        else:
            taken += [cut for cut in cuts if cut not in taken]
    return Applied(_cut(text, sorted(taken)), tuple(sorted(dropped)))


class _Places:
    """Where lines and columns are in one text, up to the last line that anybody speaks of."""

    def __init__(self, text: str, last: int) -> None:
        self.lines = text.split("\n", max(last, 1))
        self.before = list(accumulate(map(len, self.lines), initial=0))
        """Characters before each line, line feeds left out."""
        self.newline = "\r\n" if self.lines[0].endswith("\r") else "\n"

    def cuts(self, fix: Sequence[TextEdit]) -> list[Cut] | None:
        """The fix in characters, in order; None when it does not fit the text, or itself."""
        found: list[Cut] = []
        for edit in fix:
            cut = self._cut(edit)
            if cut is None:
                return None
            found.append(cut)
        found.sort()
        return None if any(_touch(*pair) for pair in pairwise(found)) else found

    def _cut(self, edit: TextEdit) -> Cut | None:
        start, end = self._ends(edit.span)
        if start is None or end is None or end < start:
            return None
        return start, end, edit.text.replace("\r\n", "\n").replace("\n", self.newline)

    def _ends(self, span: Span) -> tuple[int | None, int | None]:
        return self._at(span.line, span.column), self._at(span.end_line, span.end_column)

    def _at(self, line: int, column: int) -> int | None:
        if not 1 <= line <= len(self.lines):
            return None
        last = line == len(self.lines)
        room = len(self.lines[line - 1]) if last else len(self.lines[line - 1].removesuffix("\r"))
        return self.before[line - 1] + line + column - 2 if 1 <= column <= room + 1 else None


def _conflict(cuts: list[Cut], taken: list[Cut]) -> bool:
    return any(cut != other and _touch(cut, other) for cut in cuts for other in taken)


def _touch(one: Cut, other: Cut) -> bool:
    """Whether two edits speak of one place: they share a character, or both put something in at one point."""
    first, second = sorted((one, other))
    return second[0] < first[1] or (second[0] == first[0] and second[1] == first[1])


def _cut(text: str, cuts: list[Cut]) -> str:
    parts, done = [], 0
    for start, end, new in cuts:
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])
