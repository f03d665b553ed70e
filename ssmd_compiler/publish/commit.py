"""The commit: staged names move into place, in an order that leaves every instant explained by the seal on disk.

1. What is no longer produced is removed, under the old seal, which lists it and therefore disagrees at once.
2. The new seal takes the old one's place. It lists everything that is about to appear and disagrees until all is there.
3. The rest is moved into place; the last move completes the tree.

Between the steps the disk catches up, so a power cut cannot reorder them. At any time the seal on disk lists every file
of ours that is there: whatever happens, the next publish knows what it owns.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from ssmd_compiler.publish.directories import descend, opened
from ssmd_compiler.publish.durable import flush_directories
from ssmd_compiler.publish.errors import State
from ssmd_compiler.publish.paths import by_directory, join

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_compiler.publish.errors import Place
    from ssmd_compiler.publish.plan import Plan

__all__ = ["carry_out"]


def carry_out(root: int, tree: int, plan: Plan, seal: str, place: Place) -> None:
    """Carry out `plan` from the staged `tree`; durable on return."""
    if plan.first:
        _settle_parent(root, place)
    if plan.remove or plan.prune:
        _remove(root, plan, place)
    if seal in plan.write:
        _seal(root, tree, seal, place)
    for directory, names in plan.moves.items():
        _move(root, tree, directory, (name for name in names if join(directory, name) != seal), place)
    flush_directories(root, plan.moves, place)
    place.state = State.COMPLETE


def _settle_parent(root: int, place: Place) -> None:
    # Whoever made the directory, us or a killed publish, may not have waited for the disk.
    place.path = ""
    with opened("..", root) as parent:
        os.fsync(parent)


def _remove(root: int, plan: Plan, place: Place) -> None:
    touched = by_directory(plan.remove)
    for directory, names in touched.items():
        with descend(root, directory, place) as fd:
            for name in names:
                place.path = join(directory, name)
                os.unlink(name, dir_fd=fd)
                place.state = State.TORN
    for directory in plan.prune:
        _prune(root, directory, place)
    outer = {directory.rpartition("/")[0] for directory in plan.prune}
    flush_directories(root, sorted({*touched, *outer}.difference(plan.prune)), place)


def _prune(root: int, directory: str, place: Place) -> None:
    parent, _, name = directory.rpartition("/")
    place.path = directory
    with descend(root, parent, place) as fd:
        try:
            os.rmdir(name, dir_fd=fd)
        except OSError as error:  # somebody put a file there since we looked: it is theirs, and stays
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        place.state = State.TORN


def _seal(root: int, tree: int, seal: str, place: Place) -> None:
    place.path = seal
    os.rename(seal, seal, src_dir_fd=tree, dst_dir_fd=root)
    place.state = State.TORN
    os.fsync(root)


def _move(root: int, tree: int, directory: str, names: Iterable[str], place: Place) -> None:
    with descend(tree, directory, place) as source, descend(root, directory, place) as target:
        for name in names:
            place.path = join(directory, name)
            os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
            place.state = State.TORN
