"""The REST poller: asks each target in its turn, hands every answer on, and tells what it could not get.

Within the exchange's rate, with the spec's retries and circuit breaker. What was missed (a poll that failed after all
retries, turns that passed while a server made us wait) goes to `missed` with its span: nothing is lost in silence.
Nothing here writes files or counts metrics: that is what the `Reports` are for.
"""

from __future__ import annotations

import asyncio
import random as chance
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ssmd_runtime.feeds.fetching import Failure, fetch
from ssmd_runtime.feeds.polling import Pace, Polls, Target, one_line, plan
from ssmd_runtime.reliability.circuit_breaker import CircuitBreaker, State
from ssmd_runtime.reliability.retry import retry
from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    import httpx

    from ssmd_runtime.exchanges.protocol import Credentials
    from ssmd_runtime.reliability.gaps import Reason
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Clock", "Missed", "Reports", "RestPoller", "headers_of"]

REQUEST_SECONDS: Final = 30.0
_PLAIN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Missed:
    """What was not got of a target, from one Unix time (nanoseconds) to another. `reason`: poll_failed, poll_late."""

    reason: Reason
    channel: str
    symbol: str | None
    from_ns: int
    to_ns: int
    detail: str


@dataclass(frozen=True, slots=True)
class Reports:
    """Who is told. `sink` takes bodies as frames; what it raises ends the poller. `error` takes a kind for a metric."""

    sink: Callable[[list[bytes]], None]
    missed: Callable[[Missed], None]
    error: Callable[[str], None] = lambda _: None
    connected: Callable[[bool], None] = lambda _: None
    breaker: Callable[[State], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, for a test to put others in their place."""

    monotonic: Callable[[], float] = time.monotonic
    wall_ns: Callable[[], int] = time.time_ns
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = chance.random


@dataclass(slots=True)
class _Since:
    """From when on a target's past is not known to be covered."""

    start_ns: int
    covered: dict[Target, int] = field(default_factory=dict)

    def span(self, target: Target, now_ns: int) -> tuple[int, int]:
        """What is not covered up to now; from here on it is accounted for."""
        start = self.covered.get(target, self.start_ns)
        self.covered[target] = now_ns
        return start, now_ns


class RestPoller:
    """One spec's polls. Raises `SpecError` for a spec that it cannot execute."""

    def __init__(
        self,
        spec: CollectorSpec,
        credentials: Credentials,
        reports: Reports,
        clock: Clock | None = None,
        *,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._spec = spec
        self._plan = plan(spec)
        self._headers = headers_of(spec, credentials)
        self._reports = reports
        self._clock = clock or Clock()
        self._seconds = request_seconds
        self._pace = Pace(spec.subscriptions.limits.rate_limit_per_second)
        self._breaker = CircuitBreaker(spec.circuit_breaker, self._clock.monotonic, reports.breaker)
        self._polls = Polls(self._plan, self._clock.monotonic())
        self._since = _Since(self._clock.wall_ns())
        self._connected: bool | None = None

    async def run(self) -> None:
        """Poll until cancelled. What the sink raises comes out."""
        import httpx

        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(timeout=self._seconds, trust_env=False, limits=limits) as client:
            try:
                while True:
                    await self._turn(client)
            finally:
                self._tell_connected(up=False)

    async def _turn(self, client: httpx.AsyncClient) -> None:
        target, due = self._polls.next()
        await self._sleep_until(due)
        await self._clock.sleep(self._breaker.wait_seconds)
        try:
            body = await self._poll(client, target)
        except Failure as failure:
            self._tell_missed("poll_failed", target, str(failure))
            self._tell_connected(up=False)
            self._polls.ended(target, self._clock.monotonic())
            return
        if body:
            self._reports.sink([one_line(body)])
        self._tell_connected(up=True)
        self._polls.answered(target, body)
        late = self._polls.ended(target, self._clock.monotonic())
        if late:
            self._tell_missed("poll_late", target, f"{late} polls were left out: an earlier one took as long")
        self._since.span(target, self._clock.wall_ns())

    async def _poll(self, client: httpx.AsyncClient, target: Target) -> bytes:
        async def attempt() -> bytes:
            return await self._attempt(client, self._polls.url(target))

        return await retry(
            attempt,
            self._spec.retry,
            lambda problem: isinstance(problem, Failure) and problem.transient,
            self._clock.sleep,
            random=self._clock.random,
        )

    async def _attempt(self, client: httpx.AsyncClient, url: str) -> bytes:
        """One request, if the breaker lets it go; a server that asks for a pause gets it from all targets."""
        permit = self._breaker.allow()
        if permit is None:
            self._reports.error("circuit_open")
            raise Failure("circuit_open", "the server failed too often: not asked", transient=False)
        try:
            await self._sleep_until(self._pace.take(self._clock.monotonic()))
            most = self._spec.buffer.max_bytes
            body = await fetch(client, url, self._headers, most_bytes=most, seconds=self._seconds)
        except Failure as failure:
            self._reports.error(failure.kind)
            self._pace.pause(self._clock.monotonic() + failure.wait_seconds)
            (self._breaker.failed if failure.against else self._breaker.succeeded)(permit)
            raise
        except BaseException:
            self._breaker.abandoned(permit)
            raise
        self._breaker.succeeded(permit)
        return body

    async def _sleep_until(self, moment: float) -> None:
        await self._clock.sleep(max(0.0, moment - self._clock.monotonic()))

    def _tell_missed(self, reason: Reason, target: Target, detail: str) -> None:
        start, end = self._since.span(target, self._clock.wall_ns())
        self._reports.missed(Missed(reason, target.path, target.instrument, start, end, detail))

    def _tell_connected(self, *, up: bool) -> None:
        if up is not self._connected:
            self._connected = up
            self._reports.connected(up)


def headers_of(spec: CollectorSpec, credentials: Credentials) -> Mapping[str, str]:
    """The headers of every request: `Authorization: Bearer KEY`, or the key alone in `parser_config.auth_header`.

    The key's field is `api_key`, or its only one. Raises `SpecError`, which never shows a value.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "ssmd"}
    if spec.auth.method == "none":
        return headers
    if spec.auth.method != "api_key":
        raise SpecError(f"auth: a REST feed authenticates by api_key or not at all, not by {spec.auth.method}")
    found = credentials.get("api_key") or (next(iter(credentials.values())) if len(credentials) == 1 else None)
    if found is None:
        raise SpecError("auth: the key of a REST feed needs a field `api_key`")
    value = found.reveal()
    if not value or not value.isascii() or not value.isprintable():
        raise SpecError("auth: the field `api_key` holds what no header can: a line break, or no ASCII text")
    name = spec.parser_config.get("auth_header")
    if name is None:
        return headers | {"Authorization": f"Bearer {value}"}
    if not isinstance(name, str) or not name or not set(name) <= _PLAIN:
        raise SpecError("parser_config: `auth_header` must be the name of a header")
    return headers | {name: value}
