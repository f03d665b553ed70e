"""Polymarket's market channel, as the exchange speaks it.

No acknowledgement: a subscription is answered by an array of books. Text PING is answered by text PONG. Nothing is
numbered. Above 500 assets a connection falls silent. Source: Polymarket documentation, "Market Channel".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from ssmd_runtime.simulator.market import Market
from ssmd_runtime.simulator.venue import Conversation, Data, Event, Out, Page, Text, Topic, Venue, object_of, texts

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["Polymarket"]

MOST_ASSETS: Final = 500
_CUSTOM: Final = frozenset({"best_bid_ask", "new_market", "market_resolved"})
_INVALID: Final = Text("INVALID OPERATION")


def _number(name: str) -> str:
    return str(int.from_bytes(hashlib.sha256(name.encode()).digest(), "big"))


class Polymarket(Venue):
    """Polymarket's order book."""

    name = "polymarket"
    path = "/ws/market"
    defaults = tuple(_number(f"asset {number}") for number in range(4))

    def new_market(self, rng: random.Random) -> Market:
        return Market(rng, low=10, high=990, decimals=3, size_decimals=6, size_most=5_000_000_000)

    def conversation(self, path: str) -> Conversation | Page:
        return _Client(self) if path.partition("?")[0] == self.path else Page(404, "not found", "text/plain")

    @staticmethod
    def condition(asset: str) -> str:
        """The market that an asset is one side of."""
        return "0x" + hashlib.sha256(f"condition {asset}".encode()).hexdigest()

    def book(self, asset: str, now_ns: int) -> str:
        """A whole book."""
        market = self.market(asset)

        def levels(*, buy: bool) -> str:
            sides = reversed(market.side(buy=buy))
            return ",".join(f'{{"price":"{market.text(p)}","size":"{market.size(s)}"}}' for p, s in sides)

        return (
            f'{{"market":"{self.condition(asset)}","asset_id":"{asset}","timestamp":"{now_ns // 1_000_000}",'
            f'"hash":"{market.rng.getrandbits(160):040x}","bids":[{levels(buy=True)}],"asks":[{levels(buy=False)}],'
            f'"event_type":"book"}}'
        )

    def event(self, topic: Topic, now_ns: int, rng: random.Random) -> Event:
        asset = topic[1]
        lot = rng.random()
        if lot < 0.45:
            return self._made(topic, "price_change", self._change(asset, now_ns))
        if lot < 0.85:
            return self._made(topic, "last_trade_price", self._trade(asset, now_ns))
        if lot < 0.90:
            return self._made(topic, "book", self.book(asset, now_ns))
        if lot < 0.97:
            return self._made(topic, "best_bid_ask", self._best(asset, now_ns))
        if lot < 0.98:
            return self._made(topic, "tick_size_change", self._tick(asset, now_ns))
        kind = "new_market" if lot < 0.99 else "market_resolved"
        return self._made(topic, kind, self._market_told(asset, kind, now_ns))

    def _made(self, topic: Topic, kind: str, body: str) -> Event:
        # One frame in eight is an array.
        return Event(topic, kind, f"[{body}]" if self.market(topic[1]).rng.random() < 0.125 else body)

    def _trade(self, asset: str, now_ns: int) -> str:
        market = self.market(asset)
        trade = market.trade()
        return (
            f'{{"market":"{self.condition(asset)}","asset_id":"{asset}","price":"{market.text(trade.price)}",'
            f'"size":"{market.size(trade.size)}","fee_rate_bps":"0","side":"{"BUY" if trade.buy else "SELL"}",'
            f'"timestamp":"{now_ns // 1_000_000}","event_type":"last_trade_price"}}'
        )

    def _change(self, asset: str, now_ns: int) -> str:
        market = self.market(asset)
        changes = []
        for buy in (True, False) if market.rng.random() < 0.3 else (True,):
            price, size, _ = market.change(buy=buy)
            changes.append(
                f'{{"asset_id":"{asset}","price":"{market.text(price)}","size":"{market.size(size)}",'
                f'"side":"{"BUY" if buy else "SELL"}","hash":"{market.rng.getrandbits(160):040x}",'
                f'"best_bid":"{market.text(market.price - 1)}","best_ask":"{market.text(market.price + 1)}"}}'
            )
        return (
            f'{{"market":"{self.condition(asset)}","price_changes":[{",".join(changes)}],'
            f'"timestamp":"{now_ns // 1_000_000}","event_type":"price_change"}}'
        )

    def _best(self, asset: str, now_ns: int) -> str:
        market = self.market(asset)
        return (
            f'{{"event_type":"best_bid_ask","market":"{self.condition(asset)}","asset_id":"{asset}",'
            f'"best_bid":"{market.text(market.price - 1)}","best_ask":"{market.text(market.price + 1)}",'
            f'"spread":"{market.text(2)}","timestamp":"{now_ns // 1_000_000}"}}'
        )

    def _tick(self, asset: str, now_ns: int) -> str:
        return (
            f'{{"event_type":"tick_size_change","asset_id":"{asset}","market":"{self.condition(asset)}",'
            f'"old_tick_size":"0.01","new_tick_size":"0.001","timestamp":"{now_ns // 1_000_000}"}}'
        )

    def _market_told(self, asset: str, kind: str, now_ns: int) -> str:
        number = self.market(asset).next("market", 1_031_769)
        other = _number(f"{asset} no")
        won = f',"winning_asset_id":"{asset}","winning_outcome":"Yes"' if kind == "market_resolved" else ""
        return (
            f'{{"id":"{number}","question":"Will it be {number}?","market":"{self.condition(asset)}",'
            f'"slug":"will-it-be-{number}","description":"","assets_ids":["{asset}","{other}"],'
            f'"outcomes":["Yes","No"]{won},"timestamp":"{now_ns // 1_000_000}","event_type":"{kind}"}}'
        )


class _Client(Conversation):
    def __init__(self, venue: Polymarket) -> None:
        self._venue = venue
        self._assets: dict[str, None] = {}
        self._custom = False
        self._begun = False

    def received(self, text: str, now: float) -> Sequence[Out]:
        del now
        if text == "PING":
            return (Text("PONG"),)
        asked = object_of(text)
        assets = texts(asked.get("assets_ids")) if asked else None
        if asked is None or assets is None:
            return (_INVALID,)
        operation = asked.get("operation")
        if operation is None and asked.get("type") == "market" and not self._begun:
            operation = "subscribe"
        if operation not in ("subscribe", "unsubscribe"):
            return (_INVALID,)
        self._begun = True
        self._custom = bool(asked.get("custom_feature_enabled", self._custom))
        return self._changed(str(operation), assets)

    def _changed(self, operation: str, assets: list[str]) -> Sequence[Out]:
        if operation == "unsubscribe":
            for asset in assets:
                self._assets.pop(asset, None)
            return ()
        fresh = [asset for asset in assets if asset not in self._assets]
        self._assets.update(dict.fromkeys(fresh))
        known = [asset for asset in fresh if self._venue.knows(asset)]
        if self._silent or not known:
            return ()
        books = ",".join(self._venue.book(asset, self._venue.now_ns) for asset in known)
        return (Data(f"[{books}]", "book", symbol=known[0] if len(known) == 1 else None, records=len(known)),)

    @property
    def _silent(self) -> bool:
        return len(self._assets) > MOST_ASSETS

    def topics(self) -> Sequence[Topic]:
        return [] if self._silent else [("market", asset) for asset in self._assets if self._venue.knows(asset)]

    def frame(self, event: Event) -> Data | None:
        asset = event.topic[1]
        if self._silent or asset not in self._assets or (event.type in _CUSTOM and not self._custom):
            return None
        return Data(event.body, event.type, symbol=asset)
