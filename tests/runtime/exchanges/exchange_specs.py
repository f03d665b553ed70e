"""Specs and sessions for the tests of exchanges: the committed specs, with other subscriptions where a test says so."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.exchanges.protocol import Session

ROOT = Path(__file__).resolve().parents[3]
FRAMES = Path(__file__).parent / "frames"
_COMMITTED = {
    "binance": "binance/spec.json",
    "kalshi": "kalshi-dev/spec.json",
    "kraken": "kraken-prod/spec.json",
    "kraken-futures": "kraken-futures/spec.json",
    "polymarket": "polymarket/spec.json",
}
EXCHANGES = sorted(_COMMITTED)


@cache
def committed(exchange: str) -> specs.CollectorSpec:
    return specs.decode((ROOT / "generated" / _COMMITTED[exchange]).read_bytes())


def spec_of(
    exchange: str,
    instruments: tuple[str, ...] = (),
    channels: tuple[str, ...] | None = None,
    discovery: specs.Discovery | None = None,
    most: int | None = None,
    rate: int | None = None,
    **changes: Any,
) -> specs.CollectorSpec:
    base = committed(exchange)
    subscriptions = specs.Subscriptions(
        channels=base.subscriptions.channels if channels is None else channels,
        instruments=instruments,
        discovery=discovery,
        limits=specs.Limits(max_symbols_per_connection=most, rate_limit_per_second=rate),
    )
    if exchange == "kalshi":
        changes.setdefault("auth", specs.Auth(method="none"))
    return msgspec.structs.replace(base, subscriptions=subscriptions, **changes)


def sessions(spec: specs.CollectorSpec, credentials: dict[str, Any] | None = None) -> list[Any]:
    exchange = exchange_named(spec.feed.exchange)
    return [exchange.session(spec, share, credentials or {}) for share in exchange.shares(spec)]


def only(spec: specs.CollectorSpec, credentials: dict[str, Any] | None = None) -> Any:
    (session,) = sessions(spec, credentials)
    return session


def frames(exchange: str) -> list[tuple[str, bytes]]:
    """Every recorded frame with the kind that its file names."""
    found = [
        (path.stem, line)
        for path in sorted((FRAMES / exchange).glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    assert found
    return found


def kind_of(session: type[Session] | Session, payload: bytes) -> str:
    (kind,) = session.kinds([msgspec.json.decode(payload, type=session.frame)])
    return kind


def tell(session: Session, frame: object, now: float = 0.0) -> Any:
    """The session hears a control frame."""
    payload = json.dumps(frame).encode()
    kind = kind_of(session, payload)
    assert kind in session.control
    return session.answered(kind, payload, now)
