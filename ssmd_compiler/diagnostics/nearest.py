"""The name that a person most likely meant, for every kind of name: feeds, fields, codes, keys.

Case, dashes and underscores do not count; a swap of neighbours counts once. Nothing is offered when the best is too
far away: a third of the name may differ, three characters at most. A wrong guess is worse than none.
"""

from __future__ import annotations

from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["did_you_mean", "nearest", "only_near"]

LONGEST = 64
"""Characters of a name worth comparing; what is longer was hardly mistyped."""

FARTHEST = 3
"""Edits beyond which two names are strangers, whatever their length."""

MEASURED = 200
"""Names compared letter by letter, so that ten thousand names made to look alike cost no more than any others."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A label that offers the nearest known name, or no text."""
    found = nearest(name, known)
    return "" if found is None else f"did you mean `{found}`?"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `name`, itself excluded; of equally near ones, that with the longest common start."""
    ranks = _ranks(name, known)
    return min(ranks)[2] if ranks else None


def only_near(name: str, known: Iterable[str]) -> str | None:
    """The known name that is meant for certain: the only one that is near enough to be offered at all.

    Or the only one that differs by nothing but case, dashes and underscores, whatever else is near.
    """
    ranks = _ranks(name, known)
    same = {candidate for distance, _, candidate in ranks if distance == 0}
    near = same or {candidate for _, _, candidate in ranks}
    return near.pop() if len(near) == 1 else None


def _ranks(name: str, known: Iterable[str]) -> list[tuple[int, int, str]]:
    """The known names that are near enough, with their distance."""
    wanted = _folded(name) if len(name) <= LONGEST else ""
    if not wanted:
        return []
    ranks = []
    for folded, candidate in _most_alike(wanted, _plausible(wanted, known)):
        limit = _limit(wanted, folded)
        distance = _distance(wanted, folded, limit)
        if distance <= limit and candidate != name:
            ranks.append((distance, -_common_start(name, candidate), candidate))
    return ranks


def _plausible(wanted: str, known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The known names, folded and as they are, that length and letters do not rule out."""
    letters = set(wanted)
    for candidate in known:
        if len(candidate) > LONGEST + FARTHEST:
            continue
        folded = _folded(candidate)
        limit = _limit(wanted, folded)
        if abs(len(wanted) - len(folded)) <= limit and len(letters.difference(folded)) <= limit:
            yield folded, candidate


def _most_alike(wanted: str, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs worth measuring: measuring is dear, and what starts and ends alike is nearest as a rule."""
    pairs = list(pairs)
    if len(pairs) > MEASURED:
        pairs.sort(key=lambda pair: (sum(map(len, _without_common_ends(wanted, pair[0]))), pair[1]))
    return pairs[:MEASURED]


def _limit(a: str, b: str) -> int:
    return min(FARTHEST, max(len(a), len(b)) // 3)


def _folded(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")


def _distance(a: str, b: str, limit: int) -> int:
    """Edits from `a` to `b`, or `limit` + 1 when there are more: optimal string alignment, in a band of the matrix.

    Source: Boytsov, "Indexing methods for approximate dictionary searching" (2011), section 2.
    """
    a, b = _without_common_ends(a, b)
    above: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a):
        before, above, row = above, row, [i + 1] + [limit + 1] * len(b)
        for j in range(max(0, i - limit), min(len(b), i + limit + 1)):
            edits = min(above[j] + (left != b[j]), above[j + 1] + 1, row[j] + 1)
            if i and j and left == b[j - 1] and a[i - 1] == b[j]:
                edits = min(edits, before[j - 1] + 1)
            row[j + 1] = edits
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def _without_common_ends(a: str, b: str) -> tuple[str, str]:
    start = _common_start(a, b)
    a, b = a[start:], b[start:]
    end = _common_start(a[::-1], b[::-1])
    return a[: len(a) - end], b[: len(b) - end]


def _common_start(a: str, b: str) -> int:
    return sum(takewhile(bool, map(eq, a, b)))
