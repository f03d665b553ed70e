"""Kill harness B and the cut harness: a whole collector against the simulator, killed, cut, stalled, fed with garbage."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from ssmd_runtime.pipeline.collector import Collector  # noqa: E402 -- once the path is there
from ssmd_runtime.pipeline.preflight import Options, adapted  # noqa: E402 -- as above
from ssmd_runtime.simulator.orders import order_of  # noqa: E402 -- as above
from ssmd_runtime.simulator.server import Simulator  # noqa: E402 -- as above
from torture_accounts import Account, account, by_counts, by_times, entries_of  # noqa: E402 -- as above
from torture_controls import take_away  # noqa: E402 -- as above
from torture_processes import ended, forked, killed_after  # noqa: E402 -- as above
from torture_reading import read_back  # noqa: E402 -- as above
from torture_specs import torture_spec  # noqa: E402 -- as above

_SECONDS = 60.0


@dataclass
class World:
    """What one exchange and its collector came to."""

    kills: int = 0
    orders: int = 0
    acknowledged: int = 0
    lost: int = 0
    flaws: list[str] = field(default_factory=list)
    account: Account = field(default_factory=Account)

    def add(self, other: World) -> None:
        for name in ("kills", "orders", "acknowledged", "lost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.flaws += other.flaws
        self.account.add(other.account)


def collector(
    root: Path, url: str, *, codec: str, sync: str, durable: Any = lambda _: None, **changes: Any
) -> Collector:
    spec = torture_spec(root, codec=codec, sync=sync, max_bytes=200_000, **changes)
    options = Options(endpoint=url, http_host="127.0.0.1", http_port=0, files_only=True)
    return Collector(adapted(spec, options), {}, options, durable=durable)


# Kills


def killed_collectors(
    folder: Path, kills: int, codec: str, sync: str, *, seed: int = 1, guard: str | None = None
) -> World:
    """One exchange; a collector that is killed so many times, and then ends well."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(f"{seed}/{codec}/{sync}")
    log, port_file, root = folder / "sent.jsonl", folder / "port", folder / "data"
    exchange = forked(lambda: asyncio.run(_serve(log, port_file, seed)))
    world = World()
    try:
        while not port_file.exists():
            os.sched_yield()
        url = f"ws://127.0.0.1:{port_file.read_text()}/v2"
        notes = []
        for number in range(kills + 1):
            notes.append(folder / f"notes-{number}")
            note = notes[-1]
            child = forked(lambda note=note: _collect(root, url, codec, sync, note, guard))
            if number < kills:
                world.kills += killed_after(child, chance.uniform(0.03, 0.5)) == -9
            else:
                _stop_when_it_flows(child, note)
                if (code := ended(child)) != 0:
                    world.flaws.append(f"the last collector ended with {code}")
    finally:
        os.kill(exchange, signal.SIGKILL)
        ended(exchange)
    found = read_back(root)
    world.flaws += found.flaws
    world.acknowledged = sum(_acknowledged(note) for note in notes)
    world.lost = max(0, world.acknowledged - len(found.records))
    world.account = account(entries_of(log), found, by_times(found))
    return world


async def _serve(log: Path, port_file: Path, seed: int) -> None:
    with log.open("wb") as file:
        async with Simulator("kraken", rate=3000, seed=seed, log_file=file, keep=0) as simulator:
            whole = port_file.with_suffix(".new")
            whole.write_text(str(simulator.port))
            whole.rename(port_file)
            await asyncio.sleep(3600)


def _collect(root: Path, url: str, codec: str, sync: str, note: Path, guard: str | None) -> None:
    take_away(guard)
    descriptor = os.open(note, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    async def run() -> int:
        return await collector(
            root, url, codec=codec, sync=sync, durable=lambda count: os.write(descriptor, b"%d\n" % count)
        ).run()

    code = asyncio.run(run())
    assert code == 0, code


def _acknowledged(note: Path) -> int:
    lines = note.read_text().split("\n")[:-1] if note.exists() else []
    return int(lines[-1]) if lines else 0


def _stop_when_it_flows(child: int, note: Path) -> None:
    """Ends a collector as Kubernetes does, once it has captured something."""
    for _ in range(2000):
        if _acknowledged(note) > 200:
            break
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        import time

        time.sleep(0.01)
    os.kill(child, signal.SIGTERM)


# Cuts

_QUICK = ("cut", "cut", "cut mid-frame", "close", "close 1011", "shutdown")
_SLOW = ("half-open", "stall 4")
_MEANWHILE = (
    "skip 1", "skip 7", "repeat 3", "repeat 40", "garbage binary", "garbage json", "garbage utf8", "garbage newline",
    "fragment", "mute 0.3", "stall 0.3", "flood 300",
)  # fmt: skip


def cut_connections(
    folder: Path, cuts: int, codec: str, sync: str, *, seed: int = 1, slow: float = 0.05, guard: str | None = None
) -> World:
    """One process with an exchange and a collector, whose connection is cut so many times."""
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / "result.json"
    child = forked(lambda: asyncio.run(_cut(folder, cuts, codec, sync, seed, slow, guard)), result)
    code = ended(child)
    world = World()
    if code:
        world.flaws.append(f"the collector's process ended with {code}")
        return world
    found = read_back(folder / "data")
    import json

    said = json.loads(result.read_text())
    world.orders = said["orders"]
    world.kills = said["cuts"]
    if said["code"]:
        world.flaws.append(f"the collector ended with {said['code']}: {said['problem']}")
    world.flaws += found.flaws
    world.acknowledged = said["acknowledged"]
    world.lost = max(0, world.acknowledged - len(found.records))
    world.account = account(entries_of(folder / "sent.jsonl"), found, by_counts(found))
    return world


async def _cut(
    folder: Path, cuts: int, codec: str, sync: str, seed: int, slow: float, guard: str | None
) -> dict[str, Any]:
    take_away(guard)
    chance = random.Random(f"{seed}/{codec}/{sync}/cuts")
    acknowledged = [0]
    orders = done = 0
    with (folder / "sent.jsonl").open("wb") as file:
        async with Simulator("kraken", rate=2000, seed=seed, log_file=file, keep=0) as simulator:
            one = collector(
                folder / "data", simulator.url, codec=codec, sync=sync, durable=lambda n: acknowledged.__setitem__(0, n)
            )
            running = asyncio.ensure_future(one.run())
            for _ in range(cuts):
                await _flows(simulator, running)
                for order in chance.sample(_MEANWHILE, chance.randint(0, 2)):
                    simulator.perform(order_of(order))
                    orders += 1
                    await asyncio.sleep(chance.uniform(0, 0.06))
                await _flows(simulator, running)
                order = chance.choice(_SLOW if chance.random() < slow else _QUICK)
                number = simulator.counters.accepted
                simulator.perform(order_of(order))
                done += 1
                orders += 1
                if chance.random() < 0.2:
                    simulator.perform(order_of("skip 3"))
                if chance.random() < 0.1:
                    simulator.perform(order_of("refuse 2"))
                await _until(lambda number=number: simulator.counters.accepted > number, running)
            await _flows(simulator, running)
            simulator.perform(order_of("rate 0"))
            await asyncio.sleep(0.1)
            os.kill(os.getpid(), signal.SIGTERM)
            code = await running
    return {
        "code": code,
        "problem": one.telemetry.problem,
        "orders": orders,
        "cuts": done,
        "acknowledged": acknowledged[0],
    }


async def _flows(simulator: Simulator, running: asyncio.Future[int]) -> None:
    """Waits until some more data went out to a connection."""
    before = simulator.counters.frames
    await _until(lambda: bool(simulator.floor.subscribed) and simulator.counters.frames > before + 20, running)


async def _until(holds: Any, running: asyncio.Future[int]) -> None:
    async with asyncio.timeout(_SECONDS):
        while not holds() and not running.done():
            await asyncio.sleep(0.005)
