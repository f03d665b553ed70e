"""Lines of a large environment: traced in a small one where they are the same, else told from what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from typing import TYPE_CHECKING

from ssmd_compiler.origin.alignment import aligned, lines_of
from ssmd_compiler.origin.joint import note_joint
from ssmd_compiler.origin.reduction import Search, context, reduced
from ssmd_compiler.origin.subject import Subject, bound_with
from ssmd_compiler.origin.tables import Table, files_of, tables

if TYPE_CHECKING:
    from collections.abc import Collection as Several
    from collections.abc import Iterable

    from ssmd_compiler.origin.places import Place
    from ssmd_compiler.origin.reduction import Collection
    from ssmd_compiler.origin.rendering import Recorder

__all__ = ["Large"]


@dataclass(frozen=True, slots=True)
class Large:
    """A file of an environment, and the lines of it that are wanted, from 0 (None: all)."""

    subject: Subject
    recorder: Recorder
    path: str
    text: str
    wanted: Several[int] | None

    def left_out(self) -> list[Collection]:
        """What of the long lists and maps the wanted lines do not speak of; nothing when all are short."""
        said = ""
        if self.wanted is not None:
            version = self.subject.linked.version
            in_force = version.version if version is not None else ""
            said = f"{context(self.path, lines_of(self.text), self.wanted)}\n{in_force}"
        documents = ((kind, document) for kind, document in self.subject.documents() if kind != "Settings")
        return [found for kind, document in documents for found in Search(kind, document, said).collections()]

    def table(self, collections: list[Collection]) -> Table:
        """Who makes the wanted lines, found out in the environment without what `collections` leave out."""
        small = _without(self.subject, collections)
        files = files_of(small.linked, self.recorder)
        if files is None or self.path not in files.contents:
            return tables(self.subject, self.recorder, {self.path: self.wanted})[self.path]
        there = _counterparts(self.text, files.text(self.path))
        inner = [there[line] for line in self.wanted if line in there] if self.wanted is not None else None
        traced = tables(small, self.recorder, {self.path: inner})[self.path]
        note_joint(small, self.recorder, self.path, traced, traced.numbers(inner))
        table = Table(self.text)
        restored = cache(partial(_restored, collections))
        for line, other in there.items():
            table.places[line] = {restored(place): count for place, count in traced.places.get(other, {}).items()}
            table.joint[line] = {restored(place): count for place, count in traced.joint.get(other, {}).items()}
            table.facts[line] = traced.facts.get(other, [])
        for collection in collections:
            self._tell_of(collection, table)
        return table

    def _tell_of(self, collection: Collection, table: Table) -> None:
        """The lines that are other ones without a collection's items are the collection's, or the item's they spell."""
        files = files_of(_without(self.subject, [collection]).linked, self.recorder)
        text = files.text(self.path) if files is not None and self.path in files.contents else ""
        lines, kept, items = lines_of(self.text), aligned(self.text, text), collection.items()
        gone = [line for line in range(len(lines)) if line not in kept]
        for line in gone:
            places = table.places.setdefault(line, {})
            places[collection.place] = len(gone)
            item = items.get(lines[line].strip().strip(',"- '))
            if item is not None:
                places[item] = 1


def _restored(collections: Iterable[Collection], place: Place) -> Place:
    for collection in collections:
        place = collection.restored(place)
    return place


def _without(subject: Subject, collections: list[Collection]) -> Subject:
    """The subject without what is left out, as far as its documents still bind."""
    for (kind, path), group in groupby(collections, key=lambda one: (one.kind, one.document.path)):
        several = list(group)
        bound = bound_with(kind, several[0].document, reduced(several), path)
        if bound.sound:
            subject = Subject(subject.linked_with(kind, bound), subject.settings)
    return subject


def _counterparts(old: str, new: str) -> dict[int, int]:
    """The line of `new` that each of `old` is, or stands in the place of."""
    found = aligned(old, new)
    i = j = 0
    for at, to in [*sorted(found.items()), (len(lines_of(old)), len(lines_of(new)))]:
        if at - i == to - j:
            found.update(zip(range(i, at), range(j, to), strict=True))
        i, j = at + 1, to + 1
    return found
