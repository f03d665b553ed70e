"""A kill, and each error of a failing disk, at every system call of a publish; and proof that the harness would notice."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest
from publish_strace import Call, Ended, Job, require_strace
from publish_trees import (
    FOREIGN,
    NEW,
    OLD,
    SEAL,
    STAGING,
    THIRD,
    Tree,
    agrees,
    complaint,
    read,
    sealed,
    to_remove,
    write,
)

from ssmd_compiler.publish import PublishError, publish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

KILL, NO_SUCH_CALL = "signal=SIGKILL", "error=ENOSYS"
UNCHANGED, TORN, COMPLETE = "nothing was changed", "may be torn", "the new tree is complete"


@dataclass
class Harness:
    """Runs one job again and again, each time on a fresh copy of `start` and with another fault."""

    job: Job
    start: Path
    new: Tree

    def __post_init__(self) -> None:
        self.numbers = count()
        self.old = read(self.start)

    @classmethod
    def on(cls, ground: Path, publisher: str, old: Tree, new: Tree, foreign: Tree) -> Harness:
        write(ground / "start", {**old, **foreign})
        job = Job.of(publisher, new, to_remove(old, new), ground / "job")
        return cls(job, ground / "start", {**new, **foreign})

    def fresh(self) -> Path:
        directory = self.start.with_name(f"{self.start.name}-{next(self.numbers)}")
        shutil.copytree(self.start, directory)
        return directory

    def calls(self) -> list[Call]:
        directory = self.fresh()
        calls = self.job.trace(directory)
        assert read(directory) == self.new
        return calls

    def complaints(self, faults: Iterable[tuple[Call, str]]) -> list[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda fault: self._one(*fault), faults))
        return [line for lines in found for line in lines]

    def _one(self, call: Call, effect: str) -> list[str]:
        directory = self.fresh()
        ended = self.job.fault(directory, call, effect)
        assert ended.injected, f"the fault missed its call: {call}"
        found = [*self._broken(directory, call, ended, effect)]
        if read(directory, staging=True) not in (self.old, self.new):
            found += self._unrepaired(directory)
        shutil.rmtree(directory)
        return [f"{effect} at {call.name} #{call.number} {call.text[:100]}: {why}" for why in found]

    def _broken(self, directory: Path, call: Call, ended: Ended, effect: str) -> Iterator[str]:
        tree = read(directory)
        if why := complaint(tree, self.old, self.new):
            yield why
        if effect not in (KILL, NO_SUCH_CALL):
            yield from self._untrue(directory, tree, call, ended)

    def _untrue(self, directory: Path, tree: Tree, call: Call, ended: Ended) -> Iterator[str]:
        """What the process said about it, against what it did."""
        if ended.code == 0:
            if call.changes or tree != self.new:
                yield "it claims success"
        elif ended.code != 2 or not ended.stderr.startswith("error: ") or ended.stderr.count("\n") != 1:
            yield f"exit {ended.code}: {ended.stderr}"
        elif UNCHANGED in ended.stderr and (tree != self.old or (directory / STAGING).exists() > self._was_staging()):
            yield f"something did change: {ended.stderr}"
        elif TORN in ended.stderr and tree == self.old:
            yield f"nothing did change: {ended.stderr}"
        elif COMPLETE in ended.stderr and tree != self.new:
            yield f"the new tree is not complete: {ended.stderr}"

    def _was_staging(self) -> bool:
        return (self.start / STAGING).exists()

    def _unrepaired(self, directory: Path) -> Iterator[str]:
        for outputs in (THIRD, NEW):  # the sources may have changed again since: nothing may be left behind
            copy = directory.with_suffix(".copy")
            shutil.copytree(directory, copy)
            if why := _republish(copy, outputs):
                yield f"not repaired: {why}"
            shutil.rmtree(copy)


def _republish(directory: Path, outputs: Tree) -> str:
    before = read(directory)
    try:
        publish(directory, outputs, remove=to_remove(before, outputs))
    except PublishError as error:
        return str(error)
    expected = {**outputs, **{path: data for path, data in before.items() if path in FOREIGN}}
    differing = read(directory, staging=True).items() ^ expected.items()
    return str(sorted(differing)) if differing else ""


@pytest.fixture
def harness(ground: Path) -> Harness:
    require_strace()
    return Harness.on(ground, "ssmd", OLD, NEW, FOREIGN)


def test_a_kill_at_any_call_leaves_the_old_tree_or_the_new_or_one_that_is_torn_and_repaired(harness: Harness) -> None:
    calls = [call for call in harness.calls() if call.changes]
    assert {"flock", "mkdirat", "openat", "write", "fsync", "renameat", "unlinkat"} <= {call.name for call in calls}
    assert not harness.complaints((call, KILL) for call in calls)


def test_a_kill_while_repairing_is_no_different(harness: Harness) -> None:
    third_move = [call for call in harness.calls() if call.name == "renameat"][2]
    torn = harness.fresh()
    assert harness.job.fault(torn, third_move, KILL).injected
    assert (torn / STAGING).exists()
    assert not agrees(read(torn))
    again = Job.of("ssmd", THIRD, to_remove(read(torn), THIRD), torn.with_name("again"))
    repair = Harness(again, torn, {**THIRD, **FOREIGN})
    assert not repair.complaints((call, KILL) for call in repair.calls() if call.changes)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_an_error_at_any_changing_call_keeps_the_old_tree_or_says_that_it_is_torn(harness: Harness, error: str) -> None:
    calls = [call for call in harness.calls() if call.changes]
    assert not harness.complaints((call, f"error={error}") for call in calls)


@pytest.mark.parametrize("sealed_as", [{"a/x": b"before"}, {"a/x": b"after!", "b/y": b"new"}], ids=["old", "damaged"])
def test_an_error_without_removals_is_no_different(ground: Path, sealed_as: Tree) -> None:
    require_strace()
    new = sealed({"a/x": b"after!", "b/y": b"new"})
    old = {"a/x": b"before", SEAL: sealed(sealed_as)[SEAL]}
    harness = Harness.on(ground, "ssmd", old, new, {})
    calls = [call for call in harness.calls() if call.name in ("renameat", "fsync")]
    assert not harness.complaints((call, "error=EIO") for call in calls)


def test_an_error_after_the_last_flush_says_that_the_new_tree_is_complete(harness: Harness) -> None:
    last = [call for call in harness.calls() if call.changes][-1]
    directory = harness.fresh()
    ended = harness.job.fault(directory, last, "error=EIO")
    assert last.name == "unlinkat"
    assert ended.stderr.startswith(f"error: {directory.name}/{STAGING}: Input/output error; ")
    assert ended.stderr.endswith(f"({COMPLETE})\n")


def test_an_error_at_any_looking_call_is_no_different(ground: Path) -> None:
    require_strace()
    old, new = sealed({"a/changed": b"before", "b/gone": b"gone"}), sealed({"a/changed": b"after!", "c/added": b"new"})
    harness = Harness.on(ground, "ssmd", old, new, {})
    looks = {call.what: call for call in harness.calls() if not call.changes}  # the last of those that look alike
    assert {"openat", "read", "getdents64", "newfstatat", "faccessat2", "close"} <= {
        call.name for call in looks.values()
    }
    assert not harness.complaints((call, "error=EIO") for call in looks.values())


def test_many_files_are_flushed_at_once_with_the_same_promise(ground: Path) -> None:
    require_strace()
    old, new = (sealed({f"d{n}/x": data for n in range(20)}) for data in (b"old", b"new!"))
    harness = Harness.on(ground, "ssmd", old, new, {})
    flushes = [call for call in harness.calls() if call.name == "syncfs"]
    assert len(flushes) == 2  # what was staged, then what was moved
    effects = (KILL, "error=EIO", "error=ENOSPC", NO_SUCH_CALL)
    assert not harness.complaints((call, effect) for call in flushes for effect in effects)


@pytest.mark.parametrize(
    ("control", "told"),
    [
        ("in_place", "a mixture validates"),
        ("in_place", "that no seal owns"),
        ("seal_last", "a mixture validates"),
        ("seal_dropped", "not repaired"),
    ],
)
def test_the_harness_catches_a_publisher_that_breaks_the_promise(ground: Path, control: str, told: str) -> None:
    require_strace()
    old, new = sealed({"b/changed": b"before", "b/gone": b"x"}), sealed({"b/changed": b"after!", "a/added": b"added"})
    harness = Harness.on(ground, control, old, new, {})
    complaints = harness.complaints((call, KILL) for call in harness.calls() if call.changes)
    assert any(told in line for line in complaints), complaints


def test_the_harness_catches_one_that_loses_old_bytes_to_a_full_disk(ground: Path) -> None:
    require_strace()
    old, new = sealed({"b/changed": b"before"}), sealed({"b/changed": b"after!"})
    harness = Harness.on(ground, "in_place", old, new, {})
    complaints = harness.complaints((call, "error=ENOSPC") for call in harness.calls() if call.name == "write")
    assert any("Traceback" in line for line in complaints), complaints
