"""The REST poller against a server on loopback that refuses, fails, dawdles and lies; time is made up."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rest_specs import rest_spec
from ssmd_runtime.feeds.rest import Clock, Missed, Reports, RestPoller, headers_of
from ssmd_runtime.reliability.circuit_breaker import State
from ssmd_runtime.secret import Secret
from ssmd_runtime.spec import SpecError

CANARY = "canary-Zq9Kw2mB4v8"
START_NS = 1_000_000_000_000

Answer = tuple[int, dict[str, str], bytes] | Callable[[asyncio.StreamWriter], Any]


def ok(body: bytes = b'{"a":1}', **headers: str) -> Answer:
    return 200, {name.replace("_", "-"): value for name, value in headers.items()}, body


def status(code: int, **headers: str) -> Answer:
    return code, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}"


@dataclass
class Seen:
    """All that came of some polls."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    connected: list[bool] = field(default_factory=list)
    breaker: list[State] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    problem: BaseException | None = None

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


def poll(
    *answers: Answer, seconds: float = 30.0, sink: Callable | None = None, key: dict | None = None, **said
) -> Seen:
    """Poll until every answer was given, each to one request; then the poller is cancelled."""
    seen, now = Seen(), [0.0]

    async def sleep(wanted: float) -> None:
        now[0] += wanted
        await asyncio.sleep(0)

    clock = Clock(lambda: now[0], lambda: START_NS + round(now[0] * 1e9), sleep, lambda: 0.0)
    reports = Reports(
        sink or seen.frames.extend, seen.missed.append, seen.errors.append, seen.connected.append, seen.breaker.append
    )

    async def main() -> None:
        left, done, conversations = list(answers), asyncio.Event(), set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            conversations.add(asyncio.current_task())
            try:
                await converse(reader, writer)
            except (asyncio.CancelledError, ConnectionError):
                pass
            finally:
                writer.transport.abort()

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while request := await _request(reader):
                if not left:
                    done.set()
                    await asyncio.sleep(30)
                seen.asked.append(request)
                seen.sent_at.append(now[0])
                answer = left.pop(0)
                if callable(answer):
                    await answer(writer)
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
                    break
                code, headers, body = answer
                lines = {"Content-Length": str(len(body))} | headers
                head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
                writer.write(f"HTTP/1.1 {code} X\r\n{head}\r\n".encode() + body)
                await writer.drain()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        made = rest_spec(**({"paths": ["/a"], "endpoint": f"http://127.0.0.1:{port}"} | said))
        poller = RestPoller(made, key or {}, reports, clock, request_seconds=seconds)
        running = asyncio.create_task(poller.run())
        stopped = asyncio.create_task(done.wait())
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        stopped.cancel()
        running.cancel()
        (seen.problem,) = await asyncio.gather(running, return_exceptions=True)
        server.close()
        for one in conversations:
            one.cancel()
        await asyncio.gather(*conversations, stopped, return_exceptions=True)
        await asyncio.sleep(0)

    asyncio.run(main())
    return seen


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode().split("\r\n")[:-2]
    pairs = (line.partition(": ") for line in lines)
    return first.split(" ")[1], {name.lower(): value for name, _, value in pairs}


# What goes well


def test_every_target_in_its_turn():
    seen = poll(
        *[ok(b"[%d]" % number) for number in range(5)], paths=["/a", "/m/{instrument}"], instruments=("X", "Y/Z")
    )
    assert seen.paths == ["/a", "/m/X", "/m/Y%2FZ", "/a", "/m/X"]
    assert seen.frames == [b"[0]", b"[1]", b"[2]", b"[3]", b"[4]"]
    assert seen.sent_at == [0.0, 0.0, 0.0, 10.0, 10.0]
    assert (seen.missed, seen.errors, seen.connected) == ([], [], [True, False])


def test_the_rate_of_the_exchange():
    seen = poll(*[ok()] * 6, rate=4, instruments=tuple("ABCDEF"), paths=["/{instrument}"])
    assert seen.sent_at == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_a_cursor():
    bodies = [b'{"last": 5}', b'{"last": 9}', b"{}", b"{}"]
    seen = poll(*map(ok, bodies), cursor={"parameter": "since", "field": "last"})
    assert seen.paths == ["/a", "/a?since=5", "/a?since=9", "/a"]


def test_what_is_written_down_decides_where_to_go_on():
    """A sink that fails ends the poller, and the cursor of what it did not take is not used."""

    def refuse(_):
        raise OSError("disk full")

    seen = poll(ok(), ok(), sink=refuse)
    assert isinstance(seen.problem, OSError)
    assert len(seen.asked) == 1


@pytest.mark.parametrize(
    ("body", "frame"), [(b"<html>\n", b"<html>\n"), (b"\xff\x00", b"\xff\x00"), (b'{"a":\n1}', b'{"a": 1}')]
)
def test_garbage_is_handed_on_as_it_came(body, frame):
    assert poll(ok(body)).frames == [frame]


def test_an_empty_answer_is_no_frame():
    assert poll((204, {}, b""), ok()).frames == [b'{"a":1}']


def test_a_compressed_answer():
    assert poll(ok(gzip.compress(b'{"a":2}'), content_encoding="gzip")).frames == [b'{"a":2}']


# What does not


@pytest.mark.parametrize("code", [500, 502, 503, 504, 408])
def test_a_failure_is_tried_again(code):
    seen = poll(status(code), status(code), ok())
    assert seen.frames == [b'{"a":1}']
    assert seen.sent_at == [0.0, 1.0, 3.0]
    assert len(seen.errors) == 2
    assert seen.missed == []


def test_a_poll_that_fails_after_all_retries_is_told_with_its_span():
    """From the last answer on, and then from where the failure before it ended."""
    seen = poll(ok(), ok(), *[status(500)] * 6, ok(), paths=["/m/{instrument}"], instruments=("X",))
    ends = [START_NS + seconds * 1_000_000_000 for seconds in (10, 23, 33)]
    assert seen.missed == [
        Missed("poll_failed", "/m/{instrument}", "X", start, end, "the server answers 500")
        for start, end in itertools.pairwise(ends)
    ]
    assert seen.errors == ["server_error"] * 6
    assert seen.connected == [True, False, True, False]


@pytest.mark.parametrize(
    ("code", "kind"), [(400, "refused"), (401, "unauthorized"), (403, "unauthorized"), (404, "not_found")]
)
def test_what_will_not_get_better_is_not_tried_again(code, kind):
    seen = poll(status(code), ok())
    assert seen.errors == [kind]
    assert [one.reason for one in seen.missed] == ["poll_failed"]
    assert seen.sent_at == [0.0, 10.0]


def test_a_server_that_asks_for_a_pause_gets_it_from_all_targets():
    seen = poll(status(429, retry_after="45"), *[ok()] * 3, paths=["/a", "/b"], failures=1)
    assert seen.paths == ["/a", "/a", "/b", "/a"]
    assert seen.sent_at == [0.0, 45.0, 45.0, 50.0]
    assert seen.errors == ["rate_limited"]
    assert [(one.reason, one.channel) for one in seen.missed] == [("poll_late", "/a"), ("poll_late", "/b")]
    assert seen.breaker == []


def test_a_breaker_that_is_open():
    seen = poll(status(500), status(500), ok(), ok(), failures=2, attempts=5)
    assert seen.sent_at == [0.0, 1.0, 61.0, 70.0]
    assert seen.breaker == [State.OPEN, State.HALF_OPEN, State.CLOSED]
    assert seen.errors == ["server_error", "server_error", "circuit_open"]
    assert [one.reason for one in seen.missed] == ["poll_failed", "poll_late"]


def test_a_body_that_does_not_end_in_time():
    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(5)

    async def slower(writer: asyncio.StreamWriter) -> None:
        """Never silent for long, and never done."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(100):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    seen = poll(slow, slower, ok(), seconds=0.2)
    assert seen.errors == ["timeout", "timeout"]
    assert seen.frames == [b'{"a":1}']


def test_a_connection_that_is_cut():
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    async def garbage(writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff nothing like HTTP\r\n\r\n")

    seen = poll(cut, garbage, ok())
    assert seen.errors == ["connection", "connection"]
    assert seen.frames == [b'{"a":1}']


BOMB = gzip.compress(b"0" * (64 << 20))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok(b"0" * 1_001), "oversized"),
        (ok(BOMB, content_encoding="gzip"), "oversized"),
        (ok(b"{}", content_encoding="br"), "encoding"),
    ],
)
def test_an_answer_that_is_not_taken(answer, kind):
    seen = poll(answer, ok(), most_bytes=1_000)
    assert seen.errors == [kind]
    assert seen.frames == [b'{"a":1}']


def test_a_body_of_the_greatest_size():
    assert poll(ok(b"0" * 1_000), most_bytes=1_000).frames == [b"0" * 1_000]


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"{}", mtime=0)[:-9]], ids=["none", "cut short"])
def test_a_damaged_encoding_is_tried_again(body):
    seen = poll(ok(body, content_encoding="gzip"), ok())
    assert seen.errors == ["encoding"]
    assert seen.sent_at == [0.0, 1.0]


def test_a_bomb_is_not_unpacked():
    import tracemalloc

    tracemalloc.start()
    poll(ok(BOMB, content_encoding="gzip"), most_bytes=1_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:9/x", "https://127.0.0.1/x", "//other.example/x", "", "http://[x"]
)
def test_a_redirect_to_another_host_is_not_followed(location):
    seen = poll(status(302, location=location), ok(), auth="api_key", key={"api_key": Secret(CANARY)})
    assert seen.errors == ["redirect"]
    assert seen.paths == ["/a", "/a"]


def test_a_redirect_on_the_same_host_is():
    seen = poll(status(301, location="/b"), ok(), auth="api_key", key={"api_key": Secret(CANARY)})
    assert seen.paths == ["/a", "/b"]
    assert [headers["authorization"] for _, headers in seen.asked] == [f"Bearer {CANARY}"] * 2
    assert poll(*[status(307, location="/a")] * 3, ok()).errors == ["redirect"]


# The key


@pytest.mark.parametrize(
    ("config", "header", "value"),
    [({}, "Authorization", f"Bearer {CANARY}"), ({"auth_header": "X-API-Key"}, "X-API-Key", CANARY)],
)
def test_the_key_goes_into_a_header(config, header, value):
    for key in ({"api_key": Secret(CANARY), "other": Secret("x")}, {"only": Secret(CANARY)}):
        assert headers_of(rest_spec(auth="api_key", **config), key)[header] == value
    assert header not in headers_of(rest_spec(**config), {"api_key": Secret(CANARY)})


@pytest.mark.parametrize(
    ("auth", "key", "config", "words"),
    [
        ("api_key", {}, {}, "needs a field `api_key`"),
        ("api_key", {"a": "x", "b": "y"}, {}, "needs a field `api_key`"),
        ("api_key", {"api_key": f"{CANARY}\r\nX: y"}, {}, "what no header can"),
        ("api_key", {"api_key": f"{CANARY}\u00e9"}, {}, "what no header can"),
        ("api_key", {"api_key": ""}, {}, "what no header can"),
        ("api_key", {"api_key": CANARY}, {"auth_header": "X: y"}, "the name of a header"),
        ("api_key", {"api_key": CANARY}, {"auth_header": 5}, "the name of a header"),
        ("oauth", {"api_key": CANARY}, {}, "not by oauth"),
        ("mtls", {"api_key": CANARY}, {}, "not by mtls"),
    ],
)
def test_a_key_that_cannot_be_used(auth, key, config, words):
    with pytest.raises(SpecError) as told:
        headers_of(rest_spec(auth=auth, **config), {name: Secret(value) for name, value in key.items()})
    assert words in str(told.value)
    assert CANARY not in "".join(traceback.format_exception(told.value))


def test_the_key_is_found_in_nothing_that_is_told(caplog):
    caplog.set_level(logging.DEBUG)

    async def garbage(writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\r\n\r\n")

    answers = [status(401), status(302, location="http://127.0.0.1:9/"), garbage, ok()]
    seen = poll(*answers, auth="api_key", key={"api_key": Secret(CANARY)})
    assert all(headers["authorization"] == f"Bearer {CANARY}" for _, headers in seen.asked)
    shown = f"{seen.missed} {seen.errors} {seen.problem!r}" + "".join(str(vars(record)) for record in caplog.records)
    assert CANARY not in shown


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert poll(ok()).frames == [b'{"a":1}']
