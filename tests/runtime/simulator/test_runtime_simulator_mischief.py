"""Each misbehaviour, as a client sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from typing import Any

import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from simulating import SUBSCRIBE, client, run, steady, the_rest, until, until_data
from ssmd_runtime.simulator.orders import GARBAGE, USAGE, Order, OrderError, order_of, script_of
from ssmd_runtime.simulator.server import Simulator
from ssmd_runtime.simulator.venue import Ping
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus


def quiet(exchange: str = "kalshi", **options: Any) -> Simulator:
    return Simulator(exchange, **{"rate": 0, "heartbeat_seconds": 1000, **options})


async def silent(one: Any, seconds: float = 0.05) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(one.recv(), seconds)
        return False
    return True


def test_cut_is_a_reset_without_a_closing_handshake() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            await simulator.emit(3)
            simulator.cut()
            assert (await the_rest(one))[1:] == [sent.payload for sent in simulator.log]
            with pytest.raises(ConnectionClosedError) as closed:
                await one.recv()
            assert closed.value.rcvd is None
            assert isinstance(closed.value.__cause__, ConnectionResetError)
            await simulator.until(lambda: not simulator.connections)

    run(conversation)


def test_cut_mid_frame_leaves_half_a_frame_and_logs_it_as_unsent() -> None:
    async def conversation() -> None:
        async with quiet() as simulator:
            reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
            writer.write(
                b"GET /trade-api/ws/v2 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            command = json.dumps(SUBSCRIBE["kalshi"]).encode()
            writer.write(bytes([0x81, 0x80 | len(command), 0, 0, 0, 0]) + command)
            await simulator.subscribed()
            await simulator.emit(1)
            simulator.cut(mid_frame=True)
            tail = b""
            with contextlib.suppress(ConnectionError):
                while chunk := await reader.read(65536):
                    tail += chunk
            whole, half = simulator.log
            assert (half.sent, half.kind, half.seq) == (False, "partial", 2)
            after = tail.partition(whole.payload)[2]
            assert after[4:] == half.payload[: len(after) - 4]
            assert 0 < len(after) - 4 < len(half.payload)
            writer.close()

    run(conversation)


def test_close_carries_its_code() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            simulator.close(1012)
            await the_rest(one)
            assert one.close_code == 1012
            with pytest.raises(OrderError):
                order_of("close 1006")

    run(conversation)


def test_stall_delays_everything_and_loses_nothing() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            await one.recv()
            simulator.stall(1000)
            assert await simulator.emit(5) == 0
            pong = await one.ping()
            await one.send("{}")
            assert await silent(one)
            assert not pong.done()
            assert simulator.counters.received == 1
            simulator.floor.links[1].wire.release()
            assert json.loads(await one.recv())["type"] == "error"
            await pong
            assert await simulator.emit(2) == 2
            simulator.stall(0.01)
            await (await one.ping())
            assert json.loads(await one.recv())["seq"] == 1

    run(conversation)


def test_mute_answers_everything_but_sends_no_data() -> None:
    async def conversation() -> None:
        async with quiet("kraken") as simulator, client(simulator) as one:
            await until_data(one, simulator, 2)
            simulator.mute()
            assert await simulator.emit(5) == 0
            await (await one.ping())
            await one.send('{"method":"ping"}')
            assert json.loads(await one.recv())["method"] == "pong"
            simulator.beat()
            assert json.loads(await one.recv()) == {"channel": "heartbeat"}
            simulator.unmute()
            assert await simulator.emit(1) == 1
            simulator.mute(0.01)
            assert not simulator.floor.subscribed
            await until(lambda: bool(simulator.floor.subscribed))
            assert await simulator.emit(1) == 1

    run(conversation)


def test_what_a_muted_client_misses_is_logged_as_unsent() -> None:
    async def conversation() -> None:
        async with quiet("kraken") as simulator, client(simulator), client(simulator):
            simulator.mute(connection=2)
            await simulator.emit(4)
            missed = [sent for sent in simulator.log if sent.connection == 2 and sent.records < 50]
            assert [sent.sent for sent in missed] == [False] * 4

    run(conversation)


def test_half_open_never_answers_again() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            await one.recv()
            simulator.half_open()
            assert await simulator.emit(3) == 0
            simulator.beat()
            assert simulator.connections == []
            pong = await one.ping()
            assert await silent(one)
            assert not pong.done()

    run(conversation)


def test_repeat_sends_the_last_frames_again() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            await simulator.emit(5)
            simulator.repeat(2)
            frames = await until_data(one, simulator, 7)
            assert frames[5:] == frames[3:5]
            again = simulator.log[5:]
            assert [(sent.kind, sent.seq, sent.number) for sent in again] == [("repeat", 4, 6), ("repeat", 5, 7)]

    run(conversation)


@pytest.mark.parametrize("exchange", ["kalshi", "kraken", "kraken-futures", "binance"])
def test_skip_uses_numbers_up(exchange: str) -> None:
    async def conversation() -> None:
        async with quiet(exchange) as simulator, client(simulator) as one:
            await simulator.emit(20)
            simulator.skip(7)
            await simulator.emit(20)
            unsent = [sent for sent in simulator.log if not sent.sent]
            assert len(unsent) == 7
            assert all(sent.seq is not None for sent in unsent)
            arrived = await until_data(one, simulator, len(simulator.log) - 7)
            assert not {sent.payload for sent in unsent} & set(arrived)
            assert simulator.counters.skipped == 7

    run(conversation)


def test_skip_passes_over_what_is_not_numbered() -> None:
    async def conversation() -> None:
        params = {"channels": ["ticker", "trade"], "market_tickers": ["KXA-1"]}
        async with quiet() as simulator, client(simulator, {"id": 1, "cmd": "subscribe", "params": params}):
            simulator.skip(9)
            assert [sent.seq for sent in simulator.log] == list(range(1, 10))

    run(conversation)


def test_skip_with_nobody_there_moves_the_exchange_on() -> None:
    async def conversation() -> None:
        async with quiet("binance", instruments=["btcusdt"]) as simulator:
            only = {"id": 1, "method": "SUBSCRIBE", "params": ["btcusdt@trade"]}
            async with client(simulator, only):
                await simulator.emit(1)
            await simulator.until(lambda: not simulator.connections)
            simulator.skip(3)
            async with client(simulator, only):
                await simulator.emit(1)
            first = simulator.log[0].seq or 0
            assert [sent.seq for sent in simulator.log] == [first, first + 1, first + 2, first + 3, first + 4]
            assert [sent.connection for sent in simulator.log] == [1, 0, 0, 0, 2]

    run(conversation)


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_arrives_as_bad_as_it_is(kind: str) -> None:
    class Listener(WSListener):  # type: ignore[misc]
        def __init__(self) -> None:
            self.frames: list[tuple[WSMsgType, bytes]] = []

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            self.frames.append((frame.msg_type, frame.get_payload_as_bytes()))

    async def conversation() -> None:
        async with quiet() as simulator:
            transport, listener = await ws_connect(Listener, simulator.url, max_frame_size=1 << 26)
            transport.send(WSMsgType.TEXT, json.dumps(SUBSCRIBE["kalshi"]).encode())
            await simulator.subscribed()
            simulator.garbage(kind)
            await until(lambda: len(listener.frames) >= 2)
            how, payload = listener.frames[1]
            sent = simulator.log[0]
            assert (sent.kind, sent.payload) == ("garbage", payload)
            assert (how == WSMsgType.BINARY) == (kind == "binary")
            if kind == "newline":
                assert b"\n" in payload
                assert json.loads(payload)["seq"] == sent.seq == 1
            elif kind == "huge":
                assert len(payload) > 20_000_000
            elif kind == "utf8":
                with pytest.raises(UnicodeDecodeError):
                    payload.decode()
            else:
                with pytest.raises(ValueError, match=r"Expecting|decode|Unterminated"):
                    json.loads(payload)
            transport.disconnect()

    run(conversation)


def test_invalid_utf8_makes_a_strict_client_leave() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            await one.recv()
            simulator.garbage("utf8")
            with pytest.raises(ConnectionClosedError) as closed:
                await one.recv()
            assert closed.value.sent is not None
            assert closed.value.sent.code == 1007

    run(conversation)


def test_the_next_frame_comes_in_fragments() -> None:
    class Listener(WSListener):  # type: ignore[misc]
        def __init__(self) -> None:
            self.frames: list[tuple[WSMsgType, bool]] = []

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            self.frames.append((frame.msg_type, bool(frame.fin)))

    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            transport, listener = await ws_connect(Listener, simulator.url, enable_auto_pong=False)
            transport.send(WSMsgType.TEXT, json.dumps(SUBSCRIBE["kalshi"]).encode())
            await simulator.subscribed(2)
            simulator.fragment()
            await simulator.emit(2)
            whole = await until_data(one, simulator, 2)
            assert whole == [sent.payload for sent in simulator.log if sent.connection == 1]
            await until(lambda: len(listener.frames) >= 6)
            assert listener.frames[1:] == [
                (WSMsgType.TEXT, False),
                (WSMsgType.PING, True),
                (WSMsgType.CONTINUATION, False),
                (WSMsgType.CONTINUATION, True),
                (WSMsgType.TEXT, True),
            ]
            transport.disconnect()

    run(conversation)


@pytest.mark.parametrize("rate", [0.0, 20_000.0])
def test_flood(rate: float) -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            flood = simulator.flood(3000, rate)
            arrived = [await one.recv(decode=False) for _ in range(3001)]
            await flood
            assert arrived[1:] == [sent.payload for sent in simulator.log]

    run(conversation)


def test_a_flood_waits_for_a_client_that_does_not_read() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            one.transport.pause_reading()
            flood = simulator.flood(100_000)
            await simulator.until(lambda: simulator.floor.subscribed[0].behind)
            done = 0
            while simulator.counters.frames > done:  # until the kernel's buffers are full, too
                done = simulator.counters.frames
                await asyncio.sleep(0.02)
            assert done < 100_000
            assert not flood.done()
            simulator.cut()
            await flood

    run(conversation)


@pytest.mark.parametrize(("word", "status"), [("refuse", 503), ("unauthorized", 401)])
def test_refused_handshakes(word: str, status: int) -> None:
    async def conversation() -> None:
        async with quiet() as simulator:
            simulator.perform(order_of(f"{word} 2"))
            for _ in range(2):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(simulator.url)
                assert refused.value.response.status_code == status
            async with client(simulator):
                pass
            simulator.perform(order_of(word))
            for _ in range(3):
                with pytest.raises(InvalidStatus):
                    await connect(simulator.url)
            simulator.accept()
            async with client(simulator):
                pass
            assert simulator.counters.refused == 5
            assert simulator.counters.accepted == 2

    run(conversation)


def test_slow_drips_the_handshake_and_the_frames() -> None:
    async def conversation() -> None:
        async with quiet(drip_seconds=0.0002) as simulator:
            simulator.slow()
            reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
            writer.write(
                b"GET /trade-api/ws/v2 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            first = await reader.read(1000)
            assert len(first) < 10
            writer.close()
            async with client(simulator) as one:
                assert await simulator.emit(1) == 1
                assert simulator.floor.subscribed[0].wire.get_write_buffer_size() > 50
                assert await until_data(one, simulator, 1, number=2) == [simulator.log[0].payload]
                simulator.slow(0.0)
                await simulator.emit(50)
                assert len(await until_data(one, simulator, 50, number=2)) == 50

    run(conversation)


def test_the_bomb_is_compressed_although_nothing_was_agreed() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator) as one:
            await one.recv()
            simulator.bomb()
            with pytest.raises(ConnectionClosedError) as closed:
                await one.recv()
            assert closed.value.sent is not None
            assert closed.value.sent.code == 1002
            assert len(simulator.log[0].payload) < 100_000

    run(conversation)


def test_shutdown_says_so_and_closes() -> None:
    async def conversation() -> None:
        async with quiet("binance") as simulator, client(simulator) as one:
            await one.recv()
            simulator.shutdown()
            assert json.loads(await one.recv())["e"] == "serverShutdown"
            with pytest.raises(ConnectionClosed):
                await one.recv()
            assert one.close_code == 1001

    run(conversation)


def test_one_connection_can_be_chosen() -> None:
    async def conversation() -> None:
        async with quiet() as simulator, client(simulator), client(simulator):
            simulator.perform(order_of("cut @2"))
            await simulator.until(lambda: simulator.connections == [1])
            simulator.perform(order_of("cut @7"))
            assert simulator.connections == [1]

    run(conversation)


def test_heartbeats_go_out_when_idle_and_only_then() -> None:
    async def conversation() -> None:
        async with quiet("kraken", heartbeat_seconds=0.02) as simulator, client(simulator) as one:
            frames = [json.loads(await one.recv()) for _ in range(5 + 2)]
            assert frames[-2:] == [{"channel": "heartbeat"}] * 2
            simulator.floor.links[1].last_data = math.inf
            while not await silent(one):
                assert simulator.floor.links[1].entries == 2

    run(conversation)


def test_pongs_are_awaited_where_the_exchange_does() -> None:
    async def conversation() -> None:
        async with quiet("binance") as simulator, client(simulator) as one:
            simulator.beat()
            await (await one.ping())
            link = simulator.floor.subscribed[0]
            await one.send('{"method":"LIST_SUBSCRIPTIONS","id":5}')
            await simulator.until(lambda: simulator.counters.received == 2)
            assert link.pongs == 1

    run(conversation)


def test_a_pong_that_does_not_come_ends_the_connection_where_it_is_awaited() -> None:
    class Listener(WSListener):  # type: ignore[misc]
        def __init__(self) -> None:
            self.codes: list[int] = []

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.CLOSE:
                self.codes.append(int(frame.get_close_code()))

    async def conversation() -> None:
        async with quiet("binance") as simulator:
            _, listener = await ws_connect(Listener, simulator.url, enable_auto_pong=False)
            await simulator.until(lambda: bool(simulator.connections))
            simulator.floor.links[1].ping(Ping(b"x", 0.01))
            await until(lambda: listener.codes == [1008])

    run(conversation)


def test_kalshis_pings_carry_their_body_even_unanswered() -> None:
    class Listener(WSListener):  # type: ignore[misc]
        def __init__(self) -> None:
            self.pings: list[bytes] = []

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.PING:
                self.pings.append(frame.get_payload_as_bytes())

    async def conversation() -> None:
        async with quiet() as simulator:
            transport, listener = await ws_connect(Listener, simulator.url, enable_auto_pong=False)
            await simulator.until(lambda: bool(simulator.connections))
            simulator.beat()
            simulator.beat()
            await until(lambda: len(listener.pings) >= 2)
            assert listener.pings == [b"heartbeat", b"heartbeat"]
            transport.disconnect()

    run(conversation)


# Scripts and words


def test_a_script_acts_at_its_frame_exactly() -> None:
    script = script_of(
        """
        # counted from the step before
        after 10 frames: skip 2
        after 5 frames: repeat 3
        after 0s: garbage json   # at once
        after 20 frames: cut
        """
    )

    async def conversation() -> None:
        async with quiet(script=script) as simulator, client(simulator):
            assert await simulator.emit(1000) < 1000
            kinds = [(sent.kind, sent.sent) for sent in simulator.log]
            sent, skipped = ("data", True), ("data", False)
            assert kinds[:20] == [sent] * 10 + [skipped] * 2 + [sent] * 5 + [("repeat", True)] * 3
            after = kinds[20:]
            assert after.count(("garbage", True)) == 1
            assert len(after) == 21 or after.index(("garbage", True)) > 0
            assert simulator.connections == []

    run(conversation)


def test_a_script_may_flood() -> None:
    async def conversation() -> None:
        script = script_of("after 1 frame: flood 500\nafter 100 frames: close 1001")
        async with quiet(script=script) as simulator, client(simulator) as one:
            await simulator.emit(1)
            await the_rest(one)
            assert one.close_code == 1001
            assert 101 <= simulator.counters.frames <= 501

    run(conversation)


@pytest.mark.parametrize("usage", USAGE)
def test_every_order_reads_and_is_done(usage: str) -> None:
    examples = {"[mid-frame]": "mid-frame", "[CODE]": "1001", "SECONDS": "0", "[SECONDS]": "0", "N": "2", "[N]": "2"}
    examples |= {"[RATE]": "1000", "FRAMES_A_SECOND": "5", f"[{'|'.join(GARBAGE)}]": "json"}
    word, *rest = usage.split()
    full = " ".join([word, *(examples[part] for part in rest)])
    shortest = " ".join([word, *(examples[part] for part in rest if not part.startswith("["))])

    async def conversation() -> None:
        for line in (shortest, full):
            async with quiet() as simulator, client(simulator):
                await simulator.emit(1)
                simulator.perform(order_of(line))
                await asyncio.sleep(0)

    run(conversation)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "unknown order"),
        ("cutt", "did you mean `cut`"),
        ("close 1006", "no code"),
        ("stall", "this is written `stall SECONDS`"),
        ("stall -1", "no number"),
        ("stall nan", "no number"),
        ("repeat 0", "no count"),
        ("skip 99999999999999", "no count"),
        ("garbage jsonn", "did you mean `json`"),
        ("cut twice", "none of mid-frame"),
        ("refuse @2", "takes no connection"),
        ("cut @x", "no count"),
        ("fragment 1", "this is written `fragment`"),
    ],
)
def test_orders_that_are_none(line: str, why: str) -> None:
    with pytest.raises(OrderError, match=why):
        order_of(line)


def test_scripts_name_their_wrong_line() -> None:
    with pytest.raises(OrderError, match=r"line 3: unknown order `dance`"):
        script_of("after 1 frames: cut\n\nafter 2s: dance\n")
    with pytest.raises(OrderError, match=r"line 1: a step is written"):
        script_of("cut")
    assert script_of("after 1.5 s: mute 2 @3")[0].order == Order("mute", (2.0,), 3)


def test_status_counts() -> None:
    async def conversation() -> None:
        heard: list[str] = []
        async with quiet(heard=heard.append, clock=steady()) as simulator, client(simulator):
            await simulator.emit(4)
            told = simulator.status()
            assert json.loads(heard[0]) == told
            assert (told["accepted"], told["frames"], told["received"]) == (1, 4, 1)
            assert told["connections"] == [{"connection": 1, "topics": 2, "muted": False, "entries": 4}]

    run(conversation)
