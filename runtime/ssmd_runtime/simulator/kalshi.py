"""Kalshi's WebSocket, as the exchange speaks it: trade, ticker, order books and the lifecycle of markets.

Each channel that a client subscribes to gets a `sid`, and `seq` counts per sid from 1 on every connection: acknowledged
changes take a number too. At most 256 markets a subscription. The server pings every 10 seconds, body `heartbeat`.
Source: Kalshi API documentation, asyncapi.yaml.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ssmd_runtime.simulator.kalshi_http import Handshakes, events_page
from ssmd_runtime.simulator.market import Market, iso
from ssmd_runtime.simulator.venue import (
    Conversation,
    Data,
    Event,
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
    from collections.abc import Mapping, Sequence

__all__ = ["Kalshi"]

MOST_MARKETS: Final = 256
LIFECYCLE: Final = "market_lifecycle_v2"
CHANNELS: Final = frozenset({"trade", "ticker", "orderbook_delta", LIFECYCLE})
ANY: Final = "*"
_DOLLAR: Final = 10_000  # prices are dollars with four decimals; a market moves by whole cents
_ERRORS: Final = {
    1: "Unable to process message",
    2: "Params required",
    3: "Channels required",
    4: "Subscription IDs required",
    5: "Unknown command",
    6: "Already subscribed",
    7: "Unknown subscription ID",
    8: "Unknown channel name",
    11: "Invalid parameter",
    12: "Exactly one subscription ID is required",
    13: "Unsupported action",
    14: "Market Ticker required",
    15: "Action required",
    16: "Market not found",
    26: "Subscription market limit exceeded",
}


class Kalshi(Venue):
    """Kalshi. With a public key, every handshake must be signed."""

    name = "kalshi"
    path = "/trade-api/ws/v2"
    defaults = (
        "KXBTCD-26DEC3117-T99999.99",
        "KXBTCD-26DEC3117-T109999.99",
        "KXNFLGAME-26NOV29KCDEN-KC",
        "KXNFLGAME-26NOV29KCDEN-DEN",
        "KXHIGHNY-26NOV22-B54.5",
        "KXFEDDECISION-26DEC-H0",
    )
    sequenced = frozenset({"trade", "orderbook_delta"})
    heartbeat_seconds = 10.0

    def __init__(
        self, seed: int = 1, instruments: Sequence[str] = (), now_ns: int = 0, public_key: bytes | None = None
    ) -> None:
        super().__init__(seed, instruments, now_ns)
        self._handshakes = None if public_key is None else Handshakes(public_key)

    def new_market(self, rng: random.Random) -> Market:
        return Market(rng, low=2, high=98, decimals=2, size_decimals=2, size_most=50_000)

    def admits(self, path: str, headers: Mapping[str, str], now_ms: int) -> Page | None:
        why = None if self._handshakes is None else self._handshakes.refuses(path.partition("?")[0], headers, now_ms)
        return None if why is None else _unauthorized(why)

    def page(self, path: str, headers: Mapping[str, str], now_ns: int) -> Page:
        place, _, query = path.partition("?")
        if place != "/trade-api/v2/events":
            return Page(404, '{"error":{"code":"not_found","message":"not found"}}')
        if "KALSHI-ACCESS-SIGNATURE" in headers and (refused := self.admits(path, headers, now_ns // 1_000_000)):
            return refused
        return events_page(query, self.instruments, self.now_ns, now_ns)

    def conversation(self, path: str) -> Conversation | Page:
        return _Client(self) if path.partition("?")[0] == self.path else Page(404, "not found", "text/plain")

    def event(self, topic: Topic, now_ns: int, rng: random.Random) -> Event:
        channel, ticker = topic
        if ticker == ANY:
            ticker = rng.choice(self.instruments)
        kind, body = getattr(self, f"_{channel}")(ticker, now_ns)
        return Event((channel, ticker), kind, body, instrument=ticker)

    def _trade(self, ticker: str, now_ns: int) -> tuple[str, str]:
        market = self.market(ticker)
        trade = market.trade()
        return "trade", (
            f'{{"trade_id":"{uuid.UUID(int=market.rng.getrandbits(128), version=4)}","market_ticker":"{ticker}",'
            f'"yes_price_dollars":"{_dollars(trade.price)}","no_price_dollars":"{_dollars(100 - trade.price)}",'
            f'"count_fp":"{market.size(trade.size)}","taker_side":"{"yes" if trade.buy else "no"}",'
            f'"ts":{now_ns // 1_000_000_000}}}'
        )

    def _ticker(self, ticker: str, now_ns: int) -> tuple[str, str]:
        market = self.market(ticker)
        last = market.trade()
        return "ticker", (
            f'{{"market_ticker":"{ticker}","price_dollars":"{_dollars(last.price)}",'
            f'"yes_bid_dollars":"{_dollars(last.price - 1)}","yes_ask_dollars":"{_dollars(last.price + 1)}",'
            f'"volume_fp":"{market.size(market.next("volume", 3_389_600, last.size))}",'
            f'"open_interest_fp":"{market.size(2_042_200)}","last_trade_size_fp":"{market.size(last.size)}",'
            f'"ts":{now_ns // 1_000_000_000},"ts_ms":{now_ns // 1_000_000},"time":"{iso(now_ns)}"}}'
        )

    def _orderbook_delta(self, ticker: str, now_ns: int) -> tuple[str, str]:
        market = self.market(ticker)
        yes = market.rng.random() < 0.5
        price, _, delta = market.change(buy=yes)
        return "orderbook_delta", (
            f'{{"market_ticker":"{ticker}","market_id":"{self._identity(ticker)}",'
            f'"price_dollars":"{_dollars(price if yes else 100 - price)}","delta_fp":"{market.size(delta)}",'
            f'"side":"{"yes" if yes else "no"}","ts":"{iso(now_ns)}","ts_ms":{now_ns // 1_000_000}}}'
        )

    def book(self, ticker: str) -> str:
        """The message of a snapshot."""
        market = self.market(ticker)
        yes = ",".join(f'["{_dollars(p)}","{market.size(s)}"]' for p, s in market.side(buy=True))
        no = ",".join(f'["{_dollars(100 - p)}","{market.size(s)}"]' for p, s in market.side(buy=False))
        return (
            f'{{"market_ticker":"{ticker}","market_id":"{self._identity(ticker)}","yes_dollars_fp":[{yes}],'
            f'"no_dollars_fp":[{no}]}}'
        )

    def _market_lifecycle_v2(self, ticker: str, now_ns: int) -> tuple[str, str]:
        market = self.market(ticker)
        opened = now_ns // 1_000_000_000
        if market.rng.random() < 0.2:
            event = ticker.rpartition("-")[0] or ticker
            return "event_lifecycle", (
                f'{{"event_ticker":"{event}","title":"{event}","subtitle":"","collateral_return_type":"MECNET",'
                f'"series_ticker":"{event.partition("-")[0]}"}}'
            )
        kind = market.rng.choice(("created", "deactivated", "close_date_updated", "determined"))
        result = ',"result":"yes"' if kind == "determined" else ""
        return LIFECYCLE, (
            f'{{"event_type":"{kind}","market_ticker":"{ticker}","open_ts":{opened},'
            f'"close_ts":{opened + 86400}{result}}}'
        )

    @staticmethod
    def _identity(ticker: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, ticker)


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}00"


def _unauthorized(why: str) -> Page:
    return Page(401, quoted({"error": {"code": "unauthorized", "message": why}}))


@dataclass(slots=True)
class _Subscription:
    sid: int
    channel: str
    markets: dict[str, None] | None  # None: every market
    seq: int = field(default=0)

    def next(self) -> int:
        self.seq += 1
        return self.seq


class _Client(Conversation):
    def __init__(self, venue: Kalshi) -> None:
        self._venue = venue
        self._subscriptions: dict[int, _Subscription] = {}
        self._by_channel: dict[str, _Subscription] = {}
        self._sids = 0

    def received(self, text: str, now: float) -> Sequence[Out]:
        del now
        asked = object_of(text)
        if asked is None:
            return (_error(None, 1),)
        identity, params = asked.get("id"), asked.get("params")
        known = {"subscribe": self._subscribe, "unsubscribe": self._unsubscribe, "update_subscription": self._update}
        command = asked.get("cmd")
        if not isinstance(command, str) or command not in known:
            return (_error(identity, 5),)
        if not isinstance(params, dict):
            return (_error(identity, 2),)
        return known[command](identity, params)

    def _subscribe(self, identity: Any, params: dict[str, Any]) -> list[Out]:
        channels = texts(params.get("channels"))
        if not channels:
            return [_error(identity, 3)]
        markets, wrong = self._markets(params)
        if wrong:
            return [_error(identity, wrong)]
        done: list[Out] = []
        for channel in channels:
            done += self._one(identity, channel, markets)
        return done

    def _markets(self, params: dict[str, Any]) -> tuple[list[str] | None, int]:
        """The markets that a command names (None: none), or the code of what is wrong with them."""
        if "market_ticker" in params and "market_tickers" not in params:
            params = {"market_tickers": [params["market_ticker"]]}
        if params.get("market_tickers") is None:
            return None, 0
        markets = texts(params["market_tickers"])
        if not markets:
            return None, 11
        if len(markets) > MOST_MARKETS:
            return None, 26
        return markets, 0 if all(self._venue.knows(market) for market in markets) else 16

    def _one(self, identity: Any, channel: str, markets: list[str] | None) -> list[Out]:
        if channel not in CHANNELS:
            return [_error(identity, 8)]
        if channel in self._by_channel:
            return [_error(identity, 6)]
        if channel == "orderbook_delta" and markets is None:
            return [_error(identity, 14)]
        self._sids += 1
        every = markets is None or channel == LIFECYCLE
        made = _Subscription(self._sids, channel, None if every else dict.fromkeys(markets or ()))
        self._subscriptions[made.sid] = self._by_channel[channel] = made
        msg = {"channel": channel, "sid": made.sid}
        return [Text(quoted({"type": "subscribed", "id": identity, "msg": msg})), *self._books(made, markets or ())]

    def _books(self, subscription: _Subscription, markets: Sequence[str]) -> list[Data]:
        if subscription.channel != "orderbook_delta":
            return []
        return [self._made(subscription, "orderbook_snapshot", self._venue.book(market), market) for market in markets]

    @staticmethod
    def _made(subscription: _Subscription, kind: str, msg: str, market: str) -> Data:
        sid = subscription.sid
        if subscription.channel not in Kalshi.sequenced:
            return Data(f'{{"type":"{kind}","sid":{sid},"msg":{msg}}}', kind, sid, market)
        seq = subscription.next()
        return Data(f'{{"type":"{kind}","sid":{sid},"seq":{seq},"msg":{msg}}}', kind, sid, market, seq)

    def _wanted(self, params: dict[str, Any]) -> tuple[list[_Subscription], int]:
        sids = params.get("sids", [params["sid"]] if "sid" in params else None)
        if not isinstance(sids, list) or not sids:
            return [], 4
        if not all(isinstance(sid, int) and sid in self._subscriptions for sid in sids):
            return [], 7
        return [self._subscriptions[sid] for sid in dict.fromkeys(sids)], 0

    def _unsubscribe(self, identity: Any, params: dict[str, Any]) -> list[Out]:
        wanted, wrong = self._wanted(params)
        if wrong:
            return [_error(identity, wrong)]
        for one in wanted:
            del self._subscriptions[one.sid], self._by_channel[one.channel]
        return [
            Text(quoted({"id": identity, "sid": one.sid, "seq": one.next(), "type": "unsubscribed"})) for one in wanted
        ]

    def _update(self, identity: Any, params: dict[str, Any]) -> list[Out]:
        wanted, wrong = self._wanted(params)
        if wrong or len(wanted) != 1:
            return [_error(identity, wrong or 12)]
        one, action = wanted[0], params.get("action")
        if action not in ("add_markets", "delete_markets"):
            return [_error(identity, 15 if action is None else 13)]
        markets, wrong = self._markets(params)
        if wrong or markets is None:
            return [_error(identity, wrong or 14)]
        if one.markets is None:
            return [_error(identity, 11)]
        fresh = [market for market in markets if market not in one.markets] if action == "add_markets" else []
        if len(one.markets) + len(fresh) > MOST_MARKETS:
            return [_error(identity, 26)]
        one.markets.update(dict.fromkeys(fresh))
        if action == "delete_markets":
            for market in markets:
                one.markets.pop(market, None)
        answer = {"id": identity, "sid": one.sid, "seq": one.next(), "type": "ok", "market_tickers": list(one.markets)}
        return [Text(quoted(answer)), *self._books(one, fresh)]

    def topics(self) -> Sequence[Topic]:
        return [
            (one.channel, market)
            for one in self._subscriptions.values()
            for market in ((ANY,) if one.markets is None else one.markets)
        ]

    def frame(self, event: Event) -> Data | None:
        one = self._by_channel.get(event.topic[0])
        if one is None or (one.markets is not None and event.instrument not in one.markets):
            return None
        return self._made(one, event.type, event.body, event.instrument)

    def heartbeat(self, now_ns: int) -> Out | None:
        del now_ns
        return Ping(b"heartbeat")


def _error(identity: Any, code: int) -> Text:
    return Text(quoted({"id": identity, "type": "error", "msg": {"code": code, "msg": _ERRORS[code]}}))
