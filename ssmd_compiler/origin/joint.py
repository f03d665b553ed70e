"""Lines that no place makes alone: two URLs with one port, or a namespace that two documents say.

Every value is changed at once, and then ever fewer, until what is left makes the line together and nothing less does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ssmd_compiler.origin.places import replaced
from ssmd_compiler.origin.subject import Subject, bound_with
from ssmd_compiler.origin.tables import Comparison, files_of
from ssmd_compiler.origin.variants import Leaf, Trial, leaves_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ssmd_compiler.origin.rendering import Recorder
    from ssmd_compiler.origin.tables import Table
    from ssmd_compiler.source import Document

__all__ = ["note_joint"]

_PICKING: Final = frozenset({"feed", "schema", "schemas", "type", "active", "status"})
"""Fields that pick which values count: changed, they make another environment of it."""
_SWITCHES: Final = frozenset({"true", "false"})
MOST_SETS: Final = 8
"""Sets of places that are looked for in one file."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One text of a document, and another that its field allows."""

    kind: str
    document: Document
    leaf: Leaf
    other: str


def note_joint(subject: Subject, recorder: Recorder, path: str, table: Table, wanted: Collection[int]) -> None:
    """Note who makes those wanted lines together that nobody makes alone."""
    base = files_of(subject.linked, recorder)
    left = {line for line in wanted if not table.explained(line)}
    if base is None or not left:
        return
    changed = partial(_changed, subject, recorder, Comparison(base, path, None))
    every = list(_changes(subject))
    left &= set(changed(every))
    for _ in range(MOST_SETS):
        if not left:
            return
        line = min(left)
        fewest = _fewest(every, partial(_makes, changed, line))
        made = set(changed(fewest))
        for other in left & made:
            table.joint[other] = {change.leaf.place: len(made) for change in fewest}
        left -= made | {line}


def _changes(subject: Subject) -> Iterator[_Change]:
    """One for each value that is no word of a closed list. Of a URL, the one that has another port."""
    for kind, document in subject.documents():
        trial = Trial(subject, kind, document)
        leaves = [leaf for leaf in leaves_of(document) if _PICKING.isdisjoint(leaf.path) and leaf.text not in _SWITCHES]
        for leaf, others in trial.allowed(leaves) if kind != "Schema" else ():
            yield _Change(kind, document, leaf, others[-1])


def _changed(subject: Subject, recorder: Recorder, comparison: Comparison, changes: Sequence[_Change]) -> Sequence[int]:
    """The lines that are other ones after these changes; none when they do not go together."""
    for (kind, _), group in groupby(changes, key=lambda change: (change.kind, change.document.path)):
        several = list(group)
        data = several[0].document.data
        for change in several:
            data = replaced(data, change.leaf.path, change.other)
        bound = bound_with(kind, several[0].document, data)
        if not bound.sound:
            return ()
        subject = Subject(subject.linked_with(kind, bound), subject.settings)
    files = files_of(subject.linked, recorder)
    return comparison.changed(files) if files is not None else ()


def _makes(changed: Callable[[Sequence[_Change]], Sequence[int]], line: int, some: Sequence[_Change]) -> bool:
    return line in changed(some)


def _fewest(changes: list[_Change], makes: Callable[[Sequence[_Change]], bool]) -> list[_Change]:
    """Some of `changes` that make it, of which none can be left out (Zeller's ddmin, by complements)."""
    size = len(changes) // 2
    while size and len(changes) > 1:
        start = 0
        while start < len(changes):
            rest = changes[:start] + changes[start + size :]
            if rest and makes(rest):
                changes = rest
            else:
                start += size
        size = min(size, len(changes)) // 2
    return changes
