"""A collector in this process, on a spec of this repository, against a simulator: what was written, and what was declared."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges.protocol import Credentials
from ssmd_runtime.feeds.client import Client
from ssmd_runtime.pipeline.collector import Collector
from ssmd_runtime.pipeline.preflight import Options, adapted
from ssmd_runtime.simulator.server import Simulator
from ssmd_runtime.storage.envelope import Line, frame_of

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = {
    "binance": "binance",
    "kalshi": "kalshi-dev",
    "kraken": "kraken-prod",
    "kraken-futures": "kraken-futures",
    "polymarket": "polymarket",
}


def spec_of(exchange: str, **changes: Any) -> specs.CollectorSpec:
    """The repository's own spec of an exchange, without key and discovery, with small clocks."""
    spec = specs.decode((ROOT / "generated" / ENVIRONMENTS[exchange] / "spec.json").read_bytes())
    wanted = spec.subscriptions
    if exchange == "kalshi":
        wanted = msgspec.structs.replace(wanted, discovery=None, instruments=("KXA-1", "KXA-2", "KXA-3"))
        spec = msgspec.structs.replace(spec, auth=specs.Auth(method="none"))
    limits = msgspec.structs.replace(wanted.limits, rate_limit_per_second=None)
    wanted = msgspec.structs.replace(wanted, **{"limits": limits} | changes.pop("wanted", {}))
    storage = msgspec.structs.replace(spec.storage, sync_interval_ms=10, **changes.pop("storage", {}))
    retry = msgspec.structs.replace(spec.retry, initial_delay_ms=1, max_delay_ms=5, **changes.pop("retry", {}))
    return msgspec.structs.replace(spec, subscriptions=wanted, storage=storage, retry=retry, **changes)


def played(work: Any, seconds: float = 30.0) -> Any:
    """What a test's coroutine gives; one that hangs is ended."""
    return asyncio.run(asyncio.wait_for(work(), seconds))


class Run:
    """A collector at work, its exit code, and what it left."""

    def __init__(self, collector: Collector, root: Path) -> None:
        self.collector = collector
        self.root = root
        self.code: int | None = None

    async def until(self, holds: Any, seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.005)

    async def received(self, simulator: Simulator) -> None:
        """Until everything that the simulator sent has arrived."""
        await self.until(
            lambda: sum(self.collector.telemetry.messages.values()) >= sum(one.sent for one in simulator.log)
        )


def collecting(
    spec: specs.CollectorSpec, simulator: Simulator, root: Path, keys: Credentials | None = None
) -> contextlib.AbstractAsyncContextManager[Run]:
    """A collector of what a simulator sends."""
    return collecting_from(simulator.url, spec, root, keys)


@contextlib.asynccontextmanager
async def collecting_from(
    url: str, spec: specs.CollectorSpec, root: Path, keys: Credentials | None = None, client: Client | None = None
) -> AsyncIterator[Run]:
    """Runs a collector on any server; it is stopped at the end, where it has not ended by itself."""
    options = Options(data_dir=root, endpoint=url, http_host="127.0.0.1", http_port=0, files_only=True)
    run = Run(Collector(adapted(spec, options), keys or {}, options, client=client), root)
    task = asyncio.ensure_future(run.collector.run())
    try:
        yield run
    finally:
        if not task.done():
            run.collector.stop()
        run.code = await asyncio.wait_for(task, 15)


def lines(root: Path) -> list[Line]:
    """Every record in the data files, in order."""
    decoder = msgspec.json.Decoder(Line)
    found: list[Line] = []
    for path in sorted(root.glob("20*/*.jsonl*")):
        if not path.name.endswith(".gaps.jsonl"):
            content = path.read_bytes()
            if path.suffix == ".zst":
                content = subprocess.run(["zstd", "-dcq"], input=content, capture_output=True, check=True).stdout
            found += [decoder.decode(line) for line in content.splitlines()]
    return found


def frames(root: Path) -> list[bytes]:
    return [frame_of(line) for line in lines(root)]


def gaps(root: Path) -> list[dict[str, Any]]:
    """The gap records; the last line of an id counts."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(root.glob("*/*.gaps.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            found[record["id"]] = record
    return list(found.values())


async def get(port: int, path: str) -> tuple[int, str]:
    """A page of the collector's HTTP port."""
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}{path}")
        return answer.status_code, answer.text
