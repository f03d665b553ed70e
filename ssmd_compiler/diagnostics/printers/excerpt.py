"""One line of a source as a person is shown it, and where the underline stands.

Measured in cells of a terminal. A tab is four cells wherever it stands, a line too long for the room is cut around
the place with `…`, and only the neighbourhood of the place is ever looked at, so that a line of any length is cheap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from ssmd_compiler.diagnostics.cells import width
from ssmd_compiler.diagnostics.escape import printable

__all__ = ["Excerpt", "excerpt"]

TAB = "    "
CUT = "…"
SMALLEST_ROOM = 20
CHARACTERS_A_CELL = 4
"""Combining marks take no cell: beyond this many characters a cell, the rest of the line is left out."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line without line breaks, control characters or blanks at its end, and the cells of its underline."""

    text: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a line, a place in it, and the cells before each of its characters; what is missing around it."""

    shown: list[str]
    edges: list[int]
    start: int
    end: int
    more_before: bool
    more_after: bool


def excerpt(line: str, start: int, end: int, room: int) -> Excerpt:
    """`line` in at most `room` cells, with the characters from `start` to `end` underlined, one cell at least.

    A place beyond the line is underlined right after its end.
    """
    room = max(room, SMALLEST_ROOM)
    piece = _piece(line, start, end, room * CHARACTERS_A_CELL)
    first, last = _window(piece, room)
    head = CUT if piece.more_before or first > 0 else ""
    tail = CUT if piece.more_after or last < len(piece.shown) else ""
    edges = piece.edges
    return Excerpt(
        text=(head + "".join(piece.shown[first:last]) + tail).rstrip(),
        start=len(head) + edges[piece.start] - edges[first],
        length=max(1, edges[min(piece.end, last)] - edges[piece.start]),
    )


def _piece(line: str, start: int, end: int, reach: int) -> _Piece:
    start = min(max(start, 0), len(line))
    low, high = max(0, start - reach), min(len(line), start + reach)
    shown = [TAB if c == "\t" else printable(c) for c in line[low:high]]
    edges = list(accumulate(map(width, shown), initial=0))
    place = start - low
    while 0 < place < len(shown) and edges[place] == edges[place + 1]:
        place -= 1  # a mark is drawn on the character before it
    return _Piece(shown, edges, place, min(max(end - low, place), len(shown)), low > 0, high < len(line))


def _window(piece: _Piece, room: int) -> tuple[int, int]:
    """The characters that are shown: all if they fit, else from the start of the line, else from around the place."""
    edges, total = piece.edges, piece.edges[-1]
    if total <= room and not (piece.more_before or piece.more_after):
        return 0, len(piece.shown)
    first = 0
    if piece.more_before or edges[piece.start] + _span_cells(piece) > room - len(CUT):
        first = _first(piece, room - 2 * len(CUT))
    left = room - len(CUT) * (piece.more_before or first > 0)
    if total - edges[first] <= left and not piece.more_after:
        return first, len(piece.shown)
    return first, bisect_right(edges, edges[first] + left - len(CUT)) - 1


def _first(piece: _Piece, room: int) -> int:
    """The first character shown of a line cut at its left, `room` being the cells between two cuts."""
    edges = piece.edges
    span = _span_cells(piece)
    context = max((room - span) // 2, room // 4)
    if not piece.more_after:
        context = max(context, room - span - (edges[-1] - edges[piece.end]))
    at = bisect_left(edges, edges[piece.start] - context)
    return min(bisect_right(edges, edges[at]) - 1, piece.start)


def _span_cells(piece: _Piece) -> int:
    return max(1, piece.edges[piece.end] - piece.edges[piece.start])
