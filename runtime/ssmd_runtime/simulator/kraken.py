"""Kraken's WebSocket v2, as the exchange speaks it: trade, book and ticker.

One acknowledgement for each symbol; `trade_id` counts per symbol and goes on over connections; a trade subscription
starts with the last 50. A heartbeat every second without other data. Source: Kraken API Center, WebSocket v2.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ssmd_runtime.simulator.market import Market, iso
from ssmd_runtime.simulator.venue import (
    Conversation,
    Data,
    Event,
    Out,
    Page,
    Text,
    Topic,
    Venue,
    object_of,
    quoted,
    texts,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["Kraken"]

CHANNELS: Final = ("trade", "book", "ticker")
_SNAPSHOT: Final = 50
_SECOND: Final = 1_000_000_000


class Kraken(Venue):
    """Kraken spot."""

    name = "kraken"
    path = "/v2"
    defaults = ("BTC/USD", "ETH/USD", "SOL/USD", "XRP/USD")
    sequenced = frozenset({"trade"})
    heartbeat_when_idle = True

    def __init__(self, seed: int = 1, instruments: Sequence[str] = (), now_ns: int = 0) -> None:
        super().__init__(seed, instruments, now_ns)
        self._past: dict[str, deque[str]] = {}

    def new_market(self, rng: random.Random) -> Market:
        return Market(rng, low=10_000, high=1_200_000, decimals=1, size_decimals=8, size_most=300_000_000)

    def conversation(self, path: str) -> Conversation | Page:
        return _Client(self) if path.partition("?")[0] == self.path else Page(404, "not found", "text/plain")

    def past(self, symbol: str) -> deque[str]:
        """The last 50 trades, made up where there were none yet."""
        found = self._past.get(symbol)
        if found is None:
            found = self._past[symbol] = deque(maxlen=_SNAPSHOT)
            for ago in range(_SNAPSHOT, 0, -1):
                found.append(self._trade(symbol, self.now_ns - ago * _SECOND)[1])
        return found

    def _trade(self, symbol: str, now_ns: int) -> tuple[int, str]:
        market = self.market(symbol)
        trade = market.trade()
        number = market.next("trade", 4_000_000 + zlib.crc32(symbol.encode()) % 1_000_000)
        return number, (
            f'{{"symbol":"{symbol}","side":"{"buy" if trade.buy else "sell"}","price":{market.text(trade.price)},'
            f'"qty":{market.size(trade.size)},"ord_type":"{"limit" if trade.size & 1 else "market"}",'
            f'"trade_id":{number},"timestamp":"{iso(now_ns)}"}}'
        )

    def event(self, topic: Topic, now_ns: int, rng: random.Random) -> Event:
        channel, symbol = topic
        if channel == "trade":
            past = self.past(symbol)
            made = [self._trade(symbol, now_ns) for _ in range(2 if rng.random() < 0.1 else 1)]
            past.extend(text for _, text in made)
            body = f'{{"channel":"trade","type":"update","data":[{",".join(text for _, text in made)}]}}'
            return Event(topic, "trade", body, made[0][0], len(made))
        data = self.ticker(symbol, now_ns) if channel == "ticker" else self._level(symbol, now_ns)
        return Event(topic, channel, f'{{"channel":"{channel}","type":"update","data":[{data}]}}')

    def ticker(self, symbol: str, now_ns: int) -> str:
        """One record of the channel `ticker`."""
        market = self.market(symbol)
        last = market.trade()
        low, high = market.text(last.price - 150), market.text(last.price + 150)
        return (
            f'{{"symbol":"{symbol}","bid":{market.text(last.price - 1)},"bid_qty":{market.size(last.size)},'
            f'"ask":{market.text(last.price + 1)},"ask_qty":{market.size(last.size + 7)},'
            f'"last":{market.text(last.price)},'
            f'"volume":{market.size(last.size * 977)},"vwap":{market.text(last.price)},"low":{low},"high":{high},'
            f'"change":{market.text(150)},"change_pct":0.42,"timestamp":"{iso(now_ns)}"}}'
        )

    def _level(self, symbol: str, now_ns: int) -> str:
        market = self.market(symbol)
        buy = market.rng.random() < 0.5
        price, size, _ = market.change(buy=buy)
        level = f'{{"price":{market.text(price)},"qty":{market.size(size)}}}'
        sides = f'"bids":[{level}],"asks":[]' if buy else f'"bids":[],"asks":[{level}]'
        return f'{{"symbol":"{symbol}",{sides},"checksum":{self._checksum(market)},"timestamp":"{iso(now_ns)}"}}'

    def book(self, symbol: str) -> str:
        """One record of a book's snapshot; it carries no time."""
        market = self.market(symbol)

        def levels(*, buy: bool) -> str:
            return ",".join(f'{{"price":{market.text(p)},"qty":{market.size(s)}}}' for p, s in market.side(buy=buy))

        sides = f'"bids":[{levels(buy=True)}],"asks":[{levels(buy=False)}]'
        return f'{{"symbol":"{symbol}",{sides},"checksum":{self._checksum(market)}}}'

    @staticmethod
    def _checksum(market: Market) -> int:
        digits = "".join(f"{price}{size}" for buy in (False, True) for price, size in market.side(buy=buy))
        return zlib.crc32(digits.encode())


class _Client(Conversation):
    def __init__(self, venue: Kraken) -> None:
        self._venue = venue
        self._topics: dict[Topic, None] = {}

    def opened(self) -> Sequence[Out]:
        status = '"api_version":"v2","connection_id":1,"system":"online","version":"2.0.10"'
        return (Text(f'{{"channel":"status","type":"update","data":[{{{status}}}]}}'),)

    def received(self, text: str, now: float) -> Sequence[Out]:
        del now
        asked = object_of(text)
        if asked is None:
            return (_refused(None, "Malformed request"),)
        identity = asked.get("req_id")
        match asked.get("method"):
            case "ping":
                number = f',"req_id":{identity}' if isinstance(identity, int) else ""
                return (Text(f'{{"method":"pong"{number},"time_in":"{_NOW}","time_out":"{_NOW}"}}'),)
            case "subscribe" | "unsubscribe" as method:
                return self._changed(method, asked)
            case method:
                return (_refused(method, "Unsupported method", identity),)

    def _changed(self, method: str, asked: dict[str, Any]) -> list[Out]:
        params = asked.get("params")
        identity = asked.get("req_id")
        params = params if isinstance(params, dict) else {}
        channel = params.get("channel")
        symbols = texts(params.get("symbol"))
        if channel not in CHANNELS:
            return [_refused(method, "Unsupported channel" if channel else "Channel field required", identity)]
        if not symbols:
            return [_refused(method, "Symbol(s) not found" if symbols == [] else "Symbol field required", identity)]
        done: list[Out] = []
        for symbol in symbols:
            done += self._one(method, channel, symbol, params, identity)
        return done

    def _one(self, method: str, channel: str, symbol: str, params: dict[str, Any], identity: Any) -> list[Out]:
        topic = (channel, symbol)
        if not self._venue.knows(symbol):
            return [_refused(method, f"Currency pair not supported {symbol}", identity, symbol)]
        if method == "subscribe" and topic in self._topics:
            return [_refused(method, "Already subscribed", identity, symbol)]
        if method == "unsubscribe" and topic not in self._topics:
            return [_refused(method, "Subscription Not Found", identity, symbol)]
        extra = ',"snapshot":true' + (',"depth":10' if channel == "book" else "")
        accepted = Text(
            _answer(method, f'"result":{{"channel":"{channel}","symbol":{quoted(symbol)}{extra}}}', identity)
        )
        if method == "unsubscribe":
            del self._topics[topic]
            return [accepted]
        self._topics[topic] = None
        return [accepted, *([] if params.get("snapshot") is False else [self._snapshot(channel, symbol)])]

    def _snapshot(self, channel: str, symbol: str) -> Data:
        venue = self._venue
        if channel == "trade":
            past = venue.past(symbol)
            first = venue.market(symbol).numbers["trade"] - len(past)
            text = f'{{"channel":"trade","type":"snapshot","data":[{",".join(past)}]}}'
            return Data(text, "trade", symbol=symbol, seq=first, records=len(past))
        record = venue.book(symbol) if channel == "book" else venue.ticker(symbol, venue.now_ns)
        return Data(f'{{"channel":"{channel}","type":"snapshot","data":[{record}]}}', channel, symbol=symbol)

    def topics(self) -> Sequence[Topic]:
        return list(self._topics)

    def frame(self, event: Event) -> Data | None:
        if event.topic not in self._topics:
            return None
        return Data(event.body, event.type, symbol=event.topic[1], seq=event.seq, records=event.records)

    def heartbeat(self, now_ns: int) -> Out | None:
        del now_ns
        return Text('{"channel":"heartbeat"}') if self._topics else None


_NOW: Final = "2024-01-01T00:00:00.000000Z"  # of answers only; data carries the caller's time


def _answer(method: Any, body: str, identity: Any) -> str:
    number = f',"req_id":{identity}' if isinstance(identity, int) else ""
    return f'{{"method":{quoted(str(method))},{body},"success":true,"time_in":"{_NOW}","time_out":"{_NOW}"{number}}}'


def _refused(method: Any, why: str, identity: Any = None, symbol: str | None = None) -> Text:
    named = f',"method":{quoted(method)}' if isinstance(method, str) else ""
    about = f',"symbol":{quoted(symbol)}' if symbol is not None else ""
    number = f',"req_id":{identity}' if isinstance(identity, int) else ""
    return Text(
        f'{{"error":{quoted(why)}{named}{about},"success":false,"time_in":"{_NOW}","time_out":"{_NOW}"{number}}}'
    )
