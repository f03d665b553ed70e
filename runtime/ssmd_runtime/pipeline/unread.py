"""Frames that nobody could make sense of, set aside as dead letters beside the data.

They stand in the data file too, flagged, so nothing depends on the letter: it is there so that somebody looks. At most
a hundred a minute are written, each durably; the rest are counted in the log's next word about it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ssmd_runtime.reliability.dead_letters import DeadLetters, DeadLettersFull
from ssmd_runtime.reliability.letters import letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime.logs import Log
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["COMPONENT", "Unread"]

COMPONENT: Final = "connector"
MOST_A_MINUTE: Final = 100
_MINUTE: Final = 60.0


class Unread:
    """Sets frames aside. `clock` is monotonic, in seconds; `clock_ns` Unix time in nanoseconds."""

    def __init__(
        self,
        spec: CollectorSpec,
        telemetry: Telemetry,
        log: Log,
        *,
        clock: Callable[[], float],
        clock_ns: Callable[[], int],
    ) -> None:
        self._letters = DeadLetters(Path(spec.storage.path), COMPONENT)
        self._subject = spec.subjects.dead_letter
        self._telemetry = telemetry
        self._log = log
        self._clock = clock
        self._clock_ns = clock_ns
        self._since = clock()
        self._written = 0
        self._left_out = 0

    def __call__(self, frame: bytes, flaw: str) -> None:
        """One frame, and what is wrong with it. Never raises: the frame itself is safe in the data file."""
        self._telemetry.dead_letters[COMPONENT] += 1
        now = self._clock()
        if now - self._since >= _MINUTE:
            self._tell()
            self._since, self._written = now, 0
        if self._written >= MOST_A_MINUTE:
            self._left_out += 1
            return
        self._written += 1
        now_ns = self._clock_ns()
        one = letter(
            COMPONENT,
            self._subject,
            frame,
            f"a frame that is {flaw}",
            attempts=1,
            first_attempt_ns=now_ns,
            last_attempt_ns=now_ns,
            now_ns=now_ns,
        )
        try:
            self._letters.append(one)
        except (DeadLettersFull, OSError) as problem:
            self._left_out += 1
            self._telemetry.errors["dead_letter"] += 1
            if self._left_out == 1:
                self._log.warning("dead_letter_not_kept", error=str(problem))
        else:
            self._log.warning("dead_letter", id=one.id, flaw=flaw, bytes=len(frame))

    def _tell(self) -> None:
        if self._left_out:
            self._log.warning("dead_letters_left_out", count=self._left_out)
            self._left_out = 0
