"""A small HTTP server for probes and Prometheus: three paths, GET and HEAD, one request a connection.

Bounded in everything: the size of a request, the time for it and for its answer, the number of connections. A client
that is slow holds its own connection and nothing else; where there are too many, the oldest one goes, so that a probe
is always served. Parsing is h11's.
"""

from __future__ import annotations

import asyncio
import errno
import json
from typing import TYPE_CHECKING, Final

import h11

from ssmd_runtime.logs import Log

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HttpServer", "Page", "json_page"]

_MOST_REQUEST: Final = 8 * 1024
_MOST_CONNECTIONS: Final = 64
_SECONDS: Final = 5.0
_TRIES: Final = 10
_log: Final = Log("ssmd.http")

Page = tuple[int, str, bytes]


class HttpServer:
    """Serves pages by path; a page is (status, content type, body), made when it is asked for."""

    def __init__(self, pages: dict[str, Callable[[], Page]]) -> None:
        self._pages = pages
        self._open: dict[asyncio.StreamWriter, None] = {}  # in the order in which they came
        self._server: asyncio.Server | None = None

    async def start(self, port: int, host: str | None = None) -> int:
        """Listens, on every address where `host` is None; port 0: a free one. Returns the port. Raises `OSError`."""
        for left in reversed(range(_TRIES)):
            try:
                self._server = await self._bound(port, host)
                break
            except OSError as problem:
                if port or problem.errno != errno.EADDRINUSE or not left:
                    raise
        assert self._server is not None  # noqa: S101 -- the last try breaks or raises
        return _ports(self._server)[0]

    async def _bound(self, port: int, host: str | None) -> asyncio.Server:
        """Port 0 gives each address a free port of its own: then all take the first one's, which one may not have."""
        server = await asyncio.start_server(self._serve, host, port, limit=_MOST_REQUEST)
        ports = _ports(server)
        if ports.count(ports[0]) == len(ports):
            return server
        server.close()
        return await asyncio.start_server(self._serve, host, ports[0], limit=_MOST_REQUEST)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            for writer in self._open:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = None
        self._make_room()
        try:
            async with asyncio.timeout(_SECONDS):
                await self._answer(reader, writer)
        except (TimeoutError, OSError, h11.RemoteProtocolError):
            pass
        finally:
            self._open.pop(writer, None)
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()
            writer.close()

    def _make_room(self) -> None:
        """Lets go of who waited longest without having its answer: most likely slow, and others are not."""
        while len(self._open) > _MOST_CONNECTIONS:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_REQUEST)
        try:
            request = await _request(connection, reader)
        except h11.RemoteProtocolError as problem:
            await _send(connection, writer, (problem.error_status_hint, "text/plain", b"bad request\n"), head=False)
            return
        if request is None:
            return
        await _send(connection, writer, self._page(request), head=request.method == b"HEAD")

    def _page(self, request: h11.Request) -> Page:
        path = request.target.partition(b"?")[0].decode("ascii", "replace")
        page = self._pages.get(path)
        if page is None:
            return 404, "text/plain; charset=utf-8", b"not found\n"
        if request.method not in {b"GET", b"HEAD"}:
            return 405, "text/plain; charset=utf-8", b"method not allowed\n"
        try:
            return page()
        except Exception as problem:  # noqa: BLE001 -- a page that fails is an answer, and ends nothing
            _log.error("page_failed", path=path, error=type(problem).__name__)
            return 500, "text/plain; charset=utf-8", b"internal error\n"


def json_page(status: int, content: dict[str, str]) -> Page:
    """A page of JSON."""
    return status, "application/json", json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _ports(server: asyncio.Server) -> list[int]:
    return [int(line.getsockname()[1]) for line in server.sockets]


async def _request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_MOST_REQUEST))
        else:
            return None


async def _send(connection: h11.Connection, writer: asyncio.StreamWriter, page: Page, *, head: bool) -> None:
    status, content_type, body = page
    headers = [("content-type", content_type), ("content-length", str(len(body))), ("connection", "close")]
    if status == 405:
        headers.append(("allow", "GET, HEAD"))
    response = h11.Response(status_code=status, headers=headers)
    blocks = [connection.send(response)]
    if not head:
        blocks.append(connection.send(h11.Data(data=body)))
    writer.write(b"".join(block for block in blocks if block))
    await writer.drain()
