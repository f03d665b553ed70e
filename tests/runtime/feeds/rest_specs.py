"""Specs of REST feeds."""

from __future__ import annotations

from typing import Any

from ssmd_runtime import spec


def rest_spec(  # the fields that a REST poller looks at
    *,
    endpoint: str = "https://exchange.example/v1/",
    instruments: tuple[str, ...] = ("A",),
    rate: int | None = None,
    auth: str = "none",
    most_bytes: int = 1 << 20,
    attempts: int = 3,
    failures: int = 100,
    **parser_config: Any,
) -> spec.CollectorSpec:
    return spec.CollectorSpec(
        environment="dev",
        shard=None,
        feed=spec.FeedRef(name="rest", display_name="Rest", type="rest", version="v1", exchange="rest"),
        as_of="2025-01-01",
        as_of_until=None,
        endpoint=endpoint,
        protocol=spec.Protocol(transport="https", message="json"),
        auth=spec.Auth(method=auth, key=None if auth == "none" else "rest"),
        keys=(),
        subscriptions=spec.Subscriptions(
            channels=(), instruments=instruments, discovery=None, limits=spec.Limits(rate_limit_per_second=rate)
        ),
        message_types={},
        schemas={},
        transport=spec.Transport(type="memory"),
        subjects=spec.Subjects(stream=None, stream_subjects=(), raw={}, dead_letter="dev.dlq.connector"),
        storage=spec.Storage(
            type="local", path="/data", sync="interval", sync_interval_ms=200, compression="none", file_stem="rest"
        ),
        cache=spec.Cache(type="none"),
        journal=spec.Journal(type="memory"),
        liveness=spec.Liveness(ping_seconds=30, stale_seconds=90, watchdog_seconds=120),
        on_disconnect="exit",
        retry=spec.Retry(
            max_attempts=attempts, initial_delay_ms=1_000, max_delay_ms=30_000, multiplier=2.0, jitter=0.0
        ),
        circuit_breaker=spec.CircuitBreaker(failure_threshold=failures, success_threshold=1, timeout_seconds=60),
        buffer=spec.Buffer(max_bytes=most_bytes),
        rotation=spec.Rotation(max_bytes=1 << 28, timezone="UTC"),
        http=spec.Http(port=8080),
        parser_config=parser_config,
        provenance=spec.Provenance(compiler="0.1.0", inputs_sha256="0" * 64),
    )
