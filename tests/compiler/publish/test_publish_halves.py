"""A second process writes half of many files: what goes wrong in either is told here, and nothing is left behind."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ssmd_compiler.publish import PublishError, publish, staging

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUTS = {"ssmd.lock.json": b"{}", **{f"e{n}/{name}": f"{n}{name}".encode() for n in range(8) for name in "abc"}}
LAST = "e7"


@pytest.fixture(autouse=True)
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MANY", 2)
    monkeypatch.setattr(staging, "is_possible", lambda: True)


def here(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def in_the_other(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], name: str = LAST) -> None:
    """Do something in the process that writes the folder called `name`, once it is there."""
    me, descend = os.getpid(), staging.descend

    def wrapped(root, path, place, **options):
        if path == name:
            assert (os.getpid() != me) == (name == LAST)
            act()
        return descend(root, path, place, **options)

    monkeypatch.setattr(staging, "descend", wrapped)


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def test_both_halves_are_written_once(tmp_path, monkeypatch):
    pids = tmp_path / "pids"
    write = staging._write

    def noting(parent, name, data):
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\n")
        write(parent, name, data)

    monkeypatch.setattr(staging, "_write", noting)
    publish(tmp_path / "generated", OUTPUTS)
    assert here(tmp_path / "generated") == OUTPUTS
    found = pids.read_text().split()
    assert len(found) == len(OUTPUTS)
    assert len(set(found)) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_of_the_other_is_ours(tmp_path, monkeypatch, number):
    def fail():
        raise OSError(number, os.strerror(number))

    in_the_other(monkeypatch, fail)
    with pytest.raises(PublishError, match=rf"generated/{LAST}: {os.strerror(number)}.*nothing was changed"):
        publish(tmp_path / "generated", OUTPUTS)
    assert here(tmp_path / "generated") == {}
    assert list((tmp_path / "generated").iterdir()) == []


def test_a_refusal_of_the_other_is_ours(tmp_path, monkeypatch):
    def refuse():
        raise PublishError("generated/e7: no")

    in_the_other(monkeypatch, refuse)
    with pytest.raises(PublishError, match="generated/e7: no"):
        publish(tmp_path / "generated", OUTPUTS)


def test_one_that_is_killed_is_told(tmp_path, monkeypatch):
    in_the_other(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(PublishError, match=r"was killed.*nothing was changed"):
        publish(tmp_path / "generated", OUTPUTS)
    assert list((tmp_path / "generated").iterdir()) == []


def test_an_interrupt_ends_the_other_first(tmp_path, monkeypatch):
    descend, waited = staging.descend, tmp_path / "waited"

    def slow_or_interrupted(root, path, place, **options):
        if path == LAST:
            time.sleep(3)
            waited.touch()
        if path == "e1":
            raise KeyboardInterrupt
        return descend(root, path, place, **options)

    monkeypatch.setattr(staging, "descend", slow_or_interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path / "generated", OUTPUTS)
    assert not waited.exists()
    assert children() == []
    assert list((tmp_path / "generated").iterdir()) == []


def test_ctrl_c_is_answered_by_one(tmp_path, monkeypatch):
    in_the_other(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGINT))
    publish(tmp_path / "generated", OUTPUTS)
    assert here(tmp_path / "generated") == OUTPUTS


def test_where_no_process_can_be_had_one_does_it_all(tmp_path, monkeypatch):
    def refuse():
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr("ssmd_compiler.publish.halves.os.fork", refuse)
    publish(tmp_path / "generated", OUTPUTS)
    assert here(tmp_path / "generated") == OUTPUTS
