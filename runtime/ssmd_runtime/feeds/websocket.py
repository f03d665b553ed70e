"""One share of the subscriptions over one WebSocket connection after another: open, subscribe, keep alive, come back.

Frames go to the capture first and to the session afterwards. Every interruption is a gap record, opened when the line
ends and closed when data flows again and every subscription is answered or given up. `on_disconnect: exit` ends the
process on the first interruption; `reconnect` comes back with a growing, jittered delay that starts anew only after a
connection with data has lived for as long.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ssmd_runtime.feeds.client import ConnectError
from ssmd_runtime.reliability.circuit_breaker import State
from ssmd_runtime.reliability.liveness import Liveness
from ssmd_runtime.reliability.retry import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_runtime.exchanges.protocol import Refusal, Session
    from ssmd_runtime.feeds.client import Client, Line
    from ssmd_runtime.logs import Log
    from ssmd_runtime.pipeline.capture import Capture
    from ssmd_runtime.reliability.circuit_breaker import CircuitBreaker
    from ssmd_runtime.reliability.gaps import Reason
    from ssmd_runtime.reliability.sequences import SequenceTracker
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["FeedEnded", "Parts", "WebSocketFeed"]

CONNECT_SECONDS: Final = 10.0
MOST_MESSAGE_BYTES: Final = 16 << 20
_TICK_SECONDS: Final = 0.5
_MOST_ENDING_SECONDS: Final = 3.0  # longer than any client takes to close; the collector waits longer still
_REFUSED: Final = {401, 403}
_MOST_REFUSALS: Final = 2  # one may be a slip of the exchange's front door


class FeedEnded(Exception):  # noqa: N818 -- an end that was asked for by the spec is no error
    """The connection is over and is not to be opened again; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class _OpenGap:
    id: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the connections of one collector share.

    `ordinal` numbers connections as they are opened, from 1; `fail` ends the collector.
    """

    spec: CollectorSpec
    capture: Capture
    tracker: SequenceTracker
    telemetry: Telemetry
    client: Client
    breaker: CircuitBreaker
    log: Log
    ordinal: Callable[[], int]
    fail: Callable[[Exception], None]
    clock: Callable[[], float] = time.monotonic
    clock_ns: Callable[[], int] = time.time_ns


class WebSocketFeed:
    """Keeps one share's connection. `run` ends with `FeedEnded`, or when `stop` was called."""

    def __init__(self, parts: Parts, session: Session) -> None:
        self._parts = parts
        self._session = session
        self._backoff = Backoff(parts.spec.retry)
        self._opening: asyncio.Future[Line] | None = None
        self._line: Line | None = None
        self._live: Liveness | None = None
        self._closed: asyncio.Future[str] | None = None
        self._ordinal = 0
        self._received = 0
        self._gaps: list[_OpenGap] = []
        self._last_ns = 0
        self._up = self._subscribed = self._mute = False
        self._permit: int | None = None
        self._opened_at = 0.0
        self._refusals = 0
        self._paused = False
        self._stopping = asyncio.Event()
        self._leave: str | None = None
        self._unanswered: set[Refusal] = set()

    def resume_from(self, gap: str, fields: dict[str, Any]) -> None:
        """A gap is open since before this run, or since it began: it is over when what we interrupt ourselves is."""
        self._gaps.append(_OpenGap(gap, fields))

    async def run(self) -> None:
        """Opens connections until there is a reason not to."""
        attempts = 0
        while not self._stopping.is_set():
            permit = self._parts.breaker.allow()
            if permit is None:
                await self._wait(max(self._parts.breaker.wait_seconds, 0.05))
                continue
            try:
                await self._open()
            except ConnectError as problem:
                if self._stopping.is_set():
                    if self._received:
                        self._interrupted(str(problem))
                    return
                self._parts.breaker.failed(permit)
                attempts += 1
                await self._failed_to_open(problem, attempts)
                continue
            attempts = 0
            self._permit = permit
            reason = await self._live_through()
            if self._permit is not None and not self._stopping.is_set():
                self._parts.breaker.failed(self._permit)
            self._interrupted(reason)
            if self._stopping.is_set():
                return
            if self._parts.spec.on_disconnect == "exit":
                raise FeedEnded(reason)
            await self._wait(self._backoff.next_delay())

    def stop(self) -> None:
        """Closes the connection; `run` ends soon."""
        self._stopping.set()
        if self._opening is not None:
            self._opening.cancel()
        self._close()

    def pause(self) -> None:
        """Stops reading: what comes waits at the exchange's end."""
        if self._line is not None and self._live is not None and not self._paused:
            self._paused = True
            self._live.paused(self._parts.clock())
            self._line.pause()

    def resume(self) -> None:
        """Reads on."""
        if self._line is not None and self._live is not None and self._paused:
            self._paused = False
            self._live.resumed(self._parts.clock())
            self._line.resume()

    # What the client tells

    def batch(self, frames: list[bytes]) -> None:
        """Text frames: written first, then looked at."""
        try:
            taken = self._parts.capture.take(self._ordinal, frames)
            now = self._parts.clock()
            if taken.data:
                self._data(taken.data, taken.now_ns, now)
            elif self._live is not None:
                self._live.heard(now)
            for kind, frame in taken.control:
                self._control(kind, frame, now)
            if self._gaps and self._received and self._session.settled(now):
                self._flows(taken.now_ns, now)
        except Exception as problem:  # noqa: BLE001 -- the client's callback is no place for it: it ends the process
            self._parts.fail(problem)

    def binary(self, frame: bytes) -> None:
        """A binary frame: kept, and counted as an error."""
        try:
            taken = self._parts.capture.take_binary(frame)
            self._data(taken.data, taken.now_ns, self._parts.clock())
        except Exception as problem:  # noqa: BLE001 -- as above
            self._parts.fail(problem)

    def alive(self) -> None:
        """A ping or a pong."""
        if self._live is not None:
            self._live.heard(self._parts.clock())

    def closed(self, reason: str) -> None:
        """The connection is over."""
        if self._closed is not None:
            _settle(self._closed, reason)

    # The life of a connection

    async def _open(self) -> None:
        parts = self._parts
        connect = self._session.connect(parts.clock_ns() // 1_000_000)
        self._closed = asyncio.get_running_loop().create_future()
        self._ordinal, self._received, self._leave = parts.ordinal(), 0, None
        self._unanswered.clear()
        self._opened_at = parts.clock()  # for what comes before it stands
        self._live = Liveness(
            ping_seconds=self._session.ping_seconds,
            stale_seconds=parts.spec.liveness.stale_seconds,
            now=parts.clock(),
        )
        work = parts.client.open(connect, self, most_bytes=MOST_MESSAGE_BYTES, timeout=CONNECT_SECONDS)
        self._opening = asyncio.ensure_future(work)
        try:
            self._line = await self._opening
        except asyncio.CancelledError:
            if self._stopping.is_set():
                raise ConnectError("stopped while connecting") from None
            raise
        self._paused = False
        self._up = True
        self._opened_at = parts.clock()
        self._refusals = 0
        parts.telemetry.connected += 1
        parts.log.info(
            "connected",
            connection=self._ordinal,
            share=self._session.share.number,
            instruments=len(self._session.share.instruments),
        )
        for command in self._session.opened(parts.clock()):
            self._line.send(command)
        self._note_subscribed()
        if self._stopping.is_set():
            self._close()

    async def _failed_to_open(self, problem: ConnectError, attempts: int) -> None:
        parts = self._parts
        parts.telemetry.errors["connect"] += 1
        parts.log.warning("connect_failed", attempt=attempts, error=str(problem))
        if not self._gaps:
            self._open_gap("connect_failed", detail=str(problem))
        self._refusals = self._refusals + 1 if problem.status in _REFUSED else 0
        if self._refusals >= _MOST_REFUSALS and parts.spec.auth.method != "none":
            raise FeedEnded(f"the exchange does not accept the credentials: {problem}")
        if parts.spec.on_disconnect == "exit" and attempts >= parts.spec.retry.max_attempts:
            raise FeedEnded(f"cannot connect after {attempts} attempts: {problem}")
        await self._wait(self._backoff.next_delay())

    async def _live_through(self) -> str:
        """Looks at the clocks until the connection is over; why it is."""
        closed = self._closed
        if closed is None or self._line is None:
            return "never opened"
        while not closed.done():
            due = self._session.next_due
            soon = _TICK_SECONDS if due is None else max(0.0, min(_TICK_SECONDS, due - self._parts.clock()))
            await asyncio.wait({closed}, timeout=soon)
            if not closed.done():
                self._tick(self._parts.clock())
        self._line = None
        return self._leave or closed.result()

    def _tick(self, now: float) -> None:
        session, line, live = self._session, self._line, self._live
        if line is None or live is None:
            return
        for command in session.due(now):
            line.send(command)
        if live.ping_due(now):
            ping = session.ping()
            if ping is None:
                line.ping()
            else:
                line.send(ping)
        self._give_up(now)
        if live.stale(now):
            self._end(f"stale: nothing came for {live.silence(now):.0f} s")
        self._set_mute(muted=live.mute(now))
        if self._received and not self._mute:
            self._works()
            if now - self._opened_at >= self._parts.spec.retry.max_delay_ms / 1000:
                self._backoff.reset()  # it has lived: one frame and a cut is how storms begin
        self._note_subscribed()

    def _end(self, reason: str) -> None:
        self._leave = self._leave or reason
        if self._line is not None:
            self._line.abort()
            self._over_soon(reason)

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._over_soon("closed by us")

    def _over_soon(self, reason: str) -> None:
        """A line that we end tells that it is over. One that never does is over all the same."""
        if self._closed is not None:
            asyncio.get_running_loop().call_later(_MOST_ENDING_SECONDS, _settle, self._closed, reason)

    def _data(self, count: int, now_ns: int, now: float) -> None:
        if self._live is not None:
            self._live.data(now)
        self._received += count
        self._last_ns = now_ns
        if self._received == count:
            self._works()
            self._set_mute(muted=False)

    def _flows(self, now_ns: int, now: float) -> None:
        """Data flows, and nothing that was asked for is still to be answered: what was interrupted is over."""
        self._give_up(now)  # what is missing all the same is declared before that is
        capture = self._parts.capture
        to_ts = capture.stamp(now_ns)
        capture.gaps((gap.id, gap.fields | {"to_ts": to_ts}) for gap in self._gaps)
        self._gaps.clear()

    def _open_gap(self, reason: Reason, **fields: Any) -> None:
        """Declares a gap whose end is not known yet."""
        capture = self._parts.capture
        fields |= {"reason": reason, "from_ts": capture.stamp(self._last_ns) if self._last_ns else None}
        self._gaps.append(_OpenGap(capture.gap(**fields), fields))

    def _control(self, kind: str, frame: bytes, now: float) -> None:
        reply = self._session.answered(kind, frame, now)
        self._refused("refused", reply.refused)
        if self._line is not None:
            for command in reply.send:
                self._line.send(command)
        if reply.leave is not None:
            self._end(reply.leave)
        self._note_subscribed()

    def _give_up(self, now: float) -> None:
        """Declares what was not answered in time."""
        late = [refusal for refusal in self._session.overdue(now) if refusal not in self._unanswered]
        self._refused("unanswered", late)

    def _refused(self, reason: Reason, refusals: Sequence[Refusal]) -> None:
        """What the exchange does not send us: declared once, and the rest goes on."""
        if not refusals:
            return
        parts = self._parts
        now_ns, now = parts.clock_ns(), parts.clock()  # together, for one is reckoned back by the other
        declared: list[tuple[None, dict[str, Any]]] = []
        for refusal in refusals:
            self._unanswered.add(refusal)
            parts.telemetry.errors[reason] += 1
            parts.log.warning(reason, channel=refusal.channel, instrument=refusal.instrument, why=refusal.reason)
            fields = {
                "reason": reason,
                "connection": self._ordinal,
                "channel": refusal.channel,
                "symbol": refusal.instrument,
                "from_ts": parts.capture.stamp(now_ns - int((now - self._missing_since(refusal, now)) * 1e9)),
                "detail": refusal.reason,
            }
            declared.append((None, fields))
        parts.capture.gaps(declared)

    def _missing_since(self, refusal: Refusal, now: float) -> float:
        """Since the connection stood, while it is being subscribed: until then the interruption tells it.

        What came later is missing since it was asked for, as far as that is known.
        """
        named = refusal.channel is not None or refusal.instrument is not None
        if named and not self._subscribed:
            return self._opened_at
        return now if refusal.asked is None else refusal.asked

    def _interrupted(self, reason: str) -> None:
        """The line is over: forget its state, and declare the gap."""
        parts = self._parts
        self._set_mute(muted=False)
        if self._up:
            parts.telemetry.connected -= 1
        if self._subscribed:
            parts.telemetry.subscribed -= 1
        self._up = self._subscribed = False
        self._line = None
        parts.tracker.interrupted(self._ordinal)
        stopped = self._stopping.is_set()
        kind: Reason = "stopped" if stopped else "stale" if reason.startswith("stale") else "disconnected"
        if not stopped:
            parts.telemetry.errors["disconnect"] += 1
        tell = parts.log.info if stopped else parts.log.warning
        tell("disconnected", connection=self._ordinal, reason=reason, received=self._received)
        self._open_gap(kind, connection=self._ordinal, received=self._received, detail=reason)

    def _note_subscribed(self) -> None:
        if self._up and not self._subscribed and self._session.subscribed:
            self._subscribed = True
            self._works()
            self._parts.telemetry.subscribed += 1
            self._parts.log.info("subscribed", connection=self._ordinal)

    def _works(self) -> None:
        """The exchange answers as it should: the circuit may close, as soon as it has seen that often enough."""
        breaker = self._parts.breaker
        permit, self._permit = self._permit, None
        if permit is None and breaker.state is State.HALF_OPEN:
            permit = breaker.allow()
        if permit is not None:
            breaker.succeeded(permit)

    def _set_mute(self, *, muted: bool) -> None:
        if muted != self._mute:
            self._mute = muted
            self._parts.telemetry.mute += 1 if muted else -1
            if muted:
                self._parts.log.warning("mute", connection=self._ordinal)

    async def _wait(self, seconds: float) -> None:
        """Sleeps, unless it is time to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


def _settle(closed: asyncio.Future[str], reason: str) -> None:
    if not closed.done():
        closed.set_result(reason)
