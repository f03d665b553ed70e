"""The port of a collector: three pages, nothing else, and no client that can hold it up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from runtime.pipeline.collecting import spec_of
from ssmd_runtime.http import server as http_server
from ssmd_runtime.http.exposition import Exposition
from ssmd_runtime.http.lag import seconds_behind
from ssmd_runtime.http.server import HttpServer, Page, json_page
from ssmd_runtime.metrics import by_name
from ssmd_runtime.telemetry import Telemetry

BIG = b"x" * 4_000_000


def serving(work: Callable[[int], Awaitable[None]]) -> None:
    async def both() -> None:
        server = HttpServer(
            {"/health": lambda: json_page(200, {"status": "ok"}), "/metrics": lambda: (200, "text/plain", BIG)}
        )
        port = await server.start(0, "127.0.0.1")
        try:
            await asyncio.wait_for(work(port), 20)
        finally:
            await server.close()
            await asyncio.sleep(0.01)

    asyncio.run(both())


def _said(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(request)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    return answer


async def said(port: int, request: bytes) -> bytes:
    return await asyncio.to_thread(_said, port, request)


@pytest.mark.parametrize(
    ("request_", "first", "last"),
    [
        (b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 ", b'{"status":"ok"}\n'),
        (b"GET /health?probe=1 HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 ", b'{"status":"ok"}\n'),
        (b"HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 ", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 404 ", b"not found\n"),
        (b"GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 404 ", b"not found\n"),
        (b"GET http://elsewhere/health HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 404 ", b"not found\n"),
        (b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", b"HTTP/1.1 405 ", b"method not allowed\n"),
        (b"DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 405 ", b"method not allowed\n"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400 ", b"bad request\n"),
        (b"GET /health HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 ", b"bad request\n"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HTTP/1.1 400 ", b"bad request\n"),
        (b"GET /health HTTP/1.1\r\nX: " + b"a" * 20_000, b"HTTP/1.1 431 ", b"bad request\n"),
    ],
)
def test_pages_and_refusals(request_, first, last):
    async def work(port: int) -> None:
        answer = await said(port, request_)
        assert answer.startswith(first)
        assert answer.endswith(last)

    serving(work)


def test_slow_clients_hold_nobody_up(monkeypatch):
    """One sends a byte and waits, one never reads its 4 MB: others are served, and both are let go."""
    monkeypatch.setattr(http_server, "_SECONDS", 0.3)

    def deaf(line: socket.socket) -> int:
        """Starts to read long after it was given up; how much there was."""
        got = 0
        while chunk := line.recv(65536):
            got += len(chunk)
        return got

    async def work(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as dripping, socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", port))
            dripping.sendall(b"G")
            slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await said(port, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert await asyncio.to_thread(dripping.recv, 10) == b""
            await asyncio.sleep(0.5)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.to_thread(deaf, slow) < len(BIG)

    serving(work)


def test_connections_are_bounded_and_the_newest_is_served(monkeypatch):
    """Slow ones cannot shut a probe out: the oldest of them is let go, and no other."""
    monkeypatch.setattr(http_server, "_MOST_CONNECTIONS", 3)

    def let_go(line: socket.socket) -> bool:
        line.settimeout(0)
        try:
            return line.recv(10) == b""
        except ConnectionResetError:
            return True
        except BlockingIOError:
            return False

    async def work(port: int) -> None:
        with contextlib.ExitStack() as stack:
            slow = []
            for _ in range(3):
                slow.append(stack.enter_context(socket.create_connection(("127.0.0.1", port))))
                slow[-1].sendall(b"G")
                await asyncio.sleep(0.02)
            for gone in ([True, False, False], [True, False, False]):
                answer = await said(port, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 200 ")
                await asyncio.sleep(0.02)
                assert [let_go(line) for line in slow] == gone  # the second time there was room

    serving(work)


def test_every_metric_stands_in_the_list_with_its_type_and_labels():
    telemetry = Telemetry("binance", connections=1)
    telemetry.messages["trade"] += 3
    telemetry.errors["utf8"] += 1
    telemetry.gaps["sequence"] += 2
    telemetry.breakers["exchange"] = 1
    telemetry.key_days["kalshi"] = 12.0
    telemetry.dead_letters["connector"] += 1
    telemetry.syncs.observe(0.003)
    telemetry.last_message = 1_790_000_000.0
    page = Exposition(spec_of("binance"), telemetry).render().decode()
    known = by_name()
    types = dict(line.split()[2:4] for line in page.splitlines() if line.startswith("# TYPE"))
    assert {name: known[name].type for name in types} == types
    for line in page.splitlines():
        if not line.startswith("#") and "{" in line:
            name, _, rest = line.partition("{")
            labels = {part.partition("=")[0] for part in rest.partition("}")[0].split(",")} - {"le"}
            family = name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
            assert labels == set(known[family].labels), line
    assert 'ssmd_fsync_seconds_bucket{feed="binance",le="0.005"} 1.0' in page
    assert 'ssmd_gaps_total{feed="binance",reason="sequence"} 2.0' in page
    assert 'ssmd_key_expires_in_days{environment="binance",key_name="kalshi"} 12.0' in page


def test_lag_is_read_from_the_exchanges_own_time():
    telemetry = Telemetry("binance", connections=1, last_message=1_790_000_001.5, last_kind="trade")
    telemetry.last_frame = b'{"stream":"btcusdt@trade","data":{"T":1790000000000}}'
    page = Exposition(spec_of("binance"), telemetry).render().decode()
    assert 'ssmd_connector_lag_seconds{feed="binance"} 1.5' in page


@pytest.mark.parametrize("deep", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 990 + b"1" + b"}" * 990])
@pytest.mark.parametrize("member", [b"T", b"x"])
def test_a_frame_too_deep_to_look_into_has_no_lag(deep, member):
    telemetry = Telemetry("binance", connections=1, last_message=1_790_000_001.5, last_kind="trade")
    telemetry.last_frame = b'{"stream":"btcusdt@trade","data":{"%s":%s}}' % (member, deep)
    page = Exposition(spec_of("binance"), telemetry).render().decode()
    assert "ssmd_connector_lag_seconds{" not in page
    assert 'ssmd_connected{feed="binance"} 0.0' in page


def test_no_depth_of_a_time_is_a_failure():
    """What can just be decoded may be too deep to be made a text of."""
    spec = spec_of("kraken")
    for depth in range(900, 1010):
        frame = b'{"channel":"trade","data":[{"timestamp":%s}]}' % (b"[" * depth + b"]" * depth)
        assert seconds_behind(spec, "trade", frame, 0.0) is None


def test_a_page_that_fails_is_a_500_and_told(caplog):
    def broken() -> Page:
        raise RecursionError("canary")

    async def work() -> bytes:
        server = HttpServer({"/metrics": broken})
        port = await server.start(0, "127.0.0.1")
        try:
            return await said(port, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        finally:
            await server.close()

    answer = asyncio.run(work())
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"internal error\n")
    assert [(record.event, record.fields) for record in caplog.records if record.name == "ssmd.http"] == [
        ("page_failed", {"path": "/metrics", "error": "RecursionError"})
    ]


def listening(*ports: int) -> Any:
    """What asyncio gives for a server on addresses with these ports."""
    lines = [SimpleNamespace(getsockname=lambda port=port: ("", port)) for port in ports]
    return SimpleNamespace(sockets=lines, close=lambda: None)


def test_where_the_first_addresss_port_is_taken_on_another_all_look_on(monkeypatch):
    taken = OSError(errno.EADDRINUSE, "Address already in use")
    given = [listening(1001, 1002), taken, listening(1003, 1004), listening(1003, 1003)]
    asked: list[int] = []

    async def start_server(_: object, __: object, port: int, **___: object) -> Any:
        asked.append(port)
        found = given.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    monkeypatch.setattr(http_server.asyncio, "start_server", start_server)
    assert asyncio.run(HttpServer({}).start(0)) == 1003
    assert asked == [0, 1001, 0, 1003]


@pytest.mark.parametrize("host", [None, "localhost"])
def test_the_port_that_is_told_is_every_addresss_own(host):
    async def work() -> None:
        for _ in range(10):
            server = HttpServer({})
            port = await server.start(0, host)
            assert server._server is not None
            bound = {line.getsockname()[1] for line in server._server.sockets}
            await server.close()
            assert bound == {port}

    asyncio.run(work())
