"""Run commands in turn and say what each cost: wall clock, CPU of the whole process tree, peak memory."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ContestantError", "Cost", "TimeBoundError", "apart", "best", "median", "ratio", "run"]


T = TypeVar("T")


class ContestantError(Exception):
    """A command that did not do its work; the message ends with what it last said."""


class TimeBoundError(Exception):
    """A command that was stopped at its bound."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and kibibytes of the largest process of the tree."""

    wall: float
    cpu: float
    """User and system time of the command and of every child that it waited for."""
    peak: int

    def less(self, wall: float, cpu: float) -> Cost:
        return Cost(self.wall - wall, self.cpu - cpu, self.peak)


def run(
    command: list[str],
    *,
    cwd: Path,
    log: Path,
    environment: dict[str, str],
    bound: float,
    expect: int = 0,
    stdin: Path | None = None,
) -> Cost:
    """What `command` cost; its output goes to `log`. It must exit with `expect` within `bound` seconds."""
    with log.open("wb") as output, (stdin or Path(os.devnull)).open("rb") as given:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stopped = threading.Event()
        timer = threading.Timer(bound, _stop, (process.pid, stopped))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            wall = time.perf_counter() - start
            timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if stopped.is_set():
        raise TimeBoundError
    if process.returncode != expect:
        raise ContestantError(
            f"`{Path(command[0]).name} {' '.join(command[1:])}` exited {process.returncode}\n{_tail(log)}"
        )
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def _stop(pid: int, stopped: threading.Event) -> None:
    stopped.set()
    os.killpg(pid, signal.SIGKILL)


def _tail(log: Path, lines: int = 8) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line[:200]}" for line in text[-lines:])


def median(costs: list[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median(cost.peak for cost in costs)),
    )


def best(costs: list[Cost]) -> Cost:
    """The least of each figure by itself."""
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs), min(cost.peak for cost in costs))


def ratio(costs: list[Cost], base: list[Cost]) -> tuple[float, float]:
    """Wall and CPU relative to `base`: the median over rounds of both in the same round, where both ran in all."""
    if len(costs) != len(base):
        costs, base = [median(costs)], [median(base)]
    pairs = list(zip(costs, base, strict=True))
    wall = statistics.median(one.wall / other.wall for one, other in pairs)
    return wall, statistics.median(one.cpu / other.cpu for one, other in pairs)


def apart(work: Callable[[], T]) -> T:
    """`work`, done by a child: a process begins with the peak memory of the one that starts it, so ours stays small."""
    receiver, sender = Pipe(duplex=False)

    def child() -> None:
        try:
            sender.send((work(), None))
        except (ContestantError, TimeBoundError, OSError, subprocess.SubprocessError) as error:
            sender.send((None, ContestantError(str(error) or "too slow")))

    process = get_context("fork").Process(target=child)
    process.start()
    sender.close()
    try:
        result, error = receiver.recv()
    finally:
        process.join()
    if error is not None:
        raise error
    return cast("T", result)
