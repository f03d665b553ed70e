"""The client on `websockets`: several times slower, and the second opinion on what a connection has to look like.

The contract tests of tests/runtime/feeds run against both clients.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websockets_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode

from ssmd_runtime.feeds.client import ConnectError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ssmd_runtime.exchanges.protocol import Connect
    from ssmd_runtime.feeds.client import Receiver

__all__ = ["WebsocketsClient"]


class _Connection(ClientConnection):
    """Tells of pings and pongs, which the library otherwise keeps to itself."""

    heard: Callable[[], None] = staticmethod(lambda: None)

    def process_event(self, event: Any) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode in {Opcode.PING, Opcode.PONG}:
            self.heard()


class _Connect(websockets_connect):
    """Does not follow redirects: signed headers are for one address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class _Line:
    def __init__(self, connection: _Connection, receiver: Receiver) -> None:
        self._connection = connection
        self._receiver = receiver
        self._reason: str | None = None
        self._tasks: set[asyncio.Future[Any]] = set()
        self._keep(self._read())

    def send(self, text: bytes) -> None:
        self._keep(self._connection.send(text, text=True))

    def ping(self) -> None:
        self._keep(self._ping())

    def pause(self) -> None:
        self._connection.transport.pause_reading()

    def resume(self) -> None:
        self._connection.transport.resume_reading()

    def close(self) -> None:
        self._reason = "closed by us"
        self._keep(self._connection.close())

    def abort(self) -> None:
        self._connection.transport.abort()

    async def _ping(self) -> None:
        await self._connection.ping()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # sending on a line that is over: `closed` tells it

    async def _read(self) -> None:
        """Messages one by one; text and binary are told apart by their type."""
        try:
            while True:
                message = await self._connection.recv()
                if isinstance(message, str):
                    self._receiver.batch([message.encode()])
                else:
                    self._receiver.binary(message)
        except ConnectionClosed as problem:
            self._receiver.closed(self._reason or _why(problem))


class WebsocketsClient:
    """Opens connections with `websockets`. `tls`: what to trust, by default the system's certificates."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    async def open(self, connect: Connect, receiver: Receiver, *, most_bytes: int, timeout: float) -> _Line:  # noqa: ASYNC109
        def listening(*arguments: Any, **settings: Any) -> _Connection:
            made = _Connection(*arguments, **settings)
            made.heard = receiver.alive
            return made

        try:
            connection = await _Connect(
                connect.url,
                additional_headers=dict(connect.headers),
                compression=None,
                create_connection=listening,  # type: ignore[arg-type]  # called, never subclassed
                max_size=most_bytes,
                open_timeout=timeout,
                ping_interval=None,
                close_timeout=2,
                proxy=None,
                ssl=self._tls if connect.url.startswith("wss:") else None,
            )
        except InvalidStatus as problem:
            status, phrase = problem.response.status_code, problem.response.reason_phrase
            raise ConnectError(f"refused with HTTP {status} {phrase}".rstrip(), status) from None
        except TimeoutError:
            raise ConnectError(f"no answer within {timeout:g} s") from None
        except ssl.SSLError as problem:
            raise ConnectError(f"TLS: {problem.reason or problem.__class__.__name__}") from None
        except OSError as problem:
            raise ConnectError(problem.strerror or str(problem) or problem.__class__.__name__) from None
        except (InvalidHandshake, EOFError, ValueError) as problem:
            raise ConnectError(f"no WebSocket: {str(problem)[:200]!r}") from None
        assert isinstance(connection, _Connection)  # noqa: S101 -- what `create_connection` made
        return _Line(connection, receiver)


def _why(problem: ConnectionClosed) -> str:
    if problem.sent is not None and not problem.rcvd_then_sent:
        return f"the exchange broke the protocol: {problem.sent.reason or problem.sent.code}"
    if problem.rcvd is not None:
        reason = f" {ascii(problem.rcvd.reason)[1:-1]}" if problem.rcvd.reason else ""
        return f"closed by the exchange ({int(problem.rcvd.code)}{reason})"
    return "connection lost"
