"""The plan: what has to change on disk so that it holds the outputs. Looks and compares, changes nothing.

Refuses, by name, whatever is not a plain file where a file goes or a plain directory where a directory goes, and a
directory that could not be changed when its turn comes: a refusal here costs nothing, one half-way costs a torn tree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssmd_compiler.publish.directories import DIRECTORY, FILE, descend, kinds
from ssmd_compiler.publish.paths import above, by_directory, directories, join

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from ssmd_compiler.publish.errors import Place

__all__ = ["Plan", "compare", "holds"]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Plan:
    """What to change: paths relative to the directory.

    `write` is staged, then moved into place name by name as `moves` says: directory -> names in it, each a file, or a
    directory that does not exist yet and moves whole. `prune` lists directories that `remove` empties, innermost first.
    `first` tells that there was no seal.
    """

    write: Mapping[str, bytes]
    moves: Mapping[str, Collection[str]]
    remove: tuple[str, ...]
    prune: tuple[str, ...]
    first: bool


def compare(root: int, outputs: Mapping[str, bytes], remove: Collection[str], seal: str, place: Place) -> Plan:
    """The plan that makes the tree at `root` hold `outputs` and not `remove`."""
    here = _Survey(root, place)
    needed = sorted(directories(outputs))
    removed = tuple(here.present(sorted(remove)))
    prune = tuple(here.emptied(directories(remove).difference(needed)))
    missing = here.missing(needed)
    write = {path: outputs[path] for path in here.changed(outputs, missing)}
    moves = _moves(write, missing)
    for directory in sorted({*moves, *map(_parent, (*removed, *prune))} - missing):
        here.must_accept_changes(directory)
    return Plan(write, moves, removed, prune, first=not here.stands(seal, FILE))


@dataclass(slots=True)
class _Survey:
    """What stands on disk now, less what is going to be removed."""

    root: int
    place: Place
    going: set[str] = field(default_factory=set)
    seen: dict[str, dict[str, str]] = field(default_factory=dict)

    def present(self, remove: Iterable[str]) -> Iterator[str]:
        """Those of the paths to remove that are there, each a plain file."""
        for path in remove:
            if self.stands(path, FILE):
                self.going.add(path)
                yield path

    def emptied(self, candidates: Iterable[str]) -> Iterator[str]:
        """Directories that the removal leaves empty; also one that a killed publish emptied and did not remove."""
        for directory in sorted(candidates, reverse=True):
            if self.stands(directory, DIRECTORY) and all(
                join(directory, name) in self.going for name in self._listing(directory)
            ):
                self.going.add(directory)
                yield directory

    def missing(self, needed: Iterable[str]) -> set[str]:
        """Directories that do not exist yet, given outermost first."""
        missing: set[str] = set()
        for directory in needed:
            if _parent(directory) in missing or not self.stands(directory, DIRECTORY):
                missing.add(directory)
        return missing

    def changed(self, outputs: Mapping[str, bytes], missing: Collection[str]) -> Iterator[str]:
        """The outputs whose bytes are not on disk."""
        for directory, names in by_directory(outputs).items():
            if directory in missing:
                yield from (join(directory, name) for name in names)
            else:
                yield from self._differing(directory, names, outputs)

    def must_accept_changes(self, directory: str) -> None:
        with descend(self.root, directory, self.place) as fd:
            if os.fstat(fd).st_dev != os.fstat(self.root).st_dev:
                raise self.place.refuse(directory, "is on another file system than the directory that holds it")
            if not os.access(".", os.W_OK | os.X_OK, dir_fd=fd, effective_ids=True):
                raise self.place.refuse(directory, "is not writable; check who owns it and what its mode allows")

    def _differing(self, directory: str, names: Iterable[str], outputs: Mapping[str, bytes]) -> Iterator[str]:
        with descend(self.root, directory, self.place) as fd:
            for name in names:
                self.place.path = path = join(directory, name)
                if not self.stands(path, FILE) or not holds(fd, name, outputs[path]):
                    yield path

    def stands(self, path: str, kind: str) -> bool:
        """Whether something that stays is at `path`; raises when it is of another kind."""
        directory, _, name = path.rpartition("/")
        stands = self._listing(directory).get(name)
        if stands is None or path in self.going:
            return False
        if stands != kind:
            raise self.place.refuse(path, f"{stands} stands where {kind} should be; move it away")
        return True

    def _listing(self, directory: str) -> dict[str, str]:
        if (known := self.seen.get(directory)) is not None:
            return known
        self.place.path = directory
        there: dict[str, str] = {}
        if not directory or self.stands(directory, DIRECTORY):
            with descend(self.root, directory, self.place) as fd:
                there = kinds(fd)
        self.seen[directory] = there
        return there


def holds(parent: int, name: str, data: bytes) -> bool:
    """Whether the file has exactly these bytes; where the sizes differ it is not read."""
    fd = os.open(name, _READ, dir_fd=parent)
    try:
        return os.fstat(fd).st_size == len(data) and os.read(fd, len(data) + 1) == data
    finally:
        os.close(fd)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _moves(write: Iterable[str], missing: Collection[str]) -> dict[str, Collection[str]]:
    """What to rename, by directory: each file, or the outermost directory on its way that does not exist yet."""
    moves: dict[str, set[str]] = {}
    for directory, names in by_directory(write).items():
        whole = next((outer for outer in above(directory) if outer in missing), None)
        if whole is None:
            moves.setdefault(directory, set()).update(names)
        else:
            moves.setdefault(_parent(whole), set()).add(whole.rpartition("/")[2])
    return {directory: sorted(names) for directory, names in moves.items()}
