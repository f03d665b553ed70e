"""Ends a process whose event loop is stuck, from a thread beside it: Kubernetes starts a new one.

The loop has to `beat`. Where the whole process stood still (a paused machine, SIGSTOP), the thread stood still with it,
sees that, and starts counting anew.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STUCK", "Watchdog"]

STUCK: Final = 1
_LOOKS: Final = 8
_TELL_SECONDS: Final = 2.0


class Watchdog:
    """Started with `start`; without a `beat` for `seconds` it calls `told` and ends the process with exit code 1.

    It ends it whatever `told` does: the log may be what the loop is stuck on.
    """

    def __init__(
        self,
        seconds: float,
        told: Callable[[float], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._seconds = seconds
        self._told = told
        self._clock = clock
        self._end = end
        self._beat = self._looked = clock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ssmd-watchdog", daemon=True)

    @property
    def beat_seconds(self) -> float:
        """How often to beat."""
        return self._seconds / _LOOKS

    def start(self) -> None:
        self._thread.start()

    def beat(self) -> None:
        """The loop is alive."""
        self._beat = self._clock()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        """One look at the clock; the thread does it by itself."""
        now = self._clock()
        if now - self._looked > self._seconds / 2:  # we did not run either
            self._beat = now
        elif now - self._beat > self._seconds:
            try:
                self._tell(now - self._beat)
            finally:
                self._end(STUCK)
        self._looked = now

    def _tell(self, seconds: float) -> None:
        """Waits a moment for it, and no longer."""
        telling = threading.Thread(target=self._told, args=(seconds,), name="ssmd-last-word", daemon=True)
        telling.start()
        telling.join(_TELL_SECONDS)

    def _watch(self) -> None:
        while not self._over.wait(self._seconds / _LOOKS):
            self.look()
