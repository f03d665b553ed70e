"""What a client has to do, whichever library does it: the same contract for both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from runtime.feeds.rawserver import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Peer,
    closes,
    frame,
    hanging_up,
    resets,
    serving,
)
from ssmd_runtime.exchanges.protocol import Connect
from ssmd_runtime.feeds.client import ConnectError
from ssmd_runtime.feeds.picows_client import PicowsClient
from ssmd_runtime.feeds.websockets_client import WebsocketsClient

CLIENTS = {"picows": PicowsClient, "websockets": WebsocketsClient}
MOST = 1 << 20


class Heard:
    """A receiver that keeps everything."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.binaries: list[bytes] = []
        self.signs = 0
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def batch(self, frames: list[bytes]) -> None:
        assert not self.over.done()
        self.frames += frames

    def binary(self, frame: bytes) -> None:
        self.binaries.append(frame)

    def alive(self) -> None:
        self.signs += 1

    def closed(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_result(reason)

    async def end(self) -> str:
        return await asyncio.wait_for(self.over, 10)


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> PicowsClient | WebsocketsClient:
    return CLIENTS[request.param]()


def conversation(
    client: PicowsClient | WebsocketsClient,
    play: Callable[[Peer], Awaitable[None]],
    then: Callable[[object, Heard], Awaitable[None]] | None = None,
) -> tuple[Heard, str]:
    """What was heard of a server that plays `play`, and why it ended."""

    async def talk() -> tuple[Heard, str]:
        heard = Heard()
        async with serving(play) as url:
            line = await client.open(Connect(url, {"X-Key": "k"}), heard, most_bytes=MOST, timeout=5)
            if then is not None:
                await then(line, heard)
            return heard, await heard.end()

    return asyncio.run(talk())


def test_frames_come_whole_and_in_order(client):
    wanted = [json.dumps({"n": number, "pad": "x" * (number * 37 % 900)}).encode() for number in range(2000)]

    async def play(peer: Peer) -> None:
        stream = b"".join(map(frame, wanted))
        for start in range(0, len(stream), 7001):
            await peer.send(stream[start : start + 7001])
        await peer.send(frame(b"\x03\xe8", CLOSE))
        await peer.frame()

    heard, reason = conversation(client, play)
    assert heard.frames == wanted
    assert reason == "closed by the exchange (1000)"


def test_fragments_are_put_together_around_a_ping(client):
    async def play(peer: Peer) -> None:
        parts = frame(b'{"a":', fin=False) + frame(b"ping", PING) + frame(b"1", CONTINUATION, fin=False)
        await peer.send(frame(b"{}") + parts + frame(b"}", CONTINUATION) + frame(b"[]"))
        assert await peer.frame() == (PONG, b"ping")
        await peer.send(frame(b"\x03\xe9bye", CLOSE))

    heard, reason = conversation(client, play)
    assert heard.frames == [b"{}", b'{"a":1}', b"[]"]
    assert heard.signs >= 1
    assert reason == "closed by the exchange (1001 bye)"


def test_a_ping_is_answered_with_its_own_payload(client):
    async def play(peer: Peer) -> None:
        await peer.send(frame(b"heartbeat", PING))
        assert await peer.frame() == (PONG, b"heartbeat")
        await peer.send(frame(b"\x03\xe8", CLOSE))

    assert conversation(client, play)[0].signs == 1


def test_our_own_ping_and_text_arrive_masked(client):
    got: list[tuple[int, bytes]] = []

    async def play(peer: Peer) -> None:
        got.append(await peer.frame())
        kind, payload = await peer.frame()
        got.append((kind, b""))
        await peer.send(frame(payload, PONG))
        got.append(await peer.frame())
        await peer.send(frame(b"\x03\xe8", CLOSE))

    async def then(line, heard: Heard) -> None:
        line.send(b'{"method":"subscribe"}')
        line.ping()
        while not heard.signs:
            await asyncio.sleep(0.01)
        line.close()

    heard, reason = conversation(client, play, then)
    assert got == [(TEXT, b'{"method":"subscribe"}'), (PING, b""), (CLOSE, b"\x03\xe8")]
    assert (heard.signs, reason) == (1, "closed by us")


def test_binary_frames_are_told_apart(client):
    async def play(peer: Peer) -> None:
        await peer.send(frame(b"\xff\x00", BINARY) + frame(b"{}") + frame(b"a", BINARY, fin=False))
        await peer.send(frame(b"b", CONTINUATION) + frame(b"\x03\xe8", CLOSE))

    heard, _ = conversation(client, play)
    assert (heard.binaries, heard.frames) == ([b"\xff\x00", b"ab"], [b"{}"])


def test_what_came_before_a_cut_is_delivered(client):
    async def play(peer: Peer) -> None:
        await peer.send(frame(b"[1]") + frame(b"[2]") + frame(b"[3]")[:-1])

    heard, reason = conversation(client, play)
    assert heard.frames == [b"[1]", b"[2]"]
    assert reason == "connection lost"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(frame(b"x" * (MOST + 1)), id="a frame too large"),
        pytest.param(
            frame(b"x" * (MOST // 2), fin=False) + frame(b"x" * (MOST // 2 + 1), CONTINUATION, fin=False),
            id="fragments too large",
        ),
        pytest.param(frame(b"x", CONTINUATION), id="a continuation of nothing"),
        pytest.param(frame(b"{", fin=False) + frame(b"[", fin=False), id="a message within a message"),
        pytest.param(frame(b"x", 3), id="a reserved opcode"),
    ],
)
def test_what_breaks_the_protocol_ends_the_connection(client, bad):
    async def play(peer: Peer) -> None:
        await peer.send(frame(b"[1]"))
        await asyncio.sleep(0.05)
        await peer.send(bad)
        while (await peer.frame())[0] != CLOSE:
            pass

    heard, reason = conversation(client, play)
    assert heard.frames[0] == b"[1]"
    assert all(len(told) > MOST for told in heard.frames[1:])  # it may still be delivered, and is not asked for again
    assert reason != "closed by us"


def test_headers_are_sent_and_compression_is_declined(client):
    seen: dict[str, str] = {}

    async def play(peer: Peer) -> None:
        seen.update(peer.headers)
        await peer.send(frame(b"\x03\xe8", CLOSE))

    conversation(client, play)
    assert seen["x-key"] == "k"
    assert "sec-websocket-extensions" not in seen


def test_a_server_that_does_not_answer_a_close_is_left(client):
    async def play(peer: Peer) -> None:
        await asyncio.sleep(30)

    async def then(line, heard: Heard) -> None:
        line.close()

    assert conversation(client, play, then)[1] == "closed by us"


def refused(client: PicowsClient | WebsocketsClient, answer: bytes) -> ConnectError:
    async def attempt() -> ConnectError:
        async with serving(lambda peer: asyncio.sleep(0), answer) as url:
            with pytest.raises(ConnectError) as caught:
                await client.open(Connect(url, {"X-Key": "canary"}), Heard(), most_bytes=MOST, timeout=1)
            return caught.value

    return asyncio.run(attempt())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 401),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n", 302),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", None),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", None),
    ],
)
def test_a_refused_handshake_is_one_line(client, answer, status):
    problem = refused(client, answer)
    assert problem.status == status
    assert "\n" not in str(problem)
    assert "canary" not in str(problem)


@pytest.mark.parametrize("how", [closes, resets])
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param(False, b"", id="at once"),
        pytest.param(True, b"", id="when it was asked"),
        pytest.param(True, b"HTTP/1.1 101 Swi", id="within the status line"),
        pytest.param(True, b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n", id="within the headers"),
        pytest.param(True, b"\x16\x03\x01\xff" * 1250, id="after what is no HTTP"),
    ],
)
def test_a_server_that_goes_before_the_handshakes_end_was_never_connected(client, how, asked, said):
    async def attempt() -> str:
        async with hanging_up(how, said, asked=asked) as url:
            with pytest.raises(ConnectError) as caught:
                await client.open(Connect(url), Heard(), most_bytes=MOST, timeout=5)
        return str(caught.value)

    problem = asyncio.run(attempt())
    assert problem
    assert "\n" not in problem
    assert "no answer within" not in problem


def test_a_port_where_nobody_listens(client):
    async def attempt() -> str:
        async with serving(lambda peer: asyncio.sleep(0)) as url:
            gone = url
        with pytest.raises(ConnectError) as caught:
            await client.open(Connect(gone), Heard(), most_bytes=MOST, timeout=2)
        return str(caught.value)

    assert "\n" not in asyncio.run(attempt())


def test_a_server_that_never_answers_the_handshake(client):
    async def attempt() -> str:
        async with serving(lambda peer: asyncio.sleep(0), b"") as url:
            with pytest.raises(ConnectError) as caught:
                await client.open(Connect(url), Heard(), most_bytes=MOST, timeout=0.2)
            return str(caught.value)

    assert asyncio.run(attempt()) == "no answer within 0.2 s"


def test_endless_empty_fragments_end_the_connection(client):
    """A quadratic count of parts would take minutes here, and a list of them all the memory."""

    async def play(peer: Peer) -> None:
        await peer.send(frame(b"[1]") + frame(b"", fin=False))
        endless = frame(b"", CONTINUATION, fin=False) * 50_000
        for _ in range(20):
            await peer.send(endless)
        await peer.send(frame(b"]", CONTINUATION) + frame(b"\x03\xe8", CLOSE))
        await peer.frame()

    heard, reason = conversation(client, play)
    assert heard.frames[0] == b"[1]"
    assert reason != "closed by us"


def test_pings_of_a_server_that_never_reads_do_not_fill_the_memory():
    """The answers pile up until the line is given up: picows alone, for `websockets` waits by itself."""

    async def play(peer: Peer) -> None:
        peer.writer.transport.pause_reading()
        pings = frame(b"x" * 125, PING) * 2000
        for _ in range(400):
            await peer.send(pings)

    _, reason = conversation(PicowsClient(), play)
    assert reason.startswith("the exchange does not read what we send")
