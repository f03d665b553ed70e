"""Environments over several processes: the same results in the same order, whatever becomes of a process."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ssmd_compiler import forks
from ssmd_compiler.cli import pool
from ssmd_compiler.emit import Output
from ssmd_compiler.units import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATHS = [f"environments/e{number:03}.yaml" for number in range(200)]
HERE = os.getpid()


def compiled(path: str) -> Compiled:
    """A result that is larger than a pipe every now and then."""
    name = path.rpartition("/")[2].removesuffix(".yaml")
    content = name.encode() * (1 if int(name[1:]) % 7 else 300_000)
    return Compiled(path, name, None, (path,), (), outputs=(Output(f"{name}/spec.json", content, name),))


def slowly(path: str) -> Compiled:
    time.sleep(0.001)
    return compiled(path)


EXPECTED = [compiled(path) for path in PATHS]


@pytest.fixture(params=[2, 5], ids=["two processors", "five processors"])
def crew(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The processes that are made; none of them is left, and no pipe either."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(request.param)), raising=False)
    made: list[int] = []
    fork = os.fork

    def noted() -> int:
        pid = fork()
        made.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", noted)
    before = _descriptors()
    yield
    assert len(made) == request.param - 1
    for pid in made:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert _descriptors() == before


def _descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


with_forks = pytest.mark.usefixtures("crew")


@with_forks
def test_results_come_in_the_order_of_the_paths() -> None:
    assert list(pool.each(slowly, PATHS)) == EXPECTED


@with_forks
def test_forks_do_a_part_of_the_work() -> None:
    def telling(path: str) -> Compiled:
        time.sleep(0.001)
        one = compiled(path)
        return Compiled(one.path, str(os.getpid()), None, one.inputs, ())

    workers = {one.name for one in pool.each(telling, PATHS)}
    assert str(HERE) in workers
    assert len(workers) > 1


@with_forks
def test_a_fork_that_is_killed_loses_nothing() -> None:
    def deadly(path: str) -> Compiled:
        if os.getpid() != HERE and path.endswith("5.yaml"):
            os.kill(os.getpid(), signal.SIGKILL)
        return slowly(path)

    assert list(pool.each(deadly, PATHS)) == EXPECTED


@with_forks
def test_a_fork_that_is_killed_half_way_through_a_result_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def half(fd: int, content: bytes) -> int:
        if os.getpid() == HERE or len(content) < 1000:
            return write(fd, content)
        write(fd, content[:500])
        os._exit(1)

    monkeypatch.setattr(os, "write", half)
    assert list(pool.each(slowly, PATHS)) == EXPECTED


@with_forks
def test_what_fails_in_a_fork_alone_is_done_here() -> None:
    def choosy(path: str) -> Compiled:
        if os.getpid() != HERE and path.endswith("3.yaml"):
            raise RuntimeError(path)
        return slowly(path)

    assert list(pool.each(choosy, PATHS)) == EXPECTED


@with_forks
def test_what_fails_everywhere_is_raised_here() -> None:
    def wrong(path: str) -> Compiled:
        if path.endswith("e033.yaml"):
            raise ZeroDivisionError(path)
        return slowly(path)

    with pytest.raises(ZeroDivisionError, match="e033") as told:
        list(pool.each(wrong, PATHS))
    assert [frame.name for frame in told.traceback][-1] == "wrong"


@with_forks
@pytest.mark.parametrize("leave", [lambda results: results.close(), lambda results: results.throw(KeyboardInterrupt)])
def test_whoever_stops_asking_ends_the_forks(leave: Callable[..., object]) -> None:
    results = pool.each(slowly, PATHS)
    assert next(results) == EXPECTED[0]
    with suppress(KeyboardInterrupt):
        leave(results)


@with_forks
def test_many_open_files_are_no_harm() -> None:
    """Those of the program that started us: `select` takes no descriptor above 1023."""
    held = [os.dup(0) for _ in range(1100)]
    try:
        assert list(pool.each(slowly, PATHS)) == EXPECTED
    finally:
        for one in held:
            os.close(one)


def test_no_pipe_to_be_had_is_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(os, "pipe", refused)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2}, raising=False)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a process without turns"))
    assert list(pool.each(slowly, PATHS)) == EXPECTED


@pytest.mark.parametrize("room", [65536, 4096, 8])
def test_turns_are_taken_once_each_however_little_a_pipe_holds(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_capacity", lambda _pipe: room)
    shared = forks.Turns(50_000, at_once=3)
    reader, writer = os.pipe()
    forked = []
    for _ in range(3):
        if not (pid := os.fork()):
            taken = 0
            while turn := shared.take():
                taken += sum(turn)
            os.write(writer, taken.to_bytes(8, "little"))
            os._exit(0)
        forked.append(pid)
    taken = sum(int.from_bytes(os.read(reader, 8), "little") for _ in range(3))
    for pid in forked:
        os.waitpid(pid, 0)
    assert taken == sum(range(50_000))
    assert not shared.take()
    shared.close()
    os.close(reader)
    os.close(writer)


def test_a_pipe_is_asked_what_it_holds() -> None:
    """Linux gives a user of many pipes a small one; written to blindly, it would never come back."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 8192)
    assert forks._capacity(writer) == 8192
    os.close(reader)
    os.close(writer)


INTERRUPTED = """
import os, signal
from ssmd_compiler.cli import pool
from ssmd_compiler.units import Compiled
os.sched_getaffinity = lambda _: {0, 1, 2}
fork = os.fork
def at_once():
    pid = fork()
    if not pid:
        os.kill(os.getpid(), signal.SIGINT)
    return pid
os.fork = at_once
print(len(list(pool.each(lambda path: Compiled(path, path, None, (), ()), list(map(str, range(300)))))))
"""


def test_ctrl_c_right_after_the_fork_is_not_heard_by_it() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("300\n", "")


ORPHAN = """
import os, sys, time
from ssmd_compiler.cli import pool
from ssmd_compiler.units import Compiled
os.sched_getaffinity = lambda _: {0, 1, 2}
def work(path):
    return Compiled(path, "x" * 2_000_000, None, (), ())
print(os.getpid(), flush=True)
next(pool.each(work, [str(number) for number in range(1000)]))
os.kill(os.getpid(), 9)
"""


def test_forks_whose_parent_is_killed_end_by_themselves() -> None:
    """They have a pipe in common with each other as well; it must not keep one of them waiting for ever."""
    done = subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE)
    out, _ = done.communicate(timeout=60)
    # The pipe of standard output is at its end: nobody holds it any more, no fork either.
    assert out.strip() == str(done.pid).encode()
    assert done.returncode == -signal.SIGKILL
