"""Runs contestants in turn against the flood, each in a process of its own, and keeps what each round cost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime_rows import Row

__all__ = ["Figures", "Flood", "RuntimeBenchmarkError", "flooded", "run"]

_HERE = Path(__file__).resolve().parent


class RuntimeBenchmarkError(Exception):
    """A contestant that did not do its work."""


@dataclass(slots=True)
class Figures:
    """What the rounds of one row cost."""

    frames: int
    runs: list[dict[str, float]] = field(default_factory=list)

    def median(self, name: str) -> float:
        return statistics.median(run[name] for run in self.runs)

    @property
    def cpu(self) -> float:
        """User and system, seconds a frame."""
        return statistics.median(run["user"] + run["system"] for run in self.runs) / self.frames


@dataclass(frozen=True, slots=True)
class Flood:
    """The exchange that floods, and where contestants write."""

    port: int
    frames: int
    directory: Path
    bound: float = 300
    peers: Path | None = None
    rust: Path | None = None

    def command(self, row: Row, url: str, directory: Path) -> list[str]:
        if row.rust:
            return [str(self.rust), url, str(directory)]
        python = str(self.peers / "bin/python") if row.peer and self.peers is not None else sys.executable
        return [python, str(_HERE / "runtime_contestant.py"), row.name, url, str(directory)]


@contextlib.contextmanager
def flooded(frames: int, directory: Path, **more: Any) -> Iterator[Flood]:
    """A server for as long as it is asked for."""
    command = [sys.executable, str(_HERE / "runtime_flood.py"), "--frames", str(frames)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield Flood(int(server.stdout.readline()), frames, directory, **more)
        finally:
            server.kill()


@contextlib.contextmanager
def run(
    flood: Flood, row: Row, frames: int, path: str = "flood", more: tuple[str, ...] = ()
) -> Iterator[tuple[dict[str, float], Path]]:
    """What one run cost, and its files while they are there. Everything before it is on disk when it starts."""
    directory = Path(tempfile.mkdtemp(prefix=f"{row.name}-", dir=flood.directory))
    os.sync()
    url = f"ws://127.0.0.1:{flood.port}/{path}"
    command = [*flood.command(row, url, directory), *more]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=flood.bound)
        if done.returncode != 0:
            raise RuntimeBenchmarkError(f"{row.name} exited {done.returncode}\n{done.stderr[-2000:]}")
        cost = json.loads(done.stdout.splitlines()[-1])
        kept = frames if row.stored is None else row.stored(directory)
        if (cost["frames"], kept) != (frames, frames):
            raise RuntimeBenchmarkError(f"{row.name} got {cost['frames']} and kept {kept} of {frames} frames")
        yield cost, directory
    finally:
        shutil.rmtree(directory)
