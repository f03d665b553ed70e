"""The life of a connection: what never stood, what ends without a word, and what its gap records say of it."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from runtime.feeds.rawserver import Peer, closes, frame, hanging_up, resets, serving
from runtime.feeds.rest_specs import rest_spec
from runtime.pipeline.collecting import Run, collecting, collecting_from, gaps, get, lines, played, spec_of
from ssmd_runtime.exchanges.kraken import KrakenSession
from ssmd_runtime.feeds import websocket
from ssmd_runtime.feeds.client import Line, Receiver
from ssmd_runtime.feeds.picows_client import PicowsClient
from ssmd_runtime.pipeline.capture import Taken
from ssmd_runtime.pipeline.rest_feed import RestFeed
from ssmd_runtime.reliability.gaps import Gap
from ssmd_runtime.simulator.server import Simulator
from ssmd_runtime.spec import CircuitBreaker, Limits, Liveness
from ssmd_runtime.storage import gap_log
from ssmd_runtime.telemetry import Telemetry


def running(
    url: str, root: Path, exchange: str = "binance", *, client: PicowsClient | None = None, **changes: Any
) -> contextlib.AbstractAsyncContextManager[Run]:
    """A collector on any server, of an exchange's spec with changes."""
    return collecting_from(url, spec_of(exchange, **changes), root, client=client)


@pytest.mark.parametrize("how", [closes, resets])
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 101 Swi"])
def test_a_server_that_goes_within_the_handshake_is_called_again(how, said, tmp_path):
    async def work() -> None:
        circuit = CircuitBreaker(failure_threshold=100, success_threshold=1, timeout_seconds=1)
        async with (
            hanging_up(how, said) as url,
            running(url, tmp_path, on_disconnect="reconnect", circuit_breaker=circuit) as run,
        ):
            telemetry = run.collector.telemetry
            await run.until(lambda: telemetry.errors["connect"] >= 3)
            assert (telemetry.connected, telemetry.subscribed) == (0, 0)
            assert (await get(run.collector.http_port, "/ready"))[0] == 503

    played(work)
    (gap,) = gaps(tmp_path)
    assert (gap["reason"], gap["to_ts"]) == ("connect_failed", None)


def test_a_server_that_goes_within_the_handshake_ends_what_shall_exit(tmp_path):
    async def work() -> int | None:
        async with (
            hanging_up(closes) as url,
            running(url, tmp_path, on_disconnect="exit", retry={"max_attempts": 2}) as run,
        ):
            await run.until(lambda: run.collector.telemetry.problem is not None)
            assert "cannot connect after 2 attempts" in str(run.collector.telemetry.problem)
        return run.code

    assert played(work) == 1


class Deaf:
    """A receiver that is never told of the end."""

    def __init__(self, receiver: Receiver) -> None:
        self.batch, self.binary, self.alive = receiver.batch, receiver.binary, receiver.alive

    def closed(self, reason: str) -> None:
        pass


class Silent(PicowsClient):
    """A client whose connections end without a word."""

    async def open(self, connect: Any, receiver: Receiver, **settings: Any) -> Line:  # type: ignore[override]
        return await super().open(connect, Deaf(receiver), **settings)


def test_a_line_that_ends_without_a_word_is_over_once_it_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(websocket, "_MOST_ENDING_SECONDS", 0.05)

    async def work() -> None:
        async with Simulator("binance", rate=0) as simulator:
            clocks = Liveness(ping_seconds=1, stale_seconds=2, watchdog_seconds=60)
            async with running(
                simulator.url, tmp_path, client=Silent(), on_disconnect="reconnect", liveness=clocks
            ) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                simulator.half_open()
                await run.until(lambda: simulator.counters.accepted == 2 and run.collector.telemetry.connected)

    played(work)
    found = [gap["reason"] for gap in gaps(tmp_path)]
    assert (found[0], found[-1]) == ("stale", "stopped")


@pytest.fixture
def gap_syncs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files of gap records that were synced, as often as they were."""
    synced: list[Path] = []
    real = gap_log.data_sync

    def data_sync(descriptor: int, path: Path) -> None:
        synced.append(path)
        real(descriptor, path)

    monkeypatch.setattr(gap_log, "data_sync", data_sync)
    return synced


def test_all_that_was_left_open_is_closed_with_one_sync(tmp_path, gap_syncs):
    """One each would hold the event loop up for seconds."""
    limits = Limits(max_symbols_per_connection=1)
    names = ("PF_1USD", "PF_2USD")
    spec = spec_of("kraken-futures", wanted={"instruments": names, "limits": limits})
    day = datetime.now(UTC).date().isoformat()
    left = tmp_path / day / f"{spec.storage.file_stem}.gaps.jsonl"
    left.parent.mkdir()
    with left.open("wb") as file:
        for number in range(500):
            gap = Gap(id=f"x-{number}", ts=f"{day}T00:00:00Z", feed="f", reason="disconnected", connection=number)
            file.write(msgspec.json.encode(gap) + b"\n")

    async def work() -> None:
        async with Simulator("kraken-futures", rate=0) as simulator, collecting(spec, simulator, tmp_path) as run:
            await run.until(lambda: run.collector.telemetry.not_ready() is None)
            await simulator.subscribed()
            await simulator.emit(40)
            await run.received(simulator)
            assert len(gap_syncs) <= 4  # the restart of both, the first data of each, and perhaps midnight

    played(work)
    found = gaps(tmp_path)
    assert [gap["reason"] for gap in found if gap["to_ts"] is None] == ["stopped", "stopped"]
    assert len(found) == 500 + 2 + 2


def test_what_a_rest_feed_left_open_is_closed_with_one_sync(tmp_path):
    written: list[list[tuple[str | None, dict[str, Any]]]] = []
    capture = SimpleNamespace(
        take=lambda *_: Taken(1, [], 5), stamp=str, gaps=lambda declared: written.append(list(declared))
    )
    feed = RestFeed(rest_spec(paths=["/a"]), {}, cast("Any", capture), Telemetry("rest"), lambda _: None)
    for gap in "ab":
        feed.resume_from(gap, {"reason": "restart", "from_ts": None})
    feed._take([b"{}"])
    feed._take([b"{}"])
    closed = {"reason": "restart", "from_ts": None, "to_ts": "5"}
    assert written == [[("a", closed), ("b", closed)]]


TRADE = frame(b'{"channel":"trade","type":"update","data":[{"symbol":"A/USD","trade_id":1}]}')


def answered(symbol: str, said: str, channel: str = "trade", number: int = 1) -> bytes:
    result = f'{{"channel":"{channel}","symbol":"{symbol}"}}'
    return frame(f'{{"method":"subscribe","req_id":{number},{said},"result":{result}}}'.encode())


YES, NO = '"success":true', '"success":false,"error":"Currency pair not supported"'


@pytest.mark.parametrize("reason", ["unanswered", "refused"])
def test_what_an_opening_does_not_bring_is_missing_since_the_opening(reason, tmp_path, monkeypatch):
    """Data flows meanwhile, so that no other gap tells it."""
    monkeypatch.setattr(KrakenSession, "answer_seconds", 0.3)
    asked: list[str] = []

    async def play(peer: Peer) -> None:
        await peer.frame()
        asked.append(datetime.now(UTC).isoformat(timespec="microseconds"))
        await peer.send(answered("A/USD", YES) + TRADE)
        if reason == "refused":
            await asyncio.sleep(0.3)
            await peer.send(answered("B/USD", NO))
        await peer.frame()

    async def work() -> None:
        wanted = {"channels": ("trade",), "instruments": ("A/USD", "B/USD")}
        async with serving(play) as url, running(url, tmp_path, "kraken", wanted=wanted) as run:
            await run.until(lambda: run.collector.telemetry.gaps[reason])

    played(work)
    (missing,) = [gap for gap in gaps(tmp_path) if (gap["reason"], gap["symbol"]) == (reason, "B/USD")]
    assert (missing["channel"], missing["to_ts"]) == ("trade", None)
    assert missing["from_ts"] < asked[0]


def test_what_is_refused_later_is_missing_since_then(tmp_path):
    async def play(peer: Peer) -> None:
        await peer.frame()
        await peer.send(answered("A/USD", YES) + TRADE)
        await asyncio.sleep(0.1)
        await peer.send(answered("A/USD", NO))
        await peer.frame()

    async def work() -> None:
        wanted = {"channels": ("trade",), "instruments": ("A/USD",)}
        async with serving(play) as url, running(url, tmp_path, "kraken", wanted=wanted) as run:
            await run.until(lambda: run.collector.telemetry.gaps["refused"])

    played(work)
    (missing,) = [gap for gap in gaps(tmp_path) if gap["reason"] == "refused"]
    assert lines(tmp_path)[-1].ts <= missing["from_ts"]


def test_many_refusals_at_once_are_one_sync(tmp_path, gap_syncs, monkeypatch):
    monkeypatch.setattr(KrakenSession, "answer_seconds", 0.1)
    names = tuple(f"S{number}/USD" for number in range(200))

    async def work() -> None:
        wanted = {"channels": ("trade",), "instruments": names}
        async with (
            serving(lambda peer: asyncio.sleep(30)) as url,
            running(url, tmp_path, "kraken", wanted=wanted) as run,
        ):
            await run.until(lambda: run.collector.telemetry.gaps["unanswered"] == len(names))

    played(work)
    assert len(gap_syncs) <= 3
    assert {gap["symbol"] for gap in gaps(tmp_path) if gap["reason"] == "unanswered"} == set(names)


def test_what_was_interrupted_is_over_once_all_is_asked_for_again(tmp_path):
    """Data of one channel says nothing of another, of which what comes meanwhile is missing."""
    answered_at: list[str] = []

    async def play(peer: Peer) -> None:
        await peer.frame()
        both = [answered("A/USD", YES), answered("A/USD", YES, "ticker", 2)]
        if not answered_at:
            answered_at.append("")
            await peer.send(both[0] + both[1] + TRADE)
            await asyncio.sleep(0.1)
            return
        await peer.send(both[0] + TRADE)
        await asyncio.sleep(0.3)
        answered_at.append(datetime.now(UTC).isoformat(timespec="microseconds"))
        await peer.send(both[1] + TRADE)
        await peer.frame()
        await peer.frame()

    async def work() -> None:
        wanted = {"channels": ("trade", "ticker"), "instruments": ("A/USD",)}
        async with (
            serving(play) as url,
            running(url, tmp_path, "kraken", wanted=wanted, on_disconnect="reconnect") as run,
        ):
            await run.until(lambda: run.collector.telemetry.messages["trade"] == 3)

    played(work)
    (over,) = [gap for gap in gaps(tmp_path) if gap["reason"] == "disconnected"]
    assert over["to_ts"] >= answered_at[1].replace("+00:00", "Z")
