"""What a spec is captured through: its connections, or its polled endpoints; built, run, added to, and stopped."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.exchanges.protocol import share_out
from ssmd_runtime.feeds.websocket import Parts, WebSocketFeed
from ssmd_runtime.pipeline.discovery import DiscoveryError, discover
from ssmd_runtime.pipeline.preflight import StartError
from ssmd_runtime.pipeline.rest_feed import RestFeed
from ssmd_runtime.reliability.circuit_breaker import CircuitBreaker, State
from ssmd_runtime.reliability.gaps import fields_of
from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from ssmd_runtime.exchanges.protocol import Credentials, Session
    from ssmd_runtime.feeds.client import Client
    from ssmd_runtime.logs import Log
    from ssmd_runtime.pipeline.capture import Capture
    from ssmd_runtime.reliability.gaps import Gap
    from ssmd_runtime.reliability.sequences import SequenceTracker
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["Connections"]

_STOP_SECONDS: Final = 5.0
_REDISCOVER_SECONDS: Final = 300.0


class Connections:
    """Those of one collector; `fail` ends it."""

    def __init__(  # noqa: PLR0913 -- whom they give frames to, and whom they tell
        self,
        keys: Credentials,
        client: Client,
        *,
        capture: Capture,
        tracker: SequenceTracker,
        telemetry: Telemetry,
        log: Log,
        fail: Callable[[Exception], None],
    ) -> None:
        self.feeds: list[WebSocketFeed] = []
        self._keys = keys
        self._client = client
        self._capture = capture
        self._tracker = tracker
        self._telemetry = telemetry
        self._log = log
        self._fail = fail
        self._sessions: list[Session] = []
        self._rest: RestFeed | None = None
        self._work: list[asyncio.Future[None]] = []
        self._asides: list[asyncio.Future[None]] = []

    async def find(self, spec: CollectorSpec, ended: asyncio.Event) -> CollectorSpec:
        """The spec, with the instruments that it does not name; as it is when the run ended first."""
        wanted = spec.subscriptions
        if wanted.discovery is None or wanted.instruments:
            return spec
        work, waiting = asyncio.ensure_future(discover(spec)), asyncio.ensure_future(ended.wait())
        await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not work.done():
            work.cancel()
            return spec
        wanted = msgspec.structs.replace(wanted, instruments=work.result())
        self._log.info("discovered", instruments=len(wanted.instruments))
        return msgspec.structs.replace(spec, subscriptions=wanted)

    def build(self, spec: CollectorSpec) -> None:
        """Make them, unconnected. Raises `StartError` for what the spec asks for and no exchange gives."""
        self._spec = spec
        try:
            if spec.feed.type == "websocket":
                self._build_feeds(spec)
            else:
                self._rest = RestFeed(spec, self._keys, self._capture, self._telemetry, self._breaker_changed)
        except SpecError as problem:
            raise StartError([str(problem)]) from None
        self._telemetry.connections = len(self.feeds) or 1

    def _build_feeds(self, spec: CollectorSpec) -> None:
        exchange = exchange_named(spec.feed.exchange)
        breaker = CircuitBreaker(spec.circuit_breaker, time.monotonic, self._breaker_changed)
        self._parts = Parts(
            spec=spec,
            capture=self._capture,
            tracker=self._tracker,
            telemetry=self._telemetry,
            client=self._client,
            breaker=breaker,
            log=self._log,
            ordinal=itertools.count(1).__next__,
            fail=self._fail,
        )
        self._breaker_changed(breaker.state)
        for share in exchange.shares(spec):
            session = exchange.session(spec, share, self._keys)
            _ = [*session.commands()], session.ping_seconds  # mistakes in either are told before anything connects
            self._add(session)

    def _add(self, session: Session) -> WebSocketFeed:
        feed = WebSocketFeed(self._parts, session)
        self._sessions.append(session)
        self.feeds.append(feed)
        return feed

    def resume(self, last_ts: str | None, open_gaps: Iterable[Gap]) -> None:
        """Between the last run's last record and the first one of this run nothing was captured.

        Which connection goes on where an earlier one ended is not known: what the last run left open ends with the
        first data of all of them.
        """
        fields: dict[str, Any] = {"reason": "restart", "from_ts": last_ts}
        feeds: Sequence[WebSocketFeed | RestFeed] = [self._rest] if self._rest is not None else self.feeds
        for feed, restart in zip(feeds, self._capture.gaps([(None, fields)] * len(feeds)), strict=True):
            for gap in open_gaps:
                feed.resume_from(gap.id, fields_of(gap))
            feed.resume_from(restart, fields)

    def start(self) -> None:
        """Connect, and look for new markets from time to time where the spec says so."""
        for feed in self.feeds:
            self._start(feed)
        if self._rest is not None:
            self._asides.append(asyncio.ensure_future(self._guarded(self._rest.run())))
        elif self._spec.subscriptions.discovery is not None:
            self._asides.append(asyncio.ensure_future(self._guarded(self._rediscover())))

    async def stop(self) -> None:
        """Close them in order, and leave those that take too long for it."""
        for aside in self._asides:
            aside.cancel()
        for feed in self.feeds:
            feed.stop()
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.gather(*self._work, *self._asides, return_exceptions=True)

    def _start(self, feed: WebSocketFeed) -> None:
        self._work.append(asyncio.ensure_future(self._guarded(feed.run())))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 -- whatever ends a feed ends the collector, and is told
            self._fail(problem)

    async def _rediscover(self) -> None:
        """Markets come and go: asks again, and takes up what is new, on further connections where it has to be."""
        while True:
            await asyncio.sleep(_REDISCOVER_SECONDS)
            try:
                found = await discover(self._spec)
            except DiscoveryError as problem:
                self._telemetry.errors["discovery"] += 1
                self._log.warning("discovery_failed", reason=str(problem))
                continue
            rest = share_out(self._sessions, found)
            exchange = exchange_named(self._spec.feed.exchange)
            for share in exchange.further(self._spec, rest, len(self.feeds) + 1):
                feed = self._add(exchange.session(self._spec, share, self._keys))
                self._telemetry.connections += 1
                self._start(feed)

    def _breaker_changed(self, state: State) -> None:
        self._telemetry.breakers["exchange"] = int(state)
