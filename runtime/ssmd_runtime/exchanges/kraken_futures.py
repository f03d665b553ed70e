"""Kraken Futures, WebSocket v1: answers name the feed and its products, errors name neither.

Sources: Kraken API Center, "Derivatives WebSocket": Trade, Book, Heartbeat, Challenge; the events of an answer
(subscribed, subscribed_failed, error) are listed with each feed there.

Refuses a spec that names no products for a feed that takes some. What an error is about is told where it can be known:
the product if the message names one or only one is awaited; the rest is left to the overdue answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ssmd_runtime.exchanges.answers import already_subscribed, answer, demand_instruments, reason, text
from ssmd_runtime.exchanges.protocol import About, Connect, Exchange, Refusal, Reply, Session, Share, batches, shares_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["EXCHANGE", "Header", "KrakenFuturesSession", "shares"]

MOST_PRODUCTS: Final = 100  # a command's, our choice: Kraken publishes none
_UNLISTED: Final = frozenset({"heartbeat"})
_WORD: Final = re.compile(r"\w+", re.ASCII)


class Header(msgspec.Struct, gc=False):
    """What is read of every frame. Answers have an `event`, and the feed that they are about."""

    feed: str = ""
    event: str = ""
    product_id: str = ""
    seq: int | None = None


class KrakenFuturesSession(Session):
    """One connection."""

    frame = Header
    header = Header
    control = frozenset(
        {
            "info", "alert", "error", "subscribed", "subscribed_failed", "unsubscribed", "unsubscribed_failed",
            "challenge", "heartbeat", "pong",
        }
    )  # fmt: skip

    def connect(self, now_ms: int) -> Connect:
        del now_ms
        return Connect(self.spec.endpoint)

    @staticmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        return [header.event or header.feed for header in headers]

    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        for feed in self.share.channels:
            if feed in _UNLISTED:
                yield ((feed, None),), msgspec.json.encode({"event": "subscribe", "feed": feed})
                continue
            for products in batches(self.share.instruments, MOST_PRODUCTS):
                command = {"event": "subscribe", "feed": feed, "product_ids": products}
                yield tuple((feed, product) for product in products), msgspec.json.encode(command)

    def answered(self, kind: str, payload: bytes, now: float) -> Reply:
        del now
        said = answer(payload)
        if kind in {"subscribed", "subscribed_failed"}:
            meant = self._named(said)
            for subscription in meant:
                self._waiting.pop(subscription, None)
            if kind == "subscribed":
                return Reply()
        elif kind in {"error", "alert"} and not already_subscribed(said.get("message")):
            meant = [self._guessed(text(said.get("message")) or "")]
            self._waiting.pop(meant[0], None)
        else:
            return Reply()
        why = reason(said.get("message"))
        return Reply(refused=tuple(Refusal(*about, why) for about in meant or [(None, None)]))

    def _named(self, said: dict[str, Any]) -> list[About]:
        """The subscriptions of ours that an answer names."""
        feed, products = text(said.get("feed")), said.get("product_ids")
        if feed not in self.share.channels:
            return []
        if not isinstance(products, list):
            return [(feed, None)]
        known = set(self.share.instruments)
        return [(feed, product) for product in map(text, products) if product in known]

    def _guessed(self, message: str) -> About:
        """What an error is about: the product it names, or the only one that is awaited."""
        awaited = [identity for identity in self._waiting if isinstance(identity, tuple)]
        words = set(_WORD.findall(message[:1000]))
        fits = [one for one in awaited if one[1] in words] or awaited
        feeds, products = {feed for feed, _ in fits}, {product for _, product in fits}
        if len(products) != 1:
            return (None, None)
        return (feeds.pop() if len(feeds) == 1 else None, products.pop())


def shares(spec: CollectorSpec) -> list[Share]:
    """All products over one connection, unless the spec has a limit."""
    wanted = spec.subscriptions
    demand_instruments(spec, [channel for channel in wanted.channels if channel not in _UNLISTED])
    return shares_of(wanted.channels, wanted.instruments, wanted.limits.max_symbols_per_connection, apart=_UNLISTED)


EXCHANGE: Final = Exchange(KrakenFuturesSession, shares)
