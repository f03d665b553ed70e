"""Specs that name keys, and a world in which nobody waits."""

from __future__ import annotations

import asyncio
import base64
import urllib.parse
from typing import Any

import msgspec
from ssmd_runtime import spec
from ssmd_runtime.keys.problems import KeyProblem
from ssmd_runtime.keys.resolve import Sources, resolve
from ssmd_runtime.spec import FieldSource, KeySpec

CANARY = "canary/Zq9+Kw2mB4v8?Rt3=7"
FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode(), urllib.parse.quote(CANARY, safe=""), CANARY[3:-3])

EMPTY = spec.CollectorSpec(
    environment="dev",
    shard=None,
    feed=spec.FeedRef(name="kalshi", display_name="Kalshi", type="websocket", version="v2", exchange="kalshi"),
    as_of="2025-01-01",
    as_of_until=None,
    endpoint="wss://exchange.example",
    protocol=spec.Protocol(transport="wss", message="json"),
    auth=spec.Auth(method="none"),
    keys=(),
    subscriptions=spec.Subscriptions(channels=("trade",), instruments=("A",), discovery=None, limits=spec.Limits()),
    message_types={},
    schemas={},
    transport=spec.Transport(type="memory"),
    subjects=spec.Subjects(stream=None, stream_subjects=(), raw={}, dead_letter="dev.dlq.connector"),
    storage=spec.Storage(
        type="local", path="/data", sync="interval", sync_interval_ms=200, compression="none", file_stem="kalshi"
    ),
    cache=spec.Cache(type="none"),
    journal=spec.Journal(type="memory"),
    liveness=spec.Liveness(ping_seconds=30, stale_seconds=90, watchdog_seconds=120),
    on_disconnect="exit",
    retry=spec.Retry(max_attempts=3, initial_delay_ms=100, max_delay_ms=30_000, multiplier=2.0, jitter=0.0),
    circuit_breaker=spec.CircuitBreaker(failure_threshold=5, success_threshold=2, timeout_seconds=30),
    buffer=spec.Buffer(max_bytes=1 << 26),
    rotation=spec.Rotation(max_bytes=1 << 28, timezone="UTC"),
    http=spec.Http(port=8080),
    parser_config={},
    provenance=spec.Provenance(compiler="0.1.0", inputs_sha256="0" * 64),
)


def key(name: str = "kalshi", *, required: bool = True, secret: str | None = None, **fields: str) -> KeySpec:
    """A key whose fields come from `env:NAME`, `file:PATH`, `vault:PATH#FIELD` or "" (its Secret)."""
    sources = {}
    for field, said in fields.items():
        scheme, _, where = said.partition(":")
        sources[field] = FieldSource(**{scheme: where}) if scheme else FieldSource()
    return KeySpec(name=name, type="api_key", required=required, fields=sources, secret=secret)


def with_keys(*keys: KeySpec, **changed: Any) -> spec.CollectorSpec:
    return msgspec.structs.replace(EMPTY, keys=keys, **changed)


def read(*keys: KeySpec, **world: Any) -> dict[str, dict[str, str]]:
    """What the keys resolve to, revealed."""
    found = asyncio.run(resolve(with_keys(*keys), [one.name for one in keys], sources(**world)))
    return {name: {field: value.reveal() for field, value in fields.items()} for name, fields in found.items()}


def lines(*keys: KeySpec, **world: Any) -> tuple[str, ...]:
    """What is told where keys cannot be resolved."""
    try:
        read(*keys, **world)
    except KeyProblem as problem:
        return problem.lines
    raise AssertionError("they can be")


def sources(slept: list[float] | None = None, **world: Any) -> Sources:
    async def sleep(seconds: float) -> None:
        (slept if slept is not None else []).append(seconds)

    return Sources(**({"environ": {}, "sleep": sleep, "random": lambda: 0.0} | world))
