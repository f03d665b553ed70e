"""Binance's spot streams, as the exchange speaks them: trades, wanted in the URL or by SUBSCRIBE.

`t` counts per symbol and goes on over connections. At most 1,024 streams a connection and five messages a second, or
the exchange hangs up; it pings every 20 seconds and waits a minute for the pong. Pongs are not counted here.
Source: binance-spot-api-docs, web-socket-streams.md.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote

from ssmd_runtime.simulator.market import Market
from ssmd_runtime.simulator.venue import (
    Conversation,
    Data,
    Event,
    Hangup,
    Out,
    Page,
    Ping,
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

__all__ = ["Binance"]

MOST_STREAMS: Final = 1024
_MESSAGES_A_SECOND: Final = 5
_PONG_SECONDS: Final = 60.0


class Binance(Venue):
    """Binance spot, market data only."""

    name = "binance"
    path = "/stream"
    defaults = ("btcusdt", "ethusdt", "solusdt", "xrpusdt")
    sequenced = frozenset({"trade"})
    heartbeat_seconds = 20.0

    def __init__(self, seed: int = 1, instruments: Sequence[str] = (), now_ns: int = 0) -> None:
        """Names are taken as people write them, BTCUSDT: streams have them in lower case."""
        super().__init__(seed, [name.lower() for name in instruments], now_ns)

    def new_market(self, rng: random.Random) -> Market:
        return Market(rng, low=100_000, high=12_000_000, decimals=2, size_decimals=5, size_most=200_000)

    def knows(self, instrument: str) -> bool:
        return instrument == instrument.lower() and super().knows(instrument)

    def conversation(self, path: str) -> Conversation | Page:
        place, _, query = path.partition("?")
        if place in {"/stream", "/stream/"}:
            wanted = [name for value in parse_qs(query).get("streams", []) for name in value.split("/") if name]
            return self._client(wanted, combined=True)
        if place == "/ws" or place.startswith("/ws/"):
            return self._client([name for name in unquote(place[4:]).split("/") if name], combined=False)
        return Page(404, "not found", "text/plain")

    def _client(self, wanted: list[str], *, combined: bool) -> Conversation | Page:
        streams = list(dict.fromkeys(wanted))
        if len(streams) > MOST_STREAMS:
            return Page(400, f"more than {MOST_STREAMS} streams", "text/plain")
        return _Client(self, streams, combined=combined)

    def event(self, topic: Topic, now_ns: int, rng: random.Random) -> Event:
        del rng
        market = self.market(topic[1])
        trade = market.trade()
        symbol = topic[1].upper()
        number = market.next("trade", 3_000_000_000 + zlib.crc32(symbol.encode()) % 1_000_000_000)
        now_ms = now_ns // 1_000_000
        body = (
            f'{{"e":"trade","E":{now_ms},"s":"{symbol}","t":{number},"p":"{market.text(trade.price)}000000",'
            f'"q":"{market.size(trade.size)}000","T":{now_ms},"m":{"false" if trade.buy else "true"},"M":true}}'
        )
        return Event(topic, "trade", body, number)

    def farewell(self, now_ns: int) -> Text | None:
        return Text(f'{{"e":"serverShutdown","E":{now_ns // 1_000_000}}}')


class _Client(Conversation):
    def __init__(self, venue: Binance, streams: list[str], *, combined: bool) -> None:
        self._venue = venue
        self._combined = combined
        self._streams = dict.fromkeys(streams)
        self._messages: deque[float] = deque(maxlen=_MESSAGES_A_SECOND)
        self._pings = 0

    def received(self, text: str, now: float) -> Sequence[Out]:
        if len(self._messages) == _MESSAGES_A_SECOND and now - self._messages[0] < 1.0:
            return (Hangup(1008, "Too many requests"),)
        self._messages.append(now)
        asked = object_of(text)
        if asked is None:
            return (_error(3, "Invalid JSON: expected value at line 1 column 1"),)
        identity = asked.get("id")
        if identity is not None and not isinstance(identity, int | str):
            return (_error(2, "Invalid request: id must be an integer, a string or null"),)
        match asked.get("method"):
            case "SUBSCRIBE" | "UNSUBSCRIBE" as method:
                return (self._changed(method, asked.get("params"), identity),)
            case "LIST_SUBSCRIPTIONS":
                return (_result(list(self._streams), identity),)
            case _:
                return (_error(2, "Invalid request: unknown variant", identity),)

    def _changed(self, method: str, params: Any, identity: Any) -> Text:
        names = texts(params)
        if names is None:
            return _error(2, "Invalid request: params must be an array of stream names", identity)
        if method == "UNSUBSCRIBE":
            for name in names:
                self._streams.pop(name, None)
            return _result(None, identity)
        if len(self._streams.keys() | set(names)) > MOST_STREAMS:
            return _error(2, f"Invalid request: more than {MOST_STREAMS} streams", identity)
        self._streams.update(dict.fromkeys(names))
        return _result(None, identity)

    def topics(self) -> Sequence[Topic]:
        """A stream that does not exist is accepted and stays silent, as at the exchange."""
        parted = [name.partition("@") for name in self._streams]
        return [("trade", symbol) for symbol, _, kind in parted if kind == "trade" and self._venue.knows(symbol)]

    def frame(self, event: Event) -> Data | None:
        stream = f"{event.topic[1]}@trade"
        if stream not in self._streams:
            return None
        text = f'{{"stream":"{stream}","data":{event.body}}}' if self._combined else event.body
        return Data(text, "trade", symbol=event.topic[1].upper(), seq=event.seq)

    def heartbeat(self, now_ns: int) -> Out | None:
        self._pings += 1
        return Ping(f"{now_ns // 1_000_000}.{self._pings}".encode(), _PONG_SECONDS)


def _result(value: Any, identity: Any) -> Text:
    return Text(quoted({"result": value, "id": identity}))


def _error(code: int, message: str, identity: Any = None) -> Text:
    return Text(quoted({"error": {"code": code, "msg": message}, "id": identity}))
