"""The collector and its files: a day that ends quietly, files that are taken away, what a start finds and goes on with."""

from __future__ import annotations

import os
import time

from runtime.pipeline.collecting import collecting, gaps, played, spec_of
from ssmd_runtime.pipeline import collector as collector_module
from ssmd_runtime.simulator.server import Simulator
from ssmd_runtime.spec import Limits, Rotation


def test_a_quiet_feeds_file_is_sealed_at_the_days_end(tmp_path, monkeypatch):
    monkeypatch.setattr(collector_module, "_LOOK_SECONDS", 0.02)

    async def work() -> int | None:
        async with Simulator("binance", rate=0) as simulator:
            async with collecting(spec_of("binance"), simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                await simulator.subscribed()
                await simulator.emit(5)
                await run.received(simulator)
                tomorrow = time.time_ns() + 86_400 * 1_000_000_000
                monkeypatch.setattr(collector_module.time, "time_ns", lambda: tomorrow)
                await run.until(lambda: run.collector.telemetry.sealed_files == 1)
            return run.code

    assert played(work) == 0
    assert len(list(tmp_path.glob("*/binance.0001.manifest.json"))) == 1


def test_a_file_that_is_removed_under_it_ends_the_collector(tmp_path, monkeypatch):
    monkeypatch.setattr(collector_module, "_LOOK_SECONDS", 0.02)

    async def work() -> int | None:
        async with Simulator("binance", rate=0) as simulator:
            async with collecting(spec_of("binance"), simulator, tmp_path) as run:
                await run.until(lambda: run.collector.telemetry.not_ready() is None)
                (path,) = tmp_path.glob("*/binance.jsonl*")
                path.unlink()
                await run.until(lambda: run.collector.telemetry.problem is not None)
            assert "removed or replaced" in str(run.collector.telemetry.problem)
            return run.code

    assert played(work) == 1


def test_a_sealed_file_that_lost_its_end_is_a_gap_once(tmp_path):
    async def work() -> None:
        async with Simulator("binance", rate=0) as simulator:
            for turn in range(3):
                rotation = Rotation(max_bytes=4096, timezone="UTC")
                spec = spec_of("binance", rotation=rotation, storage={"compression": "none"})
                async with collecting(spec, simulator, tmp_path) as run:
                    await simulator.subscribed()
                    await simulator.emit(50)
                    await run.until(lambda: run.collector.telemetry.messages["trade"] >= 50)
                    await simulator.subscribed()
                    await simulator.emit(50)
                    await run.until(lambda: run.collector.telemetry.sealed_files >= 1)
                await run.until(lambda: not simulator.connections)
                if not turn:
                    sealed = min(tmp_path.glob("*/binance.0001.jsonl*"))
                    os.truncate(sealed, sealed.stat().st_size - 10)

    played(work)
    (gap,) = [gap for gap in gaps(tmp_path) if gap["reason"] == "damaged"]
    assert gap["detail"].startswith("binance.0001.jsonl")
    assert gap["detail"].endswith("are gone")
    assert gap["from_ts"] <= gap["to_ts"] < gap["ts"]


def test_what_a_stop_left_open_ends_with_the_data_of_all_connections(tmp_path):
    limits = Limits(max_symbols_per_connection=1)
    names = ("PF_1USD", "PF_2USD")
    spec = spec_of("kraken-futures", wanted={"instruments": names, "limits": limits})

    async def work() -> None:
        async with Simulator("kraken-futures", rate=0) as simulator:
            for _ in range(2):
                async with collecting(spec, simulator, tmp_path) as run:
                    await run.until(lambda: run.collector.telemetry.not_ready() is None)
                    await simulator.subscribed()
                    await simulator.emit(40)
                    await run.until(lambda: sum(run.collector.telemetry.messages.values()) >= 40)
                await run.until(lambda: not simulator.connections)

    played(work)
    found = gaps(tmp_path)
    first = [gap for gap in found if gap["reason"] == "stopped" and gap["to_ts"] is not None]
    restarts = [gap for gap in found if gap["reason"] == "restart"]
    assert (len(first), len(restarts)) == (2, 2)
    assert {gap["to_ts"] for gap in first} == {max(gap["to_ts"] for gap in restarts)}
    assert {gap["connection"] for gap in first} == {1, 2}
