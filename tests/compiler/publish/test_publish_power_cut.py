"""A power cut at any instant of a publish, with any subset of what the disk was not yet told to keep."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from publish_disk import Disk
from publish_strace import Job, require_strace
from publish_trees import FOREIGN, NEW, OLD, STAGING, THIRD, Tree, complaint, read, sealed, to_remove, write

from ssmd_compiler.publish import publish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANY_OLD, MANY_NEW = (
    sealed({f"d{n}/x": data for n in range(extent)}) for data, extent in ((b"old", 17), (b"new!", 19))
)


def found_after_power_cuts(ground: Path, publisher: str, old: Tree, new: Tree) -> tuple[list[Tree], list[Tree]]:
    """Every distinct tree that a cut may leave while the publish runs, and after it has returned."""
    directory = ground / "tree"
    write(directory, old)
    calls = Job.of(publisher, new, to_remove(old, new), ground / "job").trace(directory)
    disk, dice = Disk.holding(directory, old), random.Random(4)
    during: dict[frozenset[tuple[str, bytes]], Tree] = {}
    for call in calls:
        if disk.run(call):
            during |= {frozenset(tree.items()): tree for tree in disk.after_power_cut(dice)}
    assert disk.everything() == read(directory), "the model lost track of what the calls did"
    return list(during.values()), list(disk.after_power_cut(dice))


def visible(tree: Mapping[str, bytes]) -> Tree:
    return {path: data for path, data in tree.items() if not path.startswith(STAGING)}


@pytest.mark.parametrize(
    ("old", "new", "foreign"),
    [(OLD, NEW, FOREIGN), (MANY_OLD, MANY_NEW, {}), (MANY_NEW, MANY_OLD, {}), ({}, NEW, FOREIGN)],
    ids=["few", "many", "many removed", "first"],
)
def test_a_power_cut_keeps_the_promise(ground: Path, old: Tree, new: Tree, foreign: Tree) -> None:
    require_strace()
    before, after = {**old, **foreign}, {**new, **foreign}
    during, finally_found = found_after_power_cuts(ground, "ssmd", before, after)
    assert len(during) > 100
    assert not [why for tree in during if (why := complaint(visible(tree), before, after))]
    assert [visible(tree) for tree in finally_found] == [after] * len(finally_found), "success was reported too early"


def test_what_a_power_cut_leaves_is_repaired(ground: Path) -> None:
    require_strace()
    during, _ = found_after_power_cuts(ground, "ssmd", {**OLD, **FOREIGN}, {**NEW, **FOREIGN})
    for number, tree in enumerate(during):
        directory = ground / str(number)
        _materialise(directory, tree)
        publish(directory, THIRD, remove=to_remove(tree, THIRD))
        assert read(directory, staging=True) == {**THIRD, **FOREIGN}


def _materialise(directory: Path, tree: Tree) -> None:
    write(directory, {path: data for path, data in tree.items() if not path.endswith("/")})
    for path in tree:
        if path.endswith("/"):
            (directory / path).mkdir(parents=True)


@pytest.mark.parametrize("control", ["never_flushed", "seal_last", "in_place"])
def test_the_model_catches_a_publisher_that_does_not_wait(ground: Path, control: str) -> None:
    require_strace()
    old = sealed({"b/changed": b"before", "dead/deep/x": b"x"})
    new = sealed({"b/changed": b"after!", "a/added": b"added"})
    during, finally_found = found_after_power_cuts(ground, control, old, new)
    assert [why for tree in during if (why := complaint(visible(tree), old, new))]
    assert [visible(tree) for tree in finally_found] != [new] * len(finally_found)
