"""When to stop reading: there is no room on the disk, or too much is received that is not on it yet.

What is not read waits at the exchange's end, so memory stays bounded. Both states are told in /ready and in the log,
and neither may last: after the spec's `stale_seconds` the collector gives up.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from ssmd_runtime.storage.files import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime.feeds.websocket import WebSocketFeed
    from ssmd_runtime.logs import Log
    from ssmd_runtime.pipeline.capture import Capture
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.storage.writer import JsonlWriter
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["Pressure"]

_EVERY_SECONDS: Final = 1.0


class Pressure:
    """Pauses and resumes the feeds of one collector. `fail` ends it."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what it weighs, and whom it tells
        self,
        spec: CollectorSpec,
        writer: JsonlWriter,
        telemetry: Telemetry,
        log: Log,
        feeds: list[WebSocketFeed],
        fail: Callable[[Exception], None],
    ) -> None:
        self._most = spec.buffer.max_bytes if spec.storage.sync != "none" else None
        self._patience = spec.liveness.stale_seconds
        self._writer = writer
        self._telemetry = telemetry
        self._log = log
        self._feeds = feeds
        self._fail = fail
        self._since: float | None = None
        self._full: StorageError | None = None

    @property
    def full(self) -> bool:
        """Whether there was no room the last time that something was to be written."""
        return self._full is not None

    def appended(self) -> None:
        """More was received; feeds that were opened meanwhile are paused, too."""
        if self._since is not None:
            self._pause()
        elif self._most is not None and self._writer.unsynced_bytes > self._most:
            self._begin("too much waits for the disk to sync", "paused")

    def synced(self) -> None:
        """The disk took something."""
        if self._since is not None and not self.full and self._writer.unsynced_bytes <= (self._most or 0) // 2:
            self._end()

    def no_room(self, problem: StorageError, capture: Capture) -> None:
        """The disk is full: what could not be written is tried again, until it goes or takes too long."""
        if not self.full:
            self._full = problem
            self._telemetry.errors["disk_full"] += 1
            self._begin(str(problem), "disk_full")
            self._later(capture)

    def tick(self) -> None:
        """Looks whether a pause takes too long; to be called every few seconds."""
        if self._since is not None and time.monotonic() - self._since > self._patience:
            self._fail(StorageError(f"{self._telemetry.waiting}: for more than {self._patience} s"))

    def _later(self, capture: Capture) -> None:
        asyncio.get_running_loop().call_later(_EVERY_SECONDS, self._again, capture)

    def _again(self, capture: Capture) -> None:
        if not self.full or self._telemetry.problem is not None:
            return
        try:
            written = capture.retry()
        except StorageError as problem:
            self._fail(problem)
            return
        if written:
            self._full = None
            self._end()
        else:
            self.tick()
            self._later(capture)

    def _begin(self, why: str, event: str) -> None:
        self._since = self._since or time.monotonic()
        self._telemetry.waiting = why
        self._log.error(event, reason=why)
        self._pause()

    def _end(self) -> None:
        self._since = self._telemetry.waiting = None
        self._log.info("reading_again")
        for feed in self._feeds:
            feed.resume()

    def _pause(self) -> None:
        for feed in self._feeds:
            feed.pause()
