"""The collector against the simulator, in one process: what was sent is on disk, or declared."""

from __future__ import annotations

import asyncio
import json
import threading

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from runtime.feeds.rawserver import serving
from runtime.pipeline.collecting import ENVIRONMENTS, Run, collecting, frames, gaps, get, played, spec_of
from ssmd_runtime.pipeline import connections
from ssmd_runtime.pipeline.collector import Collector
from ssmd_runtime.pipeline.discovery import DiscoveryError, discover
from ssmd_runtime.pipeline.preflight import Options, adapted
from ssmd_runtime.reliability.dead_letters import DeadLetters
from ssmd_runtime.secret import Secret
from ssmd_runtime.simulator.server import Simulator
from ssmd_runtime.spec import Auth, Buffer, CircuitBreaker, Discovery, Limits, Liveness, Retry
from ssmd_runtime.storage import segment as segment_module
from ssmd_runtime.storage.files import StorageError


@pytest.mark.parametrize("exchange", sorted(ENVIRONMENTS))
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_every_frame_that_was_sent_is_on_disk_in_order(exchange, compression, tmp_path):
    async def work() -> tuple[list[bytes], int | None]:
        async with Simulator(exchange, rate=0) as simulator:
            spec = spec_of(exchange, storage={"compression": compression})
            async with collecting(spec, simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(500)
                await run.received(simulator)
            return [sent.payload for sent in simulator.log], run.code

    sent, code = played(work)
    assert code == 0
    assert len(sent) >= 500
    written = [frame for frame in frames(tmp_path) if frame in set(sent)]
    assert written == sent
    assert [gap["reason"] for gap in gaps(tmp_path)] == ["stopped"]


def pem_pair() -> tuple[str, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public


def test_kalshi_is_signed_anew_at_every_connection(tmp_path):
    private, public = pem_pair()
    keys = {"api_key": Secret("key-id"), "api_secret": Secret(private)}

    async def work() -> list[dict[str, object]]:
        async with Simulator("kalshi", rate=0, public_key=public) as simulator:
            spec = spec_of("kalshi", auth=Auth(method="api_key", key="kalshi"), on_disconnect="reconnect")
            async with collecting(spec, simulator, tmp_path, keys) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(10)
                await run.received(simulator)
                simulator.cut()
                await run.until(lambda: simulator.counters.accepted == 2)
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(10)
                await run.received(simulator)
        return gaps(tmp_path)

    found = played(work)
    assert [gap["reason"] for gap in found] == ["disconnected", "stopped"]
    assert found[0]["received"] >= 10
    assert found[0]["to_ts"] is not None


def test_wrong_credentials_end_the_collector(tmp_path, caplog):
    private, _ = pem_pair()
    _, other = pem_pair()
    keys = {"api_key": Secret("key-id"), "api_secret": Secret(private)}

    async def work() -> int | None:
        async with Simulator("kalshi", rate=0, public_key=other) as simulator:
            spec = spec_of("kalshi", auth=Auth(method="api_key", key="kalshi"), on_disconnect="reconnect")
            async with collecting(spec, simulator, tmp_path, keys) as run:
                await run.until(lambda: run.collector.telemetry.problem is not None)
            assert "does not accept the credentials" in str(run.collector.telemetry.problem)
            return run.code

    assert played(work) == 1


def test_exit_on_disconnect_drains_and_returns_1(tmp_path):
    async def work() -> tuple[int | None, list[bytes]]:
        async with Simulator("kraken-futures", rate=0) as simulator:
            spec = spec_of("kraken-futures", on_disconnect="exit")
            async with collecting(spec, simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(100)
                await run.received(simulator)
                simulator.close(1001)
                await run.until(lambda: run.collector.telemetry.problem is not None)
            return run.code, [sent.payload for sent in simulator.log]

    code, sent = played(work)
    assert code == 1
    assert set(sent) <= set(frames(tmp_path))
    (gap,) = gaps(tmp_path)
    assert (gap["reason"], gap["connection"], gap["received"], gap["to_ts"]) == ("disconnected", 1, len(sent), None)


def test_a_restart_is_a_gap_that_the_first_data_closes(tmp_path):
    async def work() -> None:
        async with Simulator("binance", rate=0) as simulator:
            for _ in range(2):
                async with collecting(spec_of("binance"), simulator, tmp_path) as run:
                    await simulator.subscribed()
                    await simulator.emit(10)
                    await run.until(lambda: run.collector.telemetry.messages["trade"] >= 10)
                await run.until(lambda: not simulator.connections)

    played(work)
    found = gaps(tmp_path)
    assert [gap["reason"] for gap in found] == ["stopped", "restart", "stopped"]
    assert found[1]["from_ts"] < found[1]["to_ts"]
    assert found[0]["to_ts"] == found[1]["to_ts"]
    assert (found[0]["connection"], found[0]["received"] >= 10, found[2]["to_ts"]) == (1, True, None)


def test_numbers_that_go_on_tell_what_a_restart_missed(tmp_path):
    """Binance counts on while nobody listens: the restart knows exactly how many trades it missed."""

    async def work() -> None:
        async with Simulator("binance", rate=0, instruments=["BTCUSDT"]) as simulator:
            spec = spec_of("binance", wanted={"instruments": ("BTCUSDT",)})
            for turn in range(2):
                async with collecting(spec, simulator, tmp_path) as run:
                    await run.until(lambda: run.collector.telemetry.not_ready() is None)
                    await simulator.subscribed()
                    await simulator.emit(10)
                    await run.until(lambda: run.collector.telemetry.messages["trade"] == 10)
                await run.until(lambda: not simulator.connections)
                if not turn:
                    simulator.skip(7)

    played(work)
    (jump,) = [gap for gap in gaps(tmp_path) if gap["reason"] == "sequence"]
    assert jump["got"] - jump["expected"] == 7
    assert jump["symbol"] == "BTCUSDT"


def test_connections_are_split_by_the_exchanges_limit(tmp_path):
    async def work() -> None:
        async with Simulator("kraken-futures", rate=0) as simulator:
            limits = spec_of("kraken-futures").subscriptions.limits
            spec = spec_of(
                "kraken-futures",
                wanted={
                    "instruments": tuple(f"PF_{number}USD" for number in range(5)),
                    "limits": type(limits)(max_symbols_per_connection=2),
                },
            )
            async with collecting(spec, simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                assert simulator.counters.accepted == 3
                await simulator.subscribed()
                await simulator.emit(60)
                await run.received(simulator)
                sent = {one.payload for one in simulator.log}
        assert sent <= set(frames(tmp_path))

    played(work)


def test_a_connected_but_mute_line_is_told_and_kept(tmp_path):
    """Heartbeats go on, data does not: not stale, not ready, a metric."""

    async def work() -> None:
        async with Simulator("kraken", rate=0, heartbeat_seconds=0.1) as simulator:
            clocks = Liveness(ping_seconds=1, stale_seconds=2, watchdog_seconds=60)
            async with collecting(spec_of("kraken", liveness=clocks), simulator, tmp_path) as run:
                telemetry = run.collector.telemetry
                await run.until(lambda: telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(5)
                await run.until(lambda: telemetry.mute == 1)
                port = run.collector.http_port
                status, page = await get(port, "/ready")
                assert (status, json.loads(page)["status"]) == (503, "not_ready")
                assert "mute" in json.loads(page)["why"]
                assert await get(port, "/health") == (200, '{"status":"ok"}\n')
                assert 'ssmd_mute{feed="kraken"} 1.0' in (await get(port, "/metrics"))[1]
                assert simulator.counters.accepted == 1
                await simulator.subscribed()
                await simulator.emit(5)
                await run.until(lambda: telemetry.mute == 0)
                assert await get(port, "/ready") == (200, '{"status":"ready"}\n')

    played(work)


def test_a_silent_line_is_cut_and_declared(tmp_path):
    async def work() -> None:
        async with Simulator("kraken", rate=0, heartbeat_seconds=0.1) as simulator:
            clocks = Liveness(ping_seconds=1, stale_seconds=2, watchdog_seconds=60)
            spec = spec_of("kraken", liveness=clocks, on_disconnect="reconnect")
            async with collecting(spec, simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                simulator.half_open()
                await run.until(lambda: simulator.counters.accepted == 2)

    played(work)
    assert gaps(tmp_path)[0]["reason"] == "stale"


def test_metrics_agree_with_what_was_sent(tmp_path):
    async def work() -> str:
        simulator = Simulator("binance", rate=0)
        async with simulator, collecting(spec_of("binance"), simulator, tmp_path) as run:
            await run.until(lambda: run.collector.telemetry.not_ready() is None)
            await simulator.subscribed()
            await simulator.emit(25)
            await run.until(lambda: run.collector.telemetry.durable_messages >= 25)
            return (await get(run.collector.http_port, "/metrics"))[1]

    page = played(work)
    assert 'ssmd_messages_total{feed="binance",type="trade"} 25.0' in page
    assert 'ssmd_connector_messages_received_total{feed="binance",type="trade"} 25.0' in page
    assert 'ssmd_connected{feed="binance"} 1.0' in page
    assert 'ssmd_circuit_breaker_state{target="exchange"} 0.0' in page
    assert "ssmd_fsync_seconds_bucket" in page
    assert "ssmd_connector_lag_seconds" in page


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_metrics_agree_with_the_file(compression, tmp_path):
    """What is gathered for the next compressed frame is received and not yet written."""
    frame = b'{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":1}}'

    async def metric(run: Run, name: str) -> float:
        page = (await get(run.collector.http_port, "/metrics"))[1]
        (value,) = [line.rpartition(" ")[2] for line in page.splitlines() if line.startswith(f"{name}{{")]
        return float(value)

    async def work() -> None:
        simulator = Simulator("binance", rate=0)
        spec = spec_of("binance", storage={"compression": compression})
        async with simulator, collecting(spec, simulator, tmp_path) as run:
            collector = run.collector
            await run.until(lambda: collector.telemetry.not_ready() is None)
            collector._capture.take(1, [frame])
            collector._refresh()
            assert (collector.telemetry.queue_bytes > len(frame)) is (compression == "zstd")
            await run.until(lambda: collector._writer.durable_records == 1)
            (path,) = tmp_path.glob("*/binance.jsonl*")
            assert await metric(run, "ssmd_written_bytes_total") == path.stat().st_size > 0
            assert await metric(run, "ssmd_queue_bytes") == 0

    played(work)


@pytest.mark.parametrize("kind", ["binary", "json", "utf8", "newline", "huge"])
def test_garbage_is_kept_and_the_rest_goes_on(kind, tmp_path):
    async def work() -> tuple[list[bytes], int]:
        async with Simulator("binance", rate=0) as simulator:
            async with collecting(spec_of("binance", on_disconnect="reconnect"), simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(5)
                simulator.garbage(kind)
                if kind == "huge":
                    await run.until(lambda: simulator.counters.accepted == 2)
                    await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(5)
                good = [sent.payload for sent in simulator.log if sent.kind == "data"]
                await run.until(lambda: run.collector.telemetry.messages["trade"] >= 10)
                errors = sum(run.collector.telemetry.errors.values())
            return good, errors

    good, errors = played(work)
    assert errors >= 1
    letters = DeadLetters(tmp_path, "connector").contents().letters
    assert len(letters) == (1 if kind in {"binary", "json", "utf8"} else 0)
    assert [frame for frame in frames(tmp_path) if frame in set(good)] == good


def test_the_circuit_opens_and_closes_by_itself(tmp_path):
    """After failures in a row nothing is tried for a while; then data closes it, though one line is all there is."""

    async def work() -> list[int]:
        states: list[int] = []
        async with Simulator("binance", rate=0) as simulator:
            simulator.refuse()
            circuit = CircuitBreaker(failure_threshold=2, success_threshold=3, timeout_seconds=1)
            spec = spec_of("binance", on_disconnect="reconnect", circuit_breaker=circuit)
            async with collecting(spec, simulator, tmp_path) as run:
                telemetry = run.collector.telemetry
                await run.until(lambda: telemetry.breakers.get("exchange") == 1)
                states.append(simulator.counters.refused)
                simulator.accept()
                await run.until(lambda: telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(3)
                await run.until(lambda: telemetry.breakers["exchange"] == 0)
        return states

    assert played(work) == [2]
    found = gaps(tmp_path)
    assert [gap["reason"] for gap in found] == ["connect_failed", "stopped"]
    assert found[0]["to_ts"] is not None


def test_markets_are_discovered_and_taken_up_later(tmp_path, monkeypatch):
    """Discovery names the markets, on as many connections as they need; what appears later is subscribed to."""
    monkeypatch.setattr(connections, "_REDISCOVER_SECONDS", 0.2)
    found = [("KXA-1", "KXA-2"), ("KXA-2", "KXA-3", "KXA-4", "KXA-5")]

    async def discovered(spec: object) -> tuple[str, ...]:
        del spec
        return found[-1]

    monkeypatch.setattr(connections, "discover", discovered)

    async def work() -> set[str]:
        async with Simulator("kalshi", rate=0) as simulator:
            spec = spec_of(
                "kalshi",
                wanted={
                    "channels": ("trade",),
                    "instruments": found[0],
                    "discovery": Discovery(categories=("crypto",)),
                    "limits": Limits(max_symbols_per_connection=3),
                },
            )
            async with collecting(spec, simulator, tmp_path) as run:
                await simulator.subscribed()
                await run.until(lambda: simulator.counters.accepted == 2)
                await simulator.subscribed(2)

                def topics() -> set[str]:
                    return {topic[1] for link in simulator.floor.subscribed for topic in link.topics}

                await run.until(lambda: topics() == set(found[1]))
                return topics()

    assert played(work) == set(found[1])


def test_a_market_stays_on_its_connection(tmp_path, monkeypatch):
    """A market of the first of two connections closes: the second one's stay where they are."""
    monkeypatch.setattr(connections, "_REDISCOVER_SECONDS", 0.1)
    before, after = ("KXA-1", "KXA-2", "KXA-3", "KXA-4", "KXA-5"), ("KXA-2", "KXA-3", "KXA-4", "KXA-5", "KXA-6")

    async def discovered(spec: object) -> tuple[str, ...]:
        del spec
        return after

    monkeypatch.setattr(connections, "discover", discovered)

    async def work() -> list[list[str]]:
        async with Simulator("kalshi", rate=0) as simulator:
            wanted = {
                "channels": ("trade",),
                "instruments": before,
                "discovery": Discovery(),
                "limits": Limits(max_symbols_per_connection=3),
            }
            async with collecting(spec_of("kalshi", wanted=wanted), simulator, tmp_path) as run:

                def topics() -> list[list[str]]:
                    links = sorted(simulator.floor.subscribed, key=lambda link: link.number)
                    return [[market for _, market in link.topics] for link in links]

                await run.until(lambda: {name for held in topics() for name in held} == set(after))
                return topics()

    assert played(work) == [["KXA-2", "KXA-3", "KXA-6"], ["KXA-4", "KXA-5"]]


def test_discovery_pages_through_the_exchanges_own_list():
    async def work() -> tuple[str, ...]:
        async with Simulator("kalshi", rate=0) as simulator:
            spec = spec_of("kalshi", endpoint=simulator.url, wanted={"discovery": Discovery()})
            return await discover(spec)

    markets = played(work)
    assert markets
    assert list(markets) == sorted(markets)


def test_discovery_that_fails_is_one_line():
    async def work() -> str:
        async with Simulator("kalshi", rate=0) as simulator:
            gone = simulator.url
        with pytest.raises(DiscoveryError) as caught:
            await discover(spec_of("kalshi", endpoint=gone, wanted={"discovery": Discovery()}))
        return str(caught.value)

    assert "\n" not in played(work)


def test_stopping_does_not_wait_for_a_handshake(tmp_path):
    """The server takes the connection and never answers: the end comes at once all the same."""

    async def work() -> float:
        async with serving(lambda peer: asyncio.sleep(0), b"") as url:
            options = Options(data_dir=tmp_path, endpoint=url, http_host="127.0.0.1", http_port=0)
            collector = Collector(adapted(spec_of("binance"), options), {}, options)
            task = asyncio.ensure_future(collector.run())
            while not collector.http_port:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            collector.stop()
            await asyncio.wait_for(task, 2)
            return task.result()

    assert played(work) == 0


def test_one_frame_a_connection_is_no_reason_to_come_back_at_once(tmp_path):
    """An exchange that sends a snapshot and drops us would ban whoever came back a hundred times a second."""

    async def work() -> int:
        async with Simulator("binance", rate=0) as simulator:
            spec = spec_of("binance", on_disconnect="reconnect")
            patient = Retry(max_attempts=5, initial_delay_ms=100, max_delay_ms=10_000, multiplier=3.0, jitter=0.0)
            async with collecting(msgspec.structs.replace(spec, retry=patient), simulator, tmp_path) as run:
                for number in range(1, 4):
                    await run.until(lambda number=number: simulator.counters.accepted == number)
                    await run.until(lambda: run.collector.telemetry.not_ready() is None)
                    await simulator.subscribed()
                    await simulator.emit(1)
                    await run.until(lambda number=number: run.collector.telemetry.messages["trade"] >= number)
                    simulator.cut()
                await asyncio.sleep(0.5)  # the third delay is 0.9 s
                return simulator.counters.accepted

    assert played(work) == 3


def test_one_refusal_where_there_are_no_credentials_ends_nothing(tmp_path):
    async def work() -> None:
        async with Simulator("binance", rate=0) as simulator:
            simulator.unauthorized(3)
            async with collecting(spec_of("binance", on_disconnect="reconnect"), simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)

    played(work)


def test_a_disk_that_takes_nothing_is_told_and_ends_the_collector(tmp_path, monkeypatch):
    """No sync ever finishes: reading stops, /ready says why, and after a while the collector gives up."""
    free = threading.Event()
    monkeypatch.setattr(segment_module.Segment, "sync", lambda self: free.wait(20) and None)

    async def work() -> tuple[int | None, str]:
        async with Simulator("binance", rate=0) as simulator:
            clocks = Liveness(ping_seconds=1, stale_seconds=2, watchdog_seconds=30)
            spec = spec_of("binance", liveness=clocks, buffer=Buffer(max_bytes=65536), storage={"compression": "none"})
            async with collecting(spec, simulator, tmp_path) as run:
                telemetry = run.collector.telemetry
                await run.until(lambda: telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(2000)
                await run.until(lambda: telemetry.waiting is not None)
                why = (await get(run.collector.http_port, "/ready"))[1]
                await run.until(lambda: telemetry.problem is not None)
                free.set()
            return run.code, why

    code, why = played(work)
    assert code == 1
    assert "too much waits for the disk" in why


def test_what_a_full_disk_keeps_from_being_written_is_told_at_the_end(tmp_path, monkeypatch):
    def full(descriptor: int, block: bytes, path: object, size: int) -> None:
        del descriptor, block, size
        raise StorageError(f"cannot write {path}: No space left on device", full=True)

    async def work() -> tuple[int | None, str | None]:
        async with Simulator("binance", rate=0) as simulator:
            async with collecting(spec_of("binance", storage={"compression": "none"}), simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                monkeypatch.setattr(segment_module, "append", full)
                await simulator.subscribed()
                await simulator.emit(5)
                await run.until(lambda: run.collector.telemetry.waiting is not None)
            return run.code, run.collector.telemetry.problem

    code, problem = played(work)
    assert code == 1
    assert "were lost" in str(problem)


def test_frames_without_their_number_are_counted(tmp_path):
    """No gap can be seen in them, so that must not stay unknown."""

    async def work() -> str:
        simulator = Simulator("binance", rate=0)
        async with simulator, collecting(spec_of("binance"), simulator, tmp_path) as run:
            await run.until(lambda: run.collector.telemetry.not_ready() is None)
            run.collector._capture.take(1, [b'{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT"}}'])
            return (await get(run.collector.http_port, "/metrics"))[1]

    assert 'ssmd_errors_total{feed="binance",type="unnumbered"} 1.0' in played(work)
