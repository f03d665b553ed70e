"""Which of Kalshi's markets a spec means: pages of GET /events, read and filtered. No sockets, no clock.

Sources: Kalshi API documentation, "Get Events" (public, at most 200 events a page, an empty cursor on the last one),
"Market Lifecycle" (statuses), "API Environments and Endpoints" (hosts: `external-api-ws` is the WebSocket twin of
`external-api`).

Refuses a page that is no such page. Markets that have ended are not chosen; those that wait to open or are paused are,
because nothing on the WebSocket tells that a market has opened.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_runtime.spec import CollectorSpec, Discovery

__all__ = ["Market", "Page", "PageError", "chosen", "first_url", "next_url", "parse"]

LONGEST_CURSOR: Final = 4096
_ENDED: Final = frozenset({"closed", "determined", "disputed", "amended", "finalized", "settled"})


class PageError(ValueError):
    """An answer that is no page of events; the message is one line."""


class Market(msgspec.Struct, frozen=True):
    """One market, with what is said of its event and series. `close_time` None: not told, or told wrongly."""

    ticker: str
    series_ticker: str
    category: str
    status: str
    close_time: datetime | None


class Page(msgspec.Struct, frozen=True):
    """The markets of one page, and where the next one starts; an empty cursor: this was the last."""

    markets: tuple[Market, ...]
    cursor: str


class _Nested(msgspec.Struct):
    ticker: str
    status: str | None = None
    close_time: str | None = None


class _Event(msgspec.Struct):
    series_ticker: str | None = None
    category: str | None = None
    markets: list[_Nested] | None = None


class _Answer(msgspec.Struct):
    events: list[_Event] | None
    cursor: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Answer)


def first_url(spec: CollectorSpec) -> str:
    """The first page."""
    endpoint = urlsplit(spec.endpoint)
    host = endpoint.netloc.rpartition("@")[2]
    if host.startswith("external-api-ws."):
        host = host.replace("external-api-ws.", "external-api.", 1)
    scheme = "http" if endpoint.scheme == "ws" else "https"
    return f"{scheme}://{host}/trade-api/v2/events?status=open&with_nested_markets=true&limit=200"


def next_url(spec: CollectorSpec, cursor: str) -> str:
    """The page after the one that ended with this cursor."""
    return f"{first_url(spec)}&cursor={quote(cursor, safe='')}"


def parse(page: bytes) -> Page:
    """The markets of a page. Raises `PageError` for what is none."""
    try:
        answer = _DECODER.decode(page)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise PageError("this is no page of Kalshi's events") from None
    cursor = answer.cursor or ""
    if len(cursor) > LONGEST_CURSOR:
        raise PageError(f"the cursor of this page of events is longer than {LONGEST_CURSOR} characters")
    return Page(
        tuple(_market(event, nested) for event in answer.events or () for nested in event.markets or ()),
        cursor,
    )


def chosen(spec: CollectorSpec, markets: Iterable[Market], now: datetime) -> tuple[str, ...]:
    """The tickers that the spec's discovery means at `now` (aware), sorted.

    `games_only` goes by a custom of naming, for Kalshi has no field that says so: the series of a single game has GAME
    in its ticker (KXMLBGAME, KXNFLGAME).
    """
    wanted = spec.subscriptions.discovery
    if wanted is None:
        return ()
    categories = frozenset(category.casefold() for category in wanted.categories)
    return tuple(sorted({market.ticker for market in markets if _is_meant(wanted, categories, market, now)}))


def _is_meant(wanted: Discovery, categories: frozenset[str], market: Market, now: datetime) -> bool:
    if market.status in _ENDED:
        return False
    if categories and market.category.casefold() not in categories:
        return False
    if wanted.prefix and not market.ticker.startswith(wanted.prefix):
        return False
    if wanted.games_only and "GAME" not in market.series_ticker.upper():
        return False
    if wanted.close_within_hours is None:
        return True
    return market.close_time is not None and now < market.close_time <= now + timedelta(hours=wanted.close_within_hours)


def _market(event: _Event, nested: _Nested) -> Market:
    return Market(
        ticker=nested.ticker,
        series_ticker=event.series_ticker or "",
        category=event.category or "",
        status=nested.status or "",
        close_time=_moment(nested.close_time),
    )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.MsgspecError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
