"""Two texts, line by line: which line of the second is a given line of the first.

Exact where little differs (Myers, "An O(ND) Difference Algorithm", 1986); where much does, lines that are unique in
both hold the rest in place. A comma at a line's end does not count: it belongs to the line after it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import Final

__all__ = ["aligned", "lines_of", "touched"]

MOST_EDITS: Final = 48
"""Lines removed and added up to which the shortest difference is looked for."""


def lines_of(text: str) -> list[str]:
    """The lines of a generated file, without the nothing after its last line break."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def touched(old: str, new: str) -> list[int]:
    """The lines of `old`, from 0, that are not in `new` as they were."""
    a, b = _compared(old), _compared(new)
    if len(a) == len(b):
        changed = [index for index, (left, right) in enumerate(zip(a, b, strict=True)) if left != right]
        if {a[index] for index in changed}.isdisjoint(b[index] for index in changed):
            return changed
    kept: dict[int, int] = {}
    _align(a, b, 0, 0, kept)
    return [index for index in range(len(a)) if index not in kept]


def aligned(old: str, new: str) -> dict[int, int]:
    """Where in `new` the lines of `old` are that stayed as they were, in the same order."""
    kept: dict[int, int] = {}
    _align(_compared(old), _compared(new), 0, 0, kept)
    return kept


def _compared(text: str) -> list[str]:
    return lines_of(text.replace(",\n", "\n"))


def _align(old: list[str], new: list[str], at: int, to: int, kept: dict[int, int]) -> None:
    """The same of two stretches, which start at `at` and `to`."""
    start = _common(old, new)
    _keep(kept, at, to, start)
    old, new, at, to = old[start:], new[start:], at + start, to + start
    end = _common(old[::-1], new[::-1])
    _keep(kept, at + len(old) - end, to + len(new) - end, end)
    old, new = old[: len(old) - end], new[: len(new) - end]
    if not old or not new or _in_place(old, new, at, to, kept) or _shortest(old, new, at, to, kept):
        return
    i = j = 0
    for x, y in _anchors(old, new):
        _align(old[i:x], new[j:y], at + i, to + j, kept)
        _keep(kept, at + x, to + y, 1)
        i, j = x + 1, y + 1
    if i:
        _align(old[i:], new[j:], at + i, to + j, kept)


def _common(old: list[str], new: list[str]) -> int:
    """How many lines both start with."""
    for count, (left, right) in enumerate(zip(old, new, strict=False)):
        if left != right:
            return count
    return min(len(old), len(new))


def _keep(kept: dict[int, int], at: int, to: int, count: int) -> None:
    kept.update(zip(range(at, at + count), range(to, to + count), strict=True))


def _in_place(old: list[str], new: list[str], at: int, to: int, kept: dict[int, int]) -> bool:
    """As many lines as before are taken one for one, unless lines that moved would be lost."""
    if len(old) != len(new):
        return False
    same = [index for index, line in enumerate(old) if line == new[index]]
    if len(same) < (Counter(old) & Counter(new)).total():
        return False
    kept.update((at + index, to + index) for index in same)
    return True


@dataclass(frozen=True, slots=True)
class _Path:
    """How far a series of edits reaches into the old lines, and the runs of lines that it leaves alone."""

    reach: int
    run: tuple[int, int, int] | None = None
    before: _Path | None = None


def _shortest(old: list[str], new: list[str], at: int, to: int, kept: dict[int, int]) -> bool:
    """By the shortest difference, unless that is longer than `MOST_EDITS`."""
    if abs(len(old) - len(new)) > MOST_EDITS:
        return False
    furthest: dict[int, _Path] = {1: _Path(0)}
    for edits in range(MOST_EDITS + 1):
        for diagonal in range(-edits, edits + 1, 2):
            right, down = furthest.get(diagonal - 1), furthest.get(diagonal + 1)
            if right is None or (down is not None and right.reach < down.reach):
                path, x = down, down.reach if down is not None else 0
            else:
                path, x = right, right.reach + 1
            start = x
            while 0 <= x - diagonal < len(new) and x < len(old) and old[x] == new[x - diagonal]:
                x += 1
            path = _Path(x, (start, start - diagonal, x - start), path)
            if path.reach >= len(old) and path.reach - diagonal >= len(new):
                _walk(path, at, to, kept)
                return True
            furthest[diagonal] = path
    return False


def _walk(path: _Path | None, at: int, to: int, kept: dict[int, int]) -> None:
    while path is not None:
        if path.run is not None:
            x, y, count = path.run
            _keep(kept, at + x, to + y, count)
        path = path.before


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Lines that each stretch has once, in the order of both: the longest such series."""
    here, there = Counter(old), Counter(new)
    position = {line: index for index, line in enumerate(new) if there[line] == 1}
    pairs = [(index, position[line]) for index, line in enumerate(old) if here[line] == 1 and line in position]
    ends: list[int] = []
    last: list[int] = []
    back: list[int | None] = []
    for number, (_, to) in enumerate(pairs):
        slot = bisect_left(ends, to)
        back.append(last[slot - 1] if slot else None)
        ends[slot : slot + 1], last[slot : slot + 1] = [to], [number]
    chain: list[tuple[int, int]] = []
    step = last[-1] if last else None
    while step is not None:
        chain.append(pairs[step])
        step = back[step]
    return chain[::-1]
