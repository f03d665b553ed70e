"""A stuck loop ends the process; a process that stood still as a whole does not end itself for it."""

from __future__ import annotations

import subprocess
import sys

from ssmd_runtime.reliability.watchdog import Watchdog


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def watched(moments: list[tuple[float, bool]]) -> list[object]:
    """What a watchdog of 8 seconds does: at each moment the loop has beaten just before, or has not."""
    clock = Clock()
    done: list[object] = []
    dog = Watchdog(8.0, lambda seconds: done.append(round(seconds)), clock=clock, end=done.append)
    for moment, beaten in moments:
        clock.now = 100.0 + moment
        if beaten:
            dog.beat()
        dog.look()
    return done


def test_a_loop_that_beats_is_left_alone():
    assert watched([(second, True) for second in range(1, 60)]) == []


def test_a_loop_that_is_stuck_is_told_of_and_ended():
    assert watched([(1, True), *((second, False) for second in range(2, 11))]) == [9, 1]


def test_a_process_that_stood_still_starts_counting_anew():
    stood = [(1, True), (500, False), *((second, False) for second in range(501, 508))]
    assert watched(stood) == []
    assert watched([*stood, (508, False), (509, False)]) == [9, 1]


def test_a_real_process_that_is_stuck_ends_with_1():
    code = (
        "import time\n"
        "from ssmd_runtime.reliability.watchdog import Watchdog\n"
        "Watchdog(0.4, lambda seconds: print('stuck', flush=True)).start()\n"
        "time.sleep(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "stuck\n", "")


def test_a_process_whose_log_nobody_reads_is_ended_all_the_same():
    """The loop waits for the pipe and holds the log's lock, and so the last word cannot be said either."""
    code = (
        "from ssmd_runtime.logs import Log, set_up\n"
        "from ssmd_runtime.reliability.watchdog import Watchdog\n"
        "set_up()\n"
        "log = Log()\n"
        "Watchdog(0.4, lambda seconds: log.error('ending')).start()\n"
        "while True:\n"
        "    log.info('more')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            assert process.wait(30) == 1
        finally:
            process.kill()
