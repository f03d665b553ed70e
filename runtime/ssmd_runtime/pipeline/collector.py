"""One spec, executed: preflight, storage, connections, HTTP, and an orderly end. Wiring only.

Exit codes: 0 stopped as asked (SIGTERM, SIGINT), 1 ended (the exchange went away and the spec says exit, the storage
failed), 2 could not start. What was received is on disk before any of them. A second signal ends it at once.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.feeds.picows_client import PicowsClient
from ssmd_runtime.feeds.rest_frames import RestFrames
from ssmd_runtime.feeds.websocket import FeedEnded
from ssmd_runtime.http.pages import Pages
from ssmd_runtime.http.server import HttpServer
from ssmd_runtime.logs import Log
from ssmd_runtime.pipeline.capture import Capture
from ssmd_runtime.pipeline.connections import Connections
from ssmd_runtime.pipeline.discovery import DiscoveryError
from ssmd_runtime.pipeline.preflight import Options, StartError, adapted, credentials
from ssmd_runtime.pipeline.pressure import Pressure
from ssmd_runtime.pipeline.signals import on_signal
from ssmd_runtime.pipeline.unread import Unread
from ssmd_runtime.reliability.sequences import SequenceTracker
from ssmd_runtime.reliability.watchdog import Watchdog
from ssmd_runtime.spec import SpecError
from ssmd_runtime.storage.files import StorageError
from ssmd_runtime.storage.syncing import Syncer
from ssmd_runtime.storage.writer import JsonlWriter
from ssmd_runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from signal import Signals

    from ssmd_runtime.exchanges.protocol import Credentials, Session
    from ssmd_runtime.feeds.client import Client
    from ssmd_runtime.keys.resolve import Sources
    from ssmd_runtime.reliability.gaps import Gap
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Collector", "run"]

STOPPED: Final = 0
ENDED: Final = 1
_LOOK_SECONDS: Final = 2.0


class Collector:
    """Executes a spec that the preflight has passed. `run` returns the exit code."""

    def __init__(
        self,
        spec: CollectorSpec,
        keys: Credentials,
        options: Options,
        *,
        client: Client | None = None,
        durable: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`durable` is told how many records are acknowledged, each time that it grows."""
        self._spec = spec
        self._options = options
        self._durable = durable
        self._log = Log("ssmd.collector", feed=spec.feed.name, environment=spec.environment, shard=spec.shard)
        self.telemetry = Telemetry(spec.feed.name)
        self._kind: type[Session] = (
            exchange_named(spec.feed.exchange).session if spec.feed.type == "websocket" else RestFrames
        )
        self._tracker = SequenceTracker(spec, self._kind)
        self._writer = JsonlWriter(spec, time.time_ns(), sequences=self._tracker.expected)
        self._syncer = Syncer(self._writer, spec.storage, self)
        self._capture = Capture(
            spec,
            self._kind,
            self._writer,
            self._tracker,
            self.telemetry,
            clock_ns=time.time_ns,
            appended=self._appended,
            full=self.full,
            unread=Unread(spec, self.telemetry, self._log, clock=time.monotonic, clock_ns=time.time_ns),
        )
        self._connections = Connections(
            keys,
            client or PicowsClient(),
            capture=self._capture,
            tracker=self._tracker,
            telemetry=self.telemetry,
            log=self._log,
            fail=self.failed,
        )
        self._last_ts: str | None = None
        self._earlier = False
        self._open_gaps: list[Gap] = []
        self._ended = asyncio.Event()
        self._pressure = Pressure(spec, self._writer, self.telemetry, self._log, self._connections.feeds, self.failed)
        self._started = False
        self.telemetry.waiting = "starting"
        self._http = HttpServer(Pages(spec, self.telemetry, self._refresh).by_path())
        self.http_port = 0

    async def run(self) -> int:
        """Until a signal, or until it cannot go on. Raises `StartError` before anything connects."""
        on_signal(self._signalled)
        self._recover()
        watchdog = Watchdog(self._spec.liveness.watchdog_seconds, self._stuck)
        watchdog.start()
        caring = asyncio.ensure_future(self._look_after(watchdog))
        try:
            await self._listen()
            self._spec = await self._connections.find(self._spec, self._ended)
            self._connections.build(self._spec)
            self._tell_started()
            await self._until_ended()
        finally:
            await self._http.close()
            code = await self._close()
            caring.cancel()
            watchdog.stop()
        return code

    def stop(self) -> None:
        """Ends the run in order; `run` returns 0, unless something failed."""
        self._ended.set()

    # What the syncer tells

    def synced(self, seconds: float) -> None:
        """Records became durable."""
        self.telemetry.syncs.observe(seconds)
        self._note_durable()
        self._pressure.synced()

    def full(self, problem: StorageError) -> None:
        """There is no room on the disk."""
        self._pressure.no_room(problem, self._capture)

    def sealed(self, path: Path) -> None:
        """A file is finished."""
        self.telemetry.sealed_files += 1
        self._log.info("sealed", file=str(path))

    def failed(self, problem: Exception) -> None:
        """The end: nothing is acknowledged any more."""
        if self.telemetry.problem is None:
            kind = (
                "storage" if isinstance(problem, StorageError) else "feed" if isinstance(problem, FeedEnded) else "bug"
            )
            told = str(problem) if kind != "bug" else f"a defect of ssmd: {_where(problem)}"
            self.telemetry.problem = told
            self.telemetry.errors[kind] += 1
            self._log.error("ending", kind=kind, reason=told)
        self._ended.set()

    # Parts of a run

    def _recover(self) -> None:
        """Repairs what the last run left, says so, and opens the gap of the time in between."""
        found = self._writer.recover(self._capture.remember)
        for path, size in found.torn:
            self._log.warning("torn_tail_cut", file=str(path), bytes=size)
        for path, damage, detail in found.damaged:
            self._log.error("damaged", file=str(path), offset=damage.offset, bytes=damage.bytes, what=detail)
            self._capture.gap(
                reason="damaged",
                from_ts=damage.after_ts,
                to_ts=damage.before_ts or self._capture.stamp(),
                detail=detail,
            )
        found.note()
        self._last_ts, self._earlier, self._open_gaps = found.last_ts, found.earlier, found.open_gaps

    async def _listen(self) -> None:
        port = self._spec.http.port if self._options.http_port is None else self._options.http_port
        try:
            self.http_port = await self._http.start(port, self._options.http_host)
        except OSError as problem:
            raise StartError([f"cannot listen on port {port}: {problem.strerror or problem}"]) from None

    def _tell_started(self) -> None:
        self._started, self.telemetry.waiting = True, None
        self._log.info("listening", port=self.http_port)

    def _signalled(self, number: Signals) -> None:
        self._log.info("stopping", signal=number.name)
        self._ended.set()

    async def _until_ended(self) -> None:
        """Captures until a connection ends for good, or somebody asks to stop."""
        if self._ended.is_set():
            return
        if self._spec.journal.type != "memory":
            self._log.warning(
                "journal_not_written", journal=self._spec.journal.type, why="this runtime writes none yet"
            )
        if self._earlier:
            self._connections.resume(self._last_ts, self._open_gaps)
        self._connections.start()
        await self._ended.wait()
        await self._connections.stop()

    async def _look_after(self, watchdog: Watchdog) -> None:
        """What has to be looked at now and then: that this loop runs, and that the disk takes what it is given."""
        while True:
            watchdog.beat()
            self._pressure.tick()
            self._look_after_files()
            await asyncio.sleep(min(watchdog.beat_seconds, _LOOK_SECONDS))

    def _look_after_files(self) -> None:
        """Seals the file of a day that is over though nothing comes, and notices files that were taken away."""
        if self._pressure.full or self._ended.is_set():
            return
        try:
            self._writer.tick(time.time_ns())
        except StorageError as problem:
            if not problem.full:  # with room it is done at the next look
                self.failed(problem)
            return
        if self._writer.jobs:
            self._syncer.appended()

    def _stuck(self, seconds: float) -> None:
        """Told by the watchdog, from its thread, right before it ends the process."""
        self._log.error("ending", kind="watchdog", reason=f"the event loop has been stuck for {seconds:.0f} s")

    async def _close(self) -> int:
        """Everything that was received goes to disk, or it is told how much does not; the exit code."""
        try:
            if self._pressure.full and not self._capture.retry():
                self.failed(StorageError(f"{self.telemetry.waiting}: {self._capture.held} writes were lost with it"))
            async with asyncio.timeout(self._spec.liveness.watchdog_seconds):
                await self._syncer.close()
        except TimeoutError:
            self.failed(StorageError("the disk does not take what is left"))
        except StorageError as problem:
            self.failed(problem)
        self._note_durable()
        if self._started:  # what never started does not stop
            self._tell_stopped()
        return STOPPED if self.telemetry.problem is None else ENDED

    def _tell_stopped(self) -> None:
        self._log.info(
            "stopped",
            messages=sum(self.telemetry.messages.values()),
            records=self._writer.records,
            durable=self._writer.durable_records,
            gaps=sum(self.telemetry.gaps.values()),
        )

    # Memory and the disk

    def _appended(self) -> None:
        self._syncer.appended()
        self._pressure.appended()

    def _refresh(self) -> None:
        """Brings the telemetry up to date with what others count."""
        self._note_durable()
        self.telemetry.written_bytes = self._writer.written_bytes
        self.telemetry.queue_bytes = self._capture.waiting_bytes
        if self._tracker.unnumbered:  # frames that should have a number and have none: no gap can be seen in them
            self.telemetry.errors["unnumbered"] = self._tracker.unnumbered

    def _note_durable(self) -> None:
        if self._writer.durable_records != self.telemetry.durable_messages:
            self.telemetry.durable_messages = self._writer.durable_records
            self._durable(self._writer.durable_records)


async def run(spec: CollectorSpec, options: Options, sources: Sources | None = None) -> int:
    """Executes a spec: preflight, then the collector. Raises `StartError` with everything that has to be mended."""
    spec = adapted(spec, options)
    keys = await credentials(spec, sources)
    try:
        return await Collector(spec, keys, options).run()
    except (SpecError, StorageError) as problem:
        raise StartError([str(problem)]) from None
    except DiscoveryError as problem:
        Log("ssmd.collector", environment=spec.environment).error("ending", kind="discovery", reason=str(problem))
        return ENDED


def _where(problem: BaseException) -> str:
    """Where a defect showed: its kind, and the last lines of ssmd's own code; no values."""
    places = []
    trace = problem.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(problem).__name__} in {' > '.join(places[-4:])}"
