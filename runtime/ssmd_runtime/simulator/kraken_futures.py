"""Kraken Futures' WebSocket v1, as the exchange speaks it: trade and book, and its heartbeat feed.

`seq` counts per product and feed and goes on over connections. A subscription starts with a snapshot, whose numbers
are of the past. Source: Kraken API Center, Derivatives WebSocket.
"""

from __future__ import annotations

import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ssmd_runtime.simulator.market import Market
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

__all__ = ["KrakenFutures"]

_FEEDS: Final = ("trade", "book")
_MILLISECOND: Final = 1_000_000
_PAST: Final = 100


class KrakenFutures(Venue):
    """Kraken's derivatives."""

    name = "kraken-futures"
    path = "/ws/v1"
    defaults = ("PF_XBTUSD", "PF_ETHUSD", "PF_SOLUSD", "PI_XBTUSD")
    sequenced = frozenset({"trade", "book"})

    def __init__(self, seed: int = 1, instruments: Sequence[str] = (), now_ns: int = 0) -> None:
        super().__init__(seed, instruments, now_ns)
        self._past: dict[str, deque[str]] = {}

    def new_market(self, rng: random.Random) -> Market:
        return Market(rng, low=20_000, high=240_000, decimals=1, size_decimals=4, size_most=90_000)

    def conversation(self, path: str) -> Conversation | Page:
        return _Client(self) if path.partition("?")[0] == self.path else Page(404, "not found", "text/plain")

    def _trade(self, product: str, now_ms: int) -> tuple[int, str]:
        market = self.market(product)
        trade = market.trade()
        seq = market.next("trade", 653_000)
        uid = uuid.UUID(int=market.rng.getrandbits(128), version=4)
        return seq, (
            f'{{"feed":"trade","product_id":"{product}","uid":"{uid}","side":"{"buy" if trade.buy else "sell"}",'
            f'"type":"fill","seq":{seq},"time":{now_ms},"qty":{market.size(trade.size)},'
            f'"price":{market.text(trade.price)}}}'
        )

    def _recent(self, product: str) -> deque[str]:
        found = self._past.get(product)
        if found is None:
            found = self._past[product] = deque(maxlen=_PAST)
            for ago in range(5, 0, -1):
                found.append(self._trade(product, self.now_ns // _MILLISECOND - ago * 1000)[1])
        return found

    def event(self, topic: Topic, now_ns: int, rng: random.Random) -> Event:
        del rng
        feed, product = topic
        now_ms = now_ns // _MILLISECOND
        if feed == "trade":
            past = self._recent(product)
            seq, body = self._trade(product, now_ms)
            past.append(body)
            return Event(topic, "trade", body, seq)
        market = self.market(product)
        buy = market.rng.random() < 0.5
        price, size, _ = market.change(buy=buy)
        seq = market.next("book", 326_072_250)
        body = (
            f'{{"feed":"book","product_id":"{product}","side":"{"buy" if buy else "sell"}","seq":{seq},'
            f'"price":{market.text(price)},"qty":{market.size(size)},"timestamp":{now_ms}}}'
        )
        return Event(topic, "book", body, seq)

    def snapshot(self, feed: str, product: str) -> Data:
        """What a subscription starts with."""
        market = self.market(product)
        if feed == "trade":
            past = ",".join(reversed(self._recent(product)))
            text = f'{{"feed":"trade_snapshot","product_id":"{product}","trades":[{past}]}}'
            return Data(text, "trade_snapshot", symbol=product)
        before = market.next("book", 326_072_250, 0) - 1

        def levels(*, buy: bool) -> str:
            return ",".join(f'{{"price":{market.text(p)},"qty":{market.size(s)}}}' for p, s in market.side(buy=buy))

        text = (
            f'{{"feed":"book_snapshot","product_id":"{product}",'
            f'"timestamp":{self.now_ns // _MILLISECOND},"seq":{before},'
            f'"tickSize":null,"bids":[{levels(buy=True)}],"asks":[{levels(buy=False)}]}}'
        )
        return Data(text, "book_snapshot", symbol=product)


class _Client(Conversation):
    def __init__(self, venue: KrakenFutures) -> None:
        self._venue = venue
        self._topics: dict[Topic, None] = {}
        self._heartbeats = False

    def opened(self) -> Sequence[Out]:
        return (Text('{"event":"info","version":1}'),)

    def received(self, text: str, now: float) -> Sequence[Out]:
        del now
        asked = object_of(text)
        if asked is None:
            return (_told("error", "Json Error"),)
        event, feed = asked.get("event"), asked.get("feed")
        if event not in ("subscribe", "unsubscribe"):
            return (_told("error", "Invalid event"),)
        if feed == "heartbeat":
            self._heartbeats = event == "subscribe"
            return (Text(f'{{"event":"{event}d","feed":"heartbeat"}}'),)
        if feed not in _FEEDS:
            return (_told("error", "Invalid feed"),)
        return self._changed(str(event), str(feed), asked.get("product_ids"))

    def _changed(self, event: str, feed: str, wanted: Any) -> list[Out]:
        products = texts(wanted)
        if not products:
            return [_told("error", "Invalid product id")]
        known = [product for product in products if self._venue.knows(product)]
        done: list[Out] = [_told("error", "Invalid product id") for product in products if product not in known]
        fresh = [product for product in known if (event == "subscribe") != ((feed, product) in self._topics)]
        if len(fresh) < len(known):
            done.append(
                _told(
                    "alert", "Already subscribed to feed, re-requesting" if event == "subscribe" else "Not subscribed"
                )
            )
        if not fresh:
            return done
        done.append(Text(f'{{"event":"{event}d","feed":"{feed}","product_ids":{quoted(fresh)}}}'))
        for product in fresh:
            if event == "unsubscribe":
                del self._topics[feed, product]
            else:
                self._topics[feed, product] = None
                done.append(self._venue.snapshot(feed, product))
        return done

    def topics(self) -> Sequence[Topic]:
        return list(self._topics)

    def frame(self, event: Event) -> Data | None:
        if event.topic not in self._topics:
            return None
        return Data(event.body, event.type, symbol=event.topic[1], seq=event.seq)

    def heartbeat(self, now_ns: int) -> Out | None:
        return Text(f'{{"feed":"heartbeat","time":{now_ns // _MILLISECOND}}}') if self._heartbeats else None


def _told(event: str, message: str) -> Text:
    return Text(f'{{"event":"{event}","message":"{message}"}}')
