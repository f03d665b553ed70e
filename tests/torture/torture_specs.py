"""The specs that the torture runs: small files, days and clocks, so that all that can happen happens often."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from ssmd_runtime import spec as specs

ROOT = Path(__file__).resolve().parents[2]
DAY_NS = 86_400 * 1_000_000_000
START_NS = 1_790_000_000 * 1_000_000_000
CODECS = ("none", "zstd")
SYNCS = ("batch", "interval", "none")


@cache
def committed(name: str = "kraken-prod") -> specs.CollectorSpec:
    return specs.decode((ROOT / "generated" / name / "spec.json").read_bytes())


def torture_spec(
    root: Path, *, codec: str = "none", sync: str = "batch", max_bytes: int = 20_000, **changes: Any
) -> specs.CollectorSpec:
    """Kraken's trades of two symbols, captured into `root`."""
    base = committed()
    storage = msgspec.structs.replace(
        base.storage, type="local", path=str(root), sync=sync, sync_interval_ms=5, compression=codec, file_stem="kraken"
    )
    fields: dict[str, Any] = {
        "storage": storage,
        "rotation": specs.Rotation(max_bytes=max_bytes, timezone="UTC"),
        "keys": (),
        "transport": specs.Transport(type="memory"),
        "subscriptions": specs.Subscriptions(
            channels=("trade",), instruments=("BTC/USD", "ETH/USD"), discovery=None, limits=specs.Limits()
        ),
        "on_disconnect": "reconnect",
        "liveness": specs.Liveness(ping_seconds=1, stale_seconds=2, watchdog_seconds=60),
        "retry": specs.Retry(max_attempts=5, initial_delay_ms=5, max_delay_ms=50, multiplier=2.0, jitter=1.0),
        "circuit_breaker": specs.CircuitBreaker(failure_threshold=1000, success_threshold=1, timeout_seconds=1),
    }
    return msgspec.structs.replace(base, **(fields | changes))


def frame_of_number(number: int) -> bytes:
    """Record `number`: known byte for byte to who writes it and to who looks for it."""
    pad = random.Random(number).randbytes(number * 7919 % 600).hex()
    return json.dumps({"n": number, "pad": pad}, separators=(",", ":")).encode()
