"""Specs, lines and a clock for the tests of the storage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from ssmd_runtime import spec as specs
from ssmd_runtime.storage.envelope import Envelope
from ssmd_runtime.storage.writer import JsonlWriter

ROOT = Path(__file__).resolve().parents[3]
NOON = 1_790_078_400 * 1_000_000_000  # 2026-09-22T12:00:00Z
DAY = 86_400 * 1_000_000_000
ENVELOPE = Envelope("kraken")


@cache
def _committed() -> specs.CollectorSpec:
    return specs.decode((ROOT / "generated" / "kraken-prod" / "spec.json").read_bytes())


def spec_in(
    root: Path,
    *,
    codec: str = "none",
    sync: str = "batch",
    max_bytes: int = 1 << 30,
    stem: str = "kraken",
    **rotation: Any,
) -> specs.CollectorSpec:
    base = _committed()
    storage = msgspec.structs.replace(
        base.storage, type="local", path=str(root), sync=sync, sync_interval_ms=1, compression=codec, file_stem=stem
    )
    rotating = specs.Rotation(max_bytes=max_bytes, **({"timezone": "UTC"} | rotation))
    return msgspec.structs.replace(base, storage=storage, rotation=rotating)


def started(spec: specs.CollectorSpec, now_ns: int = NOON, **more: Any) -> JsonlWriter:
    writer = JsonlWriter(spec, now_ns, **more)
    writer.recover()
    return writer


def give(writer: JsonlWriter, frames: Sequence[bytes], now_ns: int = NOON) -> None:
    stamp = ENVELOPE.stamp(now_ns).decode() + "Z"
    writer.append(ENVELOPE.lines(list(frames), now_ns), len(frames), stamp, now_ns)


def seal(writer: JsonlWriter) -> list[Path]:
    """Does what is left to do for sealed files."""
    done = [job.run() for job in writer.jobs]
    writer.jobs.clear()
    return done
