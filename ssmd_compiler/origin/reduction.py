"""A large environment made small, for the sake of a few lines: long lists and maps keep what those lines speak of.

A hundred shards over ten thousand symbols cost too much to be compiled once for each place. Whether the lines are still
there in the small one is looked at, not believed; of a line that is not, the long collection itself is told.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.origin.changes import longer
from ssmd_compiler.origin.places import Place, at, children, place_at, removed_all, renamed
from ssmd_compiler.origin.subject import bound_with
from ssmd_compiler.source import Document, Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ssmd_compiler.source import Path

__all__ = ["Collection", "Search", "context", "reduced"]

LONG_FOR_A_LINE: Final = 8
LONG_FOR_A_FILE: Final = 24
"""Items up to which a collection stays whole."""
_ENDS: Final = (2, 1)
"""Items kept of the start and of the end of a longer one, so that commas and order stay as they are."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A long list or map of a document, and the steps to those of its items that the lines do not speak of."""

    kind: str
    document: Document
    path: Path
    left_out: tuple[str | int, ...]

    def restored(self, place: Place) -> Place:
        """A place of the document without what is left out, as the place of the whole document that it is."""
        start = f"{place_at(self.document, self.path).field}["
        if place.span.path != self.document.path or not place.field.startswith(start):
            return place
        number, bracket, rest = place.field.removeprefix(start).partition("]")
        gone = set(self.left_out)
        kept = [step for step, _ in children(at(self.document.data, self.path)) if step not in gone]
        return dataclasses.replace(place, field=f"{start}{kept[int(number)]}{bracket}{rest}")

    @property
    def place(self) -> Place:
        return place_at(self.document, self.path, key=isinstance(self.path[-1], str))

    def items(self) -> dict[str, Place]:
        """The texts that were left out, and where they are."""
        node = at(self.document.data, self.path)
        return {
            node[step]: place_at(self.document, (*self.path, step))
            for step in self.left_out
            if isinstance(node[step], str)
        }


def context(path: str, lines: Sequence[str], wanted: Iterable[int]) -> str:
    """What the wanted lines speak of: themselves, the lines that they stand under, and the file's name."""
    said = {path}
    for number in wanted:
        indent = len(lines[number]) + 1
        for line in reversed(lines[: number + 1]):
            depth = len(line) - len(line.lstrip())
            if depth < indent and line.strip():
                said.add(line)
                indent = depth
            if not indent:
                break
    return "\n".join(sorted(said))


@dataclass(frozen=True, slots=True)
class Search:
    """Looks for the long collections of a document, the outermost first; `said` is empty when every line is wanted."""

    kind: str
    document: Document
    said: str

    @property
    def most(self) -> int:
        return LONG_FOR_A_LINE if self.said else LONG_FOR_A_FILE

    def collections(self, path: Path = (), node: Any = None) -> Iterator[Collection]:
        node = self.document.data if node is None else node
        steps = [step for step, _ in children(node)]
        left_out: set[str | int] = set()
        if len(steps) > self.most and path and self._free(path, steps[0]):
            left_out = set(steps) - self._kept(node, steps)
            yield Collection(self.kind, self.document, path, tuple(step for step in steps if step in left_out))
        for step, value in children(node):
            if step not in left_out and isinstance(value, Map | Seq):
                yield from self.collections((*path, step), value)

    def _free(self, path: Path, step: str | int) -> bool:
        """Whether it is a list, or a mapping with names for keys and not fields."""
        if isinstance(step, int):
            return True
        renaming = renamed(self.document.data, (*path, step), longer(step))
        return bound_with(self.kind, self.document, renaming).sound

    def _kept(self, node: Any, steps: list[Any]) -> set[Any]:
        """The ends of a collection, and what is spoken of: the longest names first, for short ones are in any text."""
        first, last = _ENDS if self.said else (self.most - 1, 1)
        kept = {*steps[:first], *steps[-last:]}
        named = ((names, index) for index, step in enumerate(steps) if (names := _found(node, step, self.said)))
        ranked = sorted(((max(map(len, names)), index) for names, index in named), reverse=True)
        for _, index in ranked[: self.most]:
            kept |= set(steps[max(0, index - 1) : index + 2])
        return kept


def _found(node: Any, step: Any, said: str) -> list[str]:
    """What an item is called by and `said` holds: its key, its text, the texts of its fields."""
    value = node[step]
    names = [step] if isinstance(step, str) else []
    if isinstance(node, Seq):
        names += (
            [value] if isinstance(value, str) else [inner for _, inner in children(value) if isinstance(inner, str)]
        )
    return [name for name in names if len(name) > 1 and name in said]


def reduced(collections: Iterable[Collection]) -> Map:
    """The document of `collections`, which is one, without what they leave out."""
    data: Any = None
    for collection in collections:
        data = collection.document.data if data is None else data
        data = removed_all(data, collection.path, collection.left_out)
    found: Map = data
    return found
