"""Kraken spot, WebSocket v2: every symbol of a subscription is answered on its own.

Sources: Kraken API Center, "Spot WebSocket Introduction", WebSocket v2: Trade, Book, Ticker, Instrument, Heartbeat,
Ping. A refusal names its symbol and not its channel, so commands carry a `req_id`, which answers repeat; an answer
without one is taken for the oldest subscription that fits.

Refuses a spec that names no symbols for a channel that takes some.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import msgspec

from ssmd_runtime.exchanges.answers import already_subscribed, answer, demand_instruments, integer, member, reason, text
from ssmd_runtime.exchanges.protocol import (
    About,
    Connect,
    Credentials,
    Exchange,
    Refusal,
    Reply,
    Session,
    Share,
    batches,
    shares_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["EXCHANGE", "Header", "KrakenSession", "Record", "shares"]

MOST_SYMBOLS: Final = 100  # a command's, our choice: Kraken publishes none
_UNLISTED: Final = frozenset({"instrument"})  # tells of every instrument


class Record(msgspec.Struct, gc=False):
    """What is read of one record."""

    symbol: str = ""
    trade_id: int | None = None


class Header(msgspec.Struct, gc=False):
    """What is read of every frame. `data` is an array in all channels but `instrument`."""

    channel: str = ""
    method: str = ""
    data: tuple[Record, ...] | Record = ()


def _records(header: Any) -> Sequence[Any]:
    data = header.data
    return data if type(data) is tuple else (data,)


class _Subscription(NamedTuple):
    """What one answer is about."""

    channel: str
    symbol: str | None


class KrakenSession(Session):
    """One connection. Trade numbers are the book's own, so they go on over connections."""

    frame = Header
    header = Header
    record = Record
    control = frozenset({"heartbeat", "status", "pong", "subscribe", "unsubscribe", "error"})
    records: ClassVar[Mapping[str, Callable[[Any], Sequence[Any]]]] = dict.fromkeys(
        ("trade", "book", "ticker", "ohlc", "level3"), _records
    )
    continues = True

    def __init__(self, spec: CollectorSpec, share: Share, credentials: Credentials) -> None:
        super().__init__(spec, share, credentials)
        self._parts: dict[int, tuple[_Subscription, ...]] = {}

    def connect(self, now_ms: int) -> Connect:
        del now_ms
        return Connect(self.spec.endpoint)

    @staticmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        return [header.channel or header.method for header in headers]

    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        self._parts.clear()
        numbers = count(1)
        for channel in self.share.channels:
            listed = channel not in _UNLISTED
            for symbols in batches(self.share.instruments, MOST_SYMBOLS) if listed else [()]:
                number = next(numbers)
                self._parts[number] = part = tuple(_Subscription(channel, one) for one in symbols or [None])
                params = {"channel": channel, **({"symbol": symbols} if listed else {})}
                yield part, msgspec.json.encode({"method": "subscribe", "params": params, "req_id": number})

    def answered(self, kind: str, payload: bytes, now: float) -> Reply:
        del now
        if kind not in {"subscribe", "error"}:
            return Reply()
        said = answer(payload)
        meant: Sequence[About] = self._meant(said)
        for subscription in meant:
            self._waiting.pop(subscription, None)
        if said.get("success") is True or already_subscribed(said.get("error")):
            return Reply()
        why = reason(said.get("error"))
        return Reply(refused=tuple(Refusal(*about, why) for about in meant or [(None, None)]))

    def _meant(self, said: dict[str, Any]) -> list[_Subscription]:
        """The subscriptions that an answer is about."""
        result = member(said, "result")
        channel, symbol = text(result.get("channel")), text(result.get("symbol")) or text(said.get("symbol"))
        part = self._parts.get(integer(said.get("req_id")) or 0)
        if part is None and channel is None and symbol is None:
            return []
        asked = part or [one for one in self._waiting if isinstance(one, _Subscription)]
        fits = [one for one in asked if channel in {None, one.channel} and symbol in {None, one.symbol}]
        return fits if part else fits[:1]


def shares(spec: CollectorSpec) -> list[Share]:
    """All symbols over one connection, unless the spec has a limit."""
    wanted = spec.subscriptions
    demand_instruments(spec, [channel for channel in wanted.channels if channel not in _UNLISTED])
    return shares_of(wanted.channels, wanted.instruments, wanted.limits.max_symbols_per_connection, apart=_UNLISTED)


EXCHANGE: Final = Exchange(KrakenSession, shares)
