"""Polymarket, the market channel: one subscription, no answer to it, and frames that are objects or arrays of them.

Sources: Polymarket documentation, "WebSocket Overview" and "Market Channel" with its AsyncAPI specification. At most
500 assets a connection: see docs/feeds.md.

Refuses a spec without assets. Its one channel is the endpoint's, whatever the spec calls the channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from ssmd_runtime.exchanges.answers import demand_instruments
from ssmd_runtime.exchanges.protocol import Connect, Exchange, Session, Share, shares_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["EXCHANGE", "Header", "PolymarketSession", "shares"]

MOST_ASSETS: Final = 500


class Header(msgspec.Struct, gc=False):
    """What is read of every frame, or of every element of one."""

    event_type: str = ""


class PolymarketSession(Session):
    """One connection. Nothing is numbered and nothing is answered."""

    frame = Header | list[Header]
    header = Header
    control = frozenset({"empty", "pong"})
    texts: ClassVar[Mapping[bytes, str]] = {b"PONG": "pong"}

    def connect(self, now_ms: int) -> Connect:
        del now_ms
        return Connect(self.spec.endpoint)

    @staticmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        """An array is of its first element's kind, and `empty` without one."""
        return [header.event_type if type(header) is Header else _first(header) for header in headers]

    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        command: dict[str, Any] = {"assets_ids": self.share.instruments, "type": "market"}
        if self.spec.parser_config.get("custom_feature_enabled") is True:
            command["custom_feature_enabled"] = True
        yield (), msgspec.json.encode(command)


def _first(headers: Any) -> str:
    return headers[0].event_type if headers else "empty"


def shares(spec: CollectorSpec) -> list[Share]:
    """At most 500 assets a connection."""
    wanted = spec.subscriptions
    demand_instruments(spec, ("market",))
    return shares_of(
        ("market",), wanted.instruments, min(wanted.limits.max_symbols_per_connection or MOST_ASSETS, MOST_ASSETS)
    )


EXCHANGE: Final = Exchange(PolymarketSession, shares)
