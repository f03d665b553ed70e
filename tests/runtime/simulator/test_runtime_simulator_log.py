"""What arrives is what the log says, in its order; the same seed makes the same frames; recordings come as they were."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections import defaultdict
from pathlib import Path

import pytest
import zstandard
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from simulating import EXCHANGES, SUBSCRIBE, client, run, steady, until, until_data
from ssmd_runtime.simulator.replay import ReplayError
from ssmd_runtime.simulator.sent import Log, Sent
from ssmd_runtime.simulator.server import Simulator
from ssmd_runtime.storage.envelope import Envelope
from websockets.asyncio.client import connect


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_frame_of_the_log_arrives_in_its_order(exchange: str) -> None:
    async def conversation() -> None:
        file = io.BytesIO()
        async with Simulator(exchange, rate=0, log_file=file) as simulator, client(simulator) as one:
            assert await simulator.emit(700) == 700
            arrived = await until_data(one, simulator, len(simulator.log))
            assert arrived == [sent.payload for sent in simulator.log]
            lines = [json.loads(line) for line in file.getvalue().splitlines()]
            assert [line["frame"].encode() for line in lines] == arrived
            assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
            assert {(line["connection"], line["sent"]) for line in lines} == {(1, True)}
            assert simulator.counters.frames == len(arrived)
            assert all(isinstance(line["ts"], int) for line in lines)

    run(conversation)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_sequence_of_the_log_is_whole_and_is_the_frames_own(exchange: str) -> None:
    counters = {"kraken": "trade_id", "kraken-futures": "seq", "kalshi": "seq", "binance": "t"}

    async def conversation() -> None:
        async with Simulator(exchange, rate=0) as simulator, client(simulator):
            await simulator.emit(300)
            runs: dict[object, list[int]] = defaultdict(list)
            for sent in simulator.log:
                if sent.seq is not None:
                    frame = json.loads(sent.payload)
                    records = frame["data"] if exchange == "kraken" else [frame.get("data", frame)]
                    seqs = [record[counters[exchange]] for record in records]
                    assert seqs == list(range(sent.seq, sent.seq + sent.records))
                    runs[sent.sid or sent.symbol] += seqs
            assert len(runs) == {"polymarket": 0, "kalshi": 1}.get(exchange, 2)
            for numbers in runs.values():
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    run(conversation)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_frames_follow_from_the_seed(exchange: str) -> None:
    async def frames(seed: int) -> list[Sent]:
        async with Simulator(exchange, rate=0, seed=seed, clock=steady()) as simulator, client(simulator):
            await simulator.emit(50)
            return list(simulator.log)

    async def conversation() -> None:
        first = await frames(5)
        assert len(first) > 50 or exchange in {"kalshi", "binance"}
        assert first == await frames(5)
        assert [sent.payload for sent in first] != [sent.payload for sent in await frames(6)]

    run(conversation)


def test_trades_are_of_a_realistic_size() -> None:
    sizes = {}

    async def conversation() -> None:
        for exchange in EXCHANGES:
            async with Simulator(exchange, rate=0) as simulator, client(simulator):
                await simulator.emit(200)
                trades = [
                    len(s.payload) for s in simulator.log if s.type in {"trade", "last_trade_price"} and s.records == 1
                ]
                sizes[exchange] = sum(trades) // len(trades)

    run(conversation)
    assert all(150 <= size <= 350 for size in sizes.values()), sizes


def test_two_clients_share_the_events_of_one_exchange() -> None:
    async def conversation() -> None:
        async with Simulator("kraken", rate=0) as simulator, client(simulator), client(simulator):
            assert simulator.connections == [1, 2]
            assert await simulator.emit(40) == 80
            sent = [
                [s.payload for s in simulator.log if s.connection == number and s.records < 50] for number in (1, 2)
            ]
            assert sent[0] == sent[1]

    run(conversation)


def test_kalshi_counts_for_each_client_apart() -> None:
    async def conversation() -> None:
        async with Simulator("kalshi", rate=0) as simulator, client(simulator):
            await simulator.emit(3)
            async with client(simulator):
                await simulator.emit(2)
            assert [s.seq for s in simulator.log if s.connection == 1] == [1, 2, 3, 4, 5]
            assert [s.seq for s in simulator.log if s.connection == 2] == [1, 2]

    run(conversation)


def test_numbers_go_on_after_a_reconnection_where_they_are_the_exchanges_own() -> None:
    async def conversation() -> None:
        async with Simulator("binance", rate=0) as simulator:
            only = {"id": 1, "method": "SUBSCRIBE", "params": ["btcusdt@trade"]}
            async with client(simulator, only):
                await simulator.emit(3)
            async with client(simulator, only):
                await simulator.emit(2)
            numbers = [sent.seq for sent in simulator.log]
            assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + 5))
            assert [sent.connection for sent in simulator.log] == [1, 1, 1, 2, 2]

    run(conversation)


def test_the_rate_sends_unasked() -> None:
    async def conversation() -> None:
        async with Simulator("binance", rate=1000) as simulator, client(simulator) as one:
            await simulator.until(lambda: simulator.counters.frames >= 30)
            assert await until_data(one, simulator, 30) == [sent.payload for sent in simulator.log[:30]]

    run(conversation)


def test_nothing_happens_where_nobody_is_subscribed() -> None:
    async def conversation() -> None:
        async with Simulator("kraken", rate=10_000) as simulator, client(simulator, wanted=False):
            assert await simulator.emit(10) == 0
            await asyncio.sleep(0.05)
            assert simulator.log == []

    run(conversation)


def test_another_client_library_sees_the_same() -> None:
    class Listener(WSListener):  # type: ignore[misc]
        def __init__(self) -> None:
            self.frames: list[bytes] = []
            self.pings = 0

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.TEXT:
                self.frames.append(frame.get_payload_as_bytes())

    async def conversation() -> None:
        async with Simulator("kalshi", rate=0) as simulator:
            transport, listener = await ws_connect(Listener, simulator.url)
            transport.send(WSMsgType.TEXT, json.dumps(SUBSCRIBE["kalshi"]).encode())
            await simulator.subscribed()
            await simulator.emit(1000)
            await until(lambda: len(listener.frames) > 1000)
            assert listener.frames[1:] == [sent.payload for sent in simulator.log]
            transport.disconnect()

    run(conversation)


def test_compression_only_where_it_is_asked_of_the_simulator() -> None:
    async def conversation() -> None:
        for compression in (False, True):
            async with Simulator("kalshi", rate=0, compression=compression) as simulator, connect(simulator.url) as one:
                assert bool(one.protocol.extensions) == compression
                await one.send(json.dumps(SUBSCRIBE["kalshi"]))
                await simulator.subscribed()
                await simulator.emit(20)
                arrived = await until_data(one, simulator, 20)
                assert arrived == [sent.payload for sent in simulator.log]

    run(conversation)


def test_the_log_keeps_bytes_that_are_no_text_and_not_what_is_huge() -> None:
    file = io.BytesIO()
    log = Log(file, keep=2)
    for payload, binary in ((b"\xff\x00", False), (b"\x01", True), (b"x" * (1 << 21), False)):
        log.write([Sent(1, 1, 1, payload, "x", kind="garbage", binary=binary)])
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [base64.b64decode(line["base64"]) for line in lines[:2]] == [b"\xff\x00", b"\x01"]
    assert (lines[2]["bytes"], len(lines[2]["sha256"])) == (1 << 21, 64)
    assert "frame" not in lines[2]
    assert len(log.entries) == 2


@pytest.mark.parametrize("broken", ["event", "conversation"])
def test_a_bug_of_the_simulator_does_not_pass_for_an_exchange(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    async def conversation() -> None:
        async with Simulator("kalshi", rate=1000) as simulator, client(simulator) as one:
            if broken == "event":
                monkeypatch.setattr(simulator.floor.venue, "event", fails)
            else:
                monkeypatch.setattr(simulator.floor.links[1].conversation, "received", fails)
                await one.send("{}")
            await simulator.until(lambda: bool(simulator._failures()))

    with pytest.raises(ZeroDivisionError):
        run(conversation)


# Replay


def test_a_damaged_recording_is_sent_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    expected = recording(path, compressed=False)
    with path.open("ab") as file:
        file.write(b'{"ts":"2026-11-21T00:00:00Z","fe')

    async def conversation() -> None:
        async with Simulator("kraken", replay=path, speed=0) as simulator, client(simulator) as one:
            with pytest.raises(ReplayError, match="line 13: "):
                await simulator.failed()
            assert await until_data(one, simulator, len(expected)) == expected

    run(conversation)


def recording(path: Path, *, compressed: bool) -> list[bytes]:
    frames = [b'{"a":%d,"price":1.10}' % number for number in range(1, 9)]
    envelope = Envelope("x")
    start = 1_790_000_000_000_000_000
    parts = [envelope.lines([frame], start + 1_000_000 * number) for number, frame in enumerate(frames)]
    parts += [envelope.flagged(b"PONG", "not_json", start), envelope.flagged(b"{\n}", "newline", start)]
    parts += [envelope.flagged(b"\x00\xff", "binary", start)]
    parts += [b'{"ts":1790000000.5,"feed":"x","data":"older text"}\n']
    packer = zstandard.ZstdCompressor()
    path.write_bytes(b"".join(packer.compress(part) if compressed else part for part in parts))
    return [*frames, b"PONG", b"{\n}", b"\x00\xff", b"older text"]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("speed", [0.0, 100.0])
def test_a_recording_comes_as_it_was(tmp_path: Path, *, compressed: bool, speed: float) -> None:
    path = tmp_path / ("x.jsonl.zst" if compressed else "x.jsonl")
    expected = recording(path, compressed=compressed)

    async def conversation() -> None:
        replaying = Simulator("kraken", replay=path, speed=speed, heartbeat_seconds=100)
        async with replaying as simulator, client(simulator) as one:
            await simulator.until(lambda: simulator.counters.frames == len(expected))
            assert await until_data(one, simulator, len(expected)) == expected
            assert {sent.kind for sent in simulator.log} == {"replay"}
            assert [sent.payload for sent in simulator.log if sent.binary] == [b"\x00\xff"]

    run(conversation)
