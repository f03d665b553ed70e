"""The simulator: an exchange on a port, and all that can be done to its clients.

    async with Simulator("kraken", rate=0) as simulator:
        ...  # connect to simulator.url and subscribe
        await simulator.subscribed()
        await simulator.emit(100)
        simulator.cut()

Misbehaviour is immediate, on every open connection or on the one that is named. Nothing here is fit for the internet.
"""

from __future__ import annotations

import asyncio
import functools
import http
import itertools
import logging
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ssmd_runtime.simulator.floor import Counters, Floor
from ssmd_runtime.simulator.link import Accepted, Link
from ssmd_runtime.simulator.mischief import Mischief
from ssmd_runtime.simulator.replay import recorded
from ssmd_runtime.simulator.sent import Log, Sent
from ssmd_runtime.simulator.venue import Page
from ssmd_runtime.simulator.venues import venue_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from ssmd_runtime.simulator.orders import Step

__all__ = ["Simulator"]

_CLOSE_SECONDS: Final = 1.0
_MILLISECOND: Final = 1_000_000


class Simulator(Mischief):
    """One exchange on one port. `rate`: frames a second in all; 0: only on command."""

    def __init__(  # noqa: PLR0913  each has its flag in the command
        self,
        exchange: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 10.0,
        seed: int = 1,
        instruments: Sequence[str] = (),
        clock: Callable[[], int] = time.time_ns,
        public_key: bytes | None = None,
        log_file: BinaryIO | None = None,
        keep: int = 1_000_000,
        script: Sequence[Step] = (),
        replay: Path | None = None,
        speed: float = 1.0,
        heartbeat_seconds: float | None = None,
        drip_seconds: float = 0.01,
        compression: bool = False,
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`clock`: Unix nanoseconds. `heard`: where the answer to `status` goes. Raises ValueError."""
        self.host = host
        self.port = port
        venue = venue_of(exchange, seed, instruments, clock(), public_key)
        self._log = Log(log_file, keep)
        super().__init__(Floor(venue, clock, self._log, rate), drip_seconds, heard)
        self._script = tuple(script)
        self._replay, self._speed = replay, speed
        self._heartbeat_seconds = heartbeat_seconds or venue.heartbeat_seconds
        self._compression = "deflate" if compression else None
        self._numbers = itertools.count(1)
        self._server: Server | None = None
        self._running: list[asyncio.Task[None]] = []
        self._told: list[BaseException] = []

    @property
    def url(self) -> str:
        """Where a client connects to."""
        return f"ws://{self._place}{self.floor.venue.path}"

    @property
    def http_url(self) -> str:
        """The same place, for plain HTTP; without a path."""
        return f"http://{self._place}"

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def log(self) -> list[Sent]:
        """Every data frame so far, the first `keep` of them."""
        return self._log.entries

    @property
    def counters(self) -> Counters:
        """What went on so far."""
        return self.floor.counters

    @property
    def connections(self) -> list[int]:
        """The numbers of the connections that are open."""
        return [link.number for link in self.links() if link.open]

    async def __aenter__(self) -> Self:
        """Listens. Raises OSError."""
        quiet = logging.getLogger("ssmd_runtime.simulator.websockets")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        self._server = await serve(
            self._converse,
            self.host,
            self.port,
            process_request=self._handshake,
            compression=self._compression,
            ping_interval=None,
            close_timeout=_CLOSE_SECONDS,
            max_queue=None,
            write_limit=1 << 20,
            server_header=None,
            logger=quiet,
            create_connection=functools.partial(_accepted, self),  # type: ignore[arg-type]  # any factory will do
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Says goodbye to who can hear it, and cuts the others; raises what went wrong and was not told yet."""
        for task in (*self._running, *self._floods):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for link in self.links():
            if not link.listening and not link.muted:
                link.wire.reset()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for error in self._failures():
            raise error

    def _start(self) -> None:
        self._floor_work(self._obey(self._script))
        if self._replay is not None:
            self.floor.replaying = True
            self._floor_work(self.floor.replay(recorded(self._replay), self._speed))
        else:
            self._floor_work(self.floor.run())

    def _floor_work(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: self.floor.changed())
        self._running.append(task)

    async def failed(self) -> None:
        """Waits for ever, or raises what ended the simulator's own work: OSError of the log, ReplayError."""
        await self.floor.until(lambda: self.floor.failure is not None or any(map(_broken, self._running)))
        for error in self._failures():
            self._told.append(error)
            raise error

    def _failures(self) -> list[BaseException]:
        """What went wrong and was not yet raised."""
        ended = [task.exception() for task in self._running if _broken(task)]
        return [error for error in (self.floor.failure, *ended) if error is not None and error not in self._told]

    async def subscribed(self, connections: int = 1) -> None:
        """Waits until so many connections get data."""
        await self.floor.until(lambda: len(self.floor.subscribed) >= connections)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until it holds; asked anew whenever something was sent or received, or a connection came or went."""
        await self.floor.until(holds)

    async def emit(self, count: int) -> int:
        """`count` data frames to each subscribed connection, at once; how many went out in all."""
        return await self.floor.emit(count)

    async def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        clock, venue = self.floor.clock, self.floor.venue
        page = self.refusal()
        if page is None and request.headers.get("Upgrade", "").lower() != "websocket":
            page = venue.page(request.path, request.headers, clock())
        page = page or venue.admits(request.path, request.headers, clock() // _MILLISECOND)
        if page is not None:
            return self._refused(page)
        found = venue.conversation(request.path)
        if isinstance(found, Page):
            return self._refused(found)
        assert isinstance(connection, Accepted)  # noqa: S101  what create_connection made
        connection.conversation = found
        return None

    def _refused(self, page: Page) -> Response:
        self.counters.refused += page.status >= 400
        body = page.body.encode()
        headers = Headers({"Content-Type": page.content_type, "Content-Length": str(len(body)), "Connection": "close"})
        return Response(page.status, http.HTTPStatus(page.status).phrase, headers, body)

    async def _converse(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Accepted)  # noqa: S101  what create_connection made
        link = Link(next(self._numbers), connection, self.floor.venue.seed)
        self.floor.links[link.number] = link
        self.counters.accepted += 1
        link.do(self._beat(link))
        try:
            self.floor.answer(link, link.conversation.opened())
            async for message in connection:
                self.counters.received += 1
                text = message if isinstance(message, str) else message.decode(errors="replace")
                self.floor.answer(link, link.conversation.received(text, asyncio.get_running_loop().time()))
        except ConnectionClosed:
            pass
        except Exception as error:  # told by `failed`, or at the end
            self.floor.failure = self.floor.failure or error
            raise
        finally:
            del self.floor.links[link.number]
            link.end()
            self.floor.changed()

    async def _beat(self, link: Link) -> None:
        idle = self.floor.venue.heartbeat_when_idle
        while True:
            await asyncio.sleep(self._heartbeat_seconds)
            if not idle or asyncio.get_running_loop().time() - link.last_data >= self._heartbeat_seconds:
                self.beat(link.number)

    async def _obey(self, steps: Sequence[Step]) -> None:
        """The script: each step when it is due, counted from the one before."""
        done = 0
        for step in steps:
            if step.frames is not None:
                done = self.floor.barrier = max(done, 0) + step.frames
                await self.floor.until(lambda due=done: self.counters.frames >= due)  # type: ignore[misc]
            else:
                self.floor.barrier = None
                await asyncio.sleep(step.seconds or 0.0)
            self.perform(step.order)
            done = self.counters.frames
        self.floor.barrier = None
        self.floor.changed()


def _broken(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


def _accepted(simulator: Simulator, *arguments: Any, **options: Any) -> Accepted:
    return Accepted(*arguments, drip_seconds=simulator.dripping, **options)
