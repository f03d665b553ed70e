"""Two publishers at once: one waits or is told, and no mixture comes of it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from publish_strace import Job
from publish_trees import NEW, SEAL, agrees, read, sealed, to_remove

from ssmd_compiler.publish import Busy, Overtaken, PublishError, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from publish_trees import Tree


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """The lock as another process would hold it: a descriptor opened elsewhere is a holder of its own."""
    directory.mkdir(exist_ok=True)
    fd = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def test_a_second_publisher_is_told_after_waiting(ground: Path) -> None:
    directory = ground / "generated"
    with held(directory):
        start = time.monotonic()
        with pytest.raises(Busy, match=r"^generated: another compiler has been publishing here for 0\.2 s"):
            publish(directory, NEW, wait=0.2)
        assert 0.2 <= time.monotonic() - start < 2
        assert not read(directory, staging=True)


def test_a_second_publisher_goes_on_when_the_first_has_finished(ground: Path) -> None:
    directory = ground / "generated"
    with held(directory):
        waiting = threading.Thread(target=publish, args=(directory, NEW))
        waiting.start()
        time.sleep(0.1)
        assert not read(directory, staging=True)
    waiting.join()
    assert read(directory, staging=True) == NEW


def test_a_directory_replaced_while_waiting_is_not_published_into(ground: Path) -> None:
    directory = ground / "generated"
    failures: list[PublishError] = []

    def attempt() -> None:
        try:
            publish(directory, NEW)
        except PublishError as error:
            failures.append(error)

    with held(directory):
        waiting = threading.Thread(target=attempt)
        waiting.start()
        time.sleep(0.1)
        directory.rename(ground / "moved")
        directory.mkdir()
    waiting.join()
    assert "was replaced while waiting" in str(failures[0])
    assert not read(ground / "moved")


def test_a_file_system_that_cannot_lock_is_refused(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_fd: int, _operation: int) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(PublishError, match="generated: cannot be locked: Bad file descriptor"):
        publish(ground / "generated", NEW)


def read_seal(directory: Path) -> bytes | None:
    path = directory / SEAL
    return path.read_bytes() if path.exists() else None


@pytest.mark.parametrize("first", [{}, {"a": b"", "shared": b"1"}], ids=["no seal yet", "a seal"])
def test_who_was_overtaken_is_told_and_succeeds_when_it_looks_again(ground: Path, first: Tree) -> None:
    directory, theirs, ours = (
        ground / "generated",
        sealed({"b": b"", "shared": b"2"}),
        sealed({"c": b"", "shared": b"3"}),
    )
    if first:
        publish(directory, sealed(first))
    stale = read_seal(directory)
    publish(directory, theirs, remove=list(first.keys() - theirs.keys()), seen=stale)
    with pytest.raises(Overtaken, match=r"^generated: another compiler has published here in the meantime"):
        publish(directory, ours, remove=list(first.keys() - ours.keys()), seen=stale)
    assert read(directory, staging=True) == theirs
    publish(directory, ours, remove=to_remove(theirs, ours), seen=read_seal(directory))
    assert read(directory, staging=True) == ours


def test_a_seal_that_has_gone_is_a_change_too(ground: Path) -> None:
    with pytest.raises(Overtaken):
        publish(ground / "generated", NEW, seen=NEW[SEAL])


def test_who_was_overtaken_by_the_same_tree_has_nothing_to_do(ground: Path) -> None:
    publish(ground, NEW)
    assert publish(ground, NEW, seen=None).written == ()


def test_control_who_does_not_say_what_was_seen_leaves_an_orphan(ground: Path) -> None:
    theirs, ours = sealed({"b": b""}), sealed({"c": b""})
    publish(ground, theirs)
    publish(ground, ours, remove=[])  # worked out when there was no seal
    assert read(ground).keys() - ours.keys() == {"b"}


def test_many_at_once_leave_one_whole_tree(ground: Path) -> None:
    directory = ground / "generated"
    trees = [
        sealed({f"d{n}/{name}": f"{number} {n}".encode() for n in range(4) for name in "abc"}) for number in range(4)
    ]
    jobs = [Job.of("ssmd", tree, (), ground / f"job{number}") for number, tree in enumerate(trees)]
    for _ in range(3):
        running = [subprocess.Popen(job.command(directory)) for job in jobs]
        codes = [process.wait() for process in running]
        assert 0 in codes
        assert set(codes) <= {0, 2}
        assert agrees(found := read(directory, staging=True))
        assert found in trees
