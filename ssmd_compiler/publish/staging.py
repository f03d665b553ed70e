"""The staging directory: new bytes wait here, out of everybody's sight, until all of them are on the disk.

It also tells an unfinished publish from a finished one: while it exists, nothing proves that the tree is durable. A
leftover is cleaned up only when it is ours: empty, or holding nothing but the one directory whose name says so.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from ssmd_compiler.publish.directories import DIRECTORY, descend, kinds, opened, remove_tree, what_stands
from ssmd_compiler.publish.durable import flush_all, flush_tree
from ssmd_compiler.publish.errors import State
from ssmd_compiler.publish.halves import in_halves, is_possible
from ssmd_compiler.publish.paths import STAGING, by_directory, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ssmd_compiler.publish.errors import Place

__all__ = ["recover", "stage", "staged_tree"]

MANY: Final = 2000
"""Files from which on a second process takes half of the writing (docs/decisions/0004-publishing.md)."""

_TREE = "made-by-ssmd-publish"
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def recover(root: int, place: Place) -> None:
    """Finish with what a killed publish left: make durable what it placed, and only then drop what it staged."""
    place.path = STAGING
    if _is_left(root, place):
        flush_all(root)
        _clear(root)


@contextmanager
def staged_tree(root: int, place: Place) -> Iterator[int]:
    """An empty tree to stage in. It goes when the block ends, except when the tree outside is left torn."""
    place.path = STAGING
    os.mkdir(STAGING, 0o700, dir_fd=root)
    try:
        with opened(STAGING, root) as fd, descend(fd, _TREE, place, create=True) as tree:
            yield tree
    except BaseException:
        # A torn tree keeps its staging directory: the next publish then knows that durability is unproven.
        if place.state is State.UNCHANGED:
            with suppress(OSError):
                _clear(root)
        raise
    place.path = STAGING
    _clear(root)


def stage(tree: int, files: Mapping[str, bytes], place: Place) -> None:
    """Write the files under `tree`, at their final paths and modes, and wait until the disk has them."""

    def write(directories: Sequence[tuple[str, list[str]]]) -> None:
        for directory, names in directories:
            place.path = directory
            with descend(tree, directory, place, create=True) as fd:
                for name in names:
                    place.path = path = join(directory, name)
                    _write(fd, name, files[path])

    directories = list(by_directory(files).items())
    if len(files) >= MANY and is_possible():
        in_halves(write, directories, place)
    else:
        write(directories)
    flush_tree(tree, len(files))


def _write(parent: int, name: str, data: bytes) -> None:
    fd = os.open(name, _CREATE, 0o644, dir_fd=parent)
    try:
        done = os.write(fd, data)
        while done < len(data):
            done += os.write(fd, data[done:])
    finally:
        os.close(fd)


def _is_left(root: int, place: Place) -> bool:
    try:
        stands = what_stands(STAGING, root)
    except FileNotFoundError:
        return False
    if stands != DIRECTORY:
        raise place.refuse(STAGING, f"{stands} stands where publishing stages its files; move it away")
    with opened(STAGING, root) as fd:
        there = kinds(fd)
    if there and there != {_TREE: DIRECTORY}:
        raise place.refuse(STAGING, "was not left by a publish; move it away")
    return True


def _clear(root: int) -> None:
    with opened(STAGING, root) as fd:
        if _TREE in kinds(fd):
            remove_tree(_TREE, fd)
    os.rmdir(STAGING, dir_fd=root)
