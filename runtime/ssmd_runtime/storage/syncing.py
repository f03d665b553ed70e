"""Carries out a writer's syncs and seals beside the event loop, in the mode that the spec asks for.

`batch` syncs after every batch (the batches that come while a sync runs share the next one), `interval` every so many
milliseconds, `none` never but at the end of a file. One thread, so that everything happens in order.
"""

from __future__ import annotations

import asyncio
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol

from ssmd_runtime.storage.files import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ssmd_runtime.spec import Storage
    from ssmd_runtime.storage.writer import JsonlWriter, SealJob, SyncPoint

__all__ = ["SyncListener", "Syncer"]

_FULL_SECONDS: Final = 0.5


class SyncListener(Protocol):
    """Who is told: of each sync (seconds it took), each sealed file, a full disk, and the failure that ends it all."""

    def synced(self, seconds: float) -> None: ...

    def sealed(self, path: Path) -> None: ...

    def full(self, problem: StorageError) -> None: ...

    def failed(self, problem: StorageError) -> None: ...


class Syncer:
    """Is told of every append with `appended`, ends with `close`."""

    def __init__(self, writer: JsonlWriter, storage: Storage, listener: SyncListener) -> None:
        self._writer = writer
        self._mode = storage.sync
        self._interval = storage.sync_interval_ms / 1000
        self._listener = listener
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ssmd-sync")
        self._running = False
        self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self._failed = self._closing = False
        self.appended: Callable[[], None] = self._sync if self._mode == "batch" else self._arm

    async def close(self) -> None:
        """Waits for what runs, then syncs and closes the writer. Raises `StorageError`."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, _nothing)
            if self._failed:
                return
            await loop.run_in_executor(self._thread, self._writer.close)
            self._seal()
            await loop.run_in_executor(self._thread, _nothing)
            await asyncio.sleep(0)
        finally:
            self._thread.shutdown(wait=True)

    def _arm(self) -> None:
        """A sync within the interval, where none is on its way."""
        if self._writer.jobs:
            self._seal()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._due)

    def _due(self) -> None:
        self._timer = None
        self._sync()

    def _sync(self) -> None:
        if self._running or self._failed:
            self._again = True
            return
        self._again = False
        if self._writer.jobs:
            self._seal()
        try:
            point = self._writer.sync_point()
        except StorageError as problem:
            if not problem.full:
                self._fail(problem)
            else:  # nothing was taken from the writer: it is tried again
                self._listener.full(problem)
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(self._interval, self._due)
            return
        if point is None or self._mode == "none":
            return
        self._running = True
        started = time.perf_counter()
        future = asyncio.get_running_loop().run_in_executor(self._thread, point.sync)
        future.add_done_callback(lambda done: self._done(done, point, started))

    def _done(self, future: asyncio.Future[None], point: SyncPoint, started: float) -> None:
        self._running = False
        problem = future.exception()
        if problem is not None:
            self._fail(problem)
            return
        self._writer.durable(point)
        self._listener.synced(time.perf_counter() - started)
        if self._again:
            self._sync()

    def _seal(self) -> None:
        loop = asyncio.get_running_loop()
        while self._writer.jobs:
            job = self._writer.jobs.pop(0)
            future = loop.run_in_executor(self._thread, job.run)
            future.add_done_callback(functools.partial(self._sealed, job))

    def _sealed(self, job: SealJob, future: asyncio.Future[Path]) -> None:
        problem = future.exception()
        if isinstance(problem, StorageError) and problem.full and not self._closing:
            self._writer.jobs.append(job)  # the data is durable, its manifest waits for room
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(max(self._interval, _FULL_SECONDS), self._due)
        elif problem is not None:
            self._fail(problem)
        else:
            self._listener.sealed(future.result())

    def _fail(self, problem: BaseException) -> None:
        """Final: nothing is acknowledged any more."""
        if not self._failed:
            self._failed = True
            told = problem if isinstance(problem, StorageError) else StorageError(f"the storage failed: {problem}")
            self._listener.failed(told)


def _nothing() -> None:
    """Done when everything before it is."""
