"""A full disk: a collector on a small tmpfs of its own, which gets room again after a while. Takes root.

unshare -m python tests/torture/torture_full.py FOLDER CODEC SYNC
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from ssmd_runtime import spec as specs  # noqa: E402 -- once the path is there
from ssmd_runtime.simulator.server import Simulator  # noqa: E402 -- as above
from torture_accounts import account, by_counts, entries_of  # noqa: E402 -- as above
from torture_collector import _until, collector  # noqa: E402 -- as above
from torture_reading import read_back  # noqa: E402 -- as above


def can_mount() -> bool:
    """Whether a tmpfs of our own can be had here."""
    return (
        os.geteuid() == 0 and bool(shutil.which("unshare")) and not subprocess.run(["unshare", "-m", "true"]).returncode
    )


def full_disk(folder: Path, codec: str, sync: str) -> dict[str, Any]:
    """What came of it: `waits` how often the disk was full, and the account."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        ["unshare", "-m", sys.executable, __file__, str(folder), codec, sync],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    if done.returncode:
        return {"flaws": [f"ended with {done.returncode}: {done.stderr[-800:]}"], "waits": 0, "lost": 0, "account": {}}
    return json.loads(done.stdout.splitlines()[-1])


def _mount(disk: Path, *options: str) -> None:
    subprocess.run(["mount", *options, str(disk)], check=True)


async def _run(folder: Path, codec: str, sync: str) -> dict[str, Any]:
    disk = folder / "disk"
    disk.mkdir()
    _mount(disk, "-t", "tmpfs", "-o", "size=300k", "tmpfs")
    acknowledged = [0]
    most_held = waits = 0
    with (folder / "sent.jsonl").open("wb") as file:
        async with Simulator("kraken", rate=3000, log_file=file, keep=0) as simulator:
            one = collector(
                disk / "data",
                simulator.url,
                codec=codec,
                sync=sync,
                durable=lambda n: acknowledged.__setitem__(0, n),
                liveness=specs.Liveness(ping_seconds=10, stale_seconds=30, watchdog_seconds=60),
            )
            running = asyncio.ensure_future(one.run())
            for size in ("700k", "16m"):
                waits += 1
                await _until(lambda waits=waits: one.telemetry.errors["disk_full"] >= waits, running)
                await asyncio.sleep(0.3)
                most_held = max(most_held, one.telemetry.queue_bytes)
                _mount(disk, "-o", f"remount,size={size}")
            await _until(lambda: one.telemetry.waiting is None, running)
            frames = simulator.counters.frames
            await _until(lambda: simulator.counters.frames > frames + 500, running)
            simulator.rate(0)
            await asyncio.sleep(0.3)
            os.kill(os.getpid(), signal.SIGTERM)
            code = await running
    found = read_back(disk / "data")
    result = account(entries_of(folder / "sent.jsonl"), found, by_counts(found))
    flaws = found.flaws + ([f"ended with {code}: {one.telemetry.problem}"] if code else [])
    return {
        "waits": waits,
        "most_held": most_held,
        "lost": max(0, acknowledged[0] - len(found.records)),
        "acknowledged": acknowledged[0],
        "flaws": flaws,
        "account": vars(result),
    }


if __name__ == "__main__":
    said = asyncio.run(_run(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
    sys.stdout.write(json.dumps(said) + "\n")
