"""A disk that fails: EIO injected by strace into a write or an fdatasync of `ssmd-runtime run`.

The collector has to end with 1 and one clear line, with everything on disk that it acknowledged, and never to sync that
file again.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from ssmd_runtime import spec as specs  # noqa: E402 -- once the path is there
from torture_collector import _serve  # noqa: E402 -- as above
from torture_processes import ended, forked  # noqa: E402 -- as above
from torture_reading import read_back  # noqa: E402 -- as above
from torture_specs import torture_spec  # noqa: E402 -- as above

_CALL = re.compile(r"(?P<name>write|fdatasync)\(\d+<(?P<path>[^>]*)>")


@dataclass
class Fault:
    """How a collector with a failing disk ended. `again`: how often it synced the file afterwards."""

    code: int = 0
    endings: list[str] = field(default_factory=list)
    injected: bool = False
    again: int = 0
    acknowledged: int = 0
    on_disk: int = 0
    stderr: str = ""

    @property
    def lost(self) -> int:
        return max(0, self.acknowledged - self.on_disk)


@contextmanager
def exchange(folder: Path, seed: int = 1) -> Iterator[str]:
    """A simulator in a process of its own; its URL."""
    import asyncio

    folder.mkdir(parents=True, exist_ok=True)
    port_file = folder / "port"
    pid = forked(lambda: asyncio.run(_serve(folder / "sent.jsonl", port_file, seed)))
    try:
        while not port_file.exists():
            os.sched_yield()
        yield f"ws://127.0.0.1:{port_file.read_text()}/v2"
    finally:
        os.kill(pid, signal.SIGKILL)
        ended(pid)


def command(folder: Path, url: str, **changes: object) -> list[str]:
    """`ssmd-runtime run` of a spec that captures into `folder`/data."""
    file = folder / "spec.json"
    file.write_bytes(specs.encode(torture_spec(folder / "data", max_bytes=10_000_000, **changes)))
    options = ["--spec", str(file), "--endpoint", url, "--http-host", "127.0.0.1", "--http-port", "0", "--files-only"]
    return [sys.executable, "-m", "ssmd_runtime", "run", *options]


def failing_disk(folder: Path, call: str, number: int, *, codec: str = "none", sync: str = "batch") -> Fault:
    """Runs a collector whose `number`th such call on its data fails once with EIO."""
    trace = folder / "trace"
    with exchange(folder) as url:
        run = command(folder, url, codec=codec, sync=sync)
        inject = f"inject={call}:error=EIO:when={number}"
        options = ["-f", "-y", "-qq", "-o", str(trace), "-e", "signal=none", "-e", f"trace={call}", "-e", inject]
        day = _today(folder / "data")
        name = f"kraken.jsonl{'.zst' if codec == 'zstd' else ''}"
        done = subprocess.run(
            ["strace", *options, "-P", str(day / name), *run], capture_output=True, text=True, timeout=60
        )
    fault = Fault(code=done.returncode, stderr=done.stderr)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        if said["event"] == "ending":
            fault.endings.append(said["reason"])
        elif said["event"] == "stopped":
            fault.acknowledged = said["durable"]
    failed = None
    for line in trace.read_text().splitlines():
        match = _CALL.search(line)
        if match is None:
            continue
        if failed == match["path"] and match["name"] == "fdatasync":
            fault.again += 1
        if "INJECTED" in line:
            fault.injected, failed = True, match["path"]
    found = read_back(folder / "data", ended=False)
    fault.on_disk = len(found.records)
    return fault


def _today(root: Path) -> Path:
    import datetime

    return root / datetime.datetime.now(datetime.UTC).date().isoformat()
