"""Feeds of a made-up tree: five venues, their symbols, and the text of a feed document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

__all__ = ["VENUES", "Feed", "Venue", "prefixes", "symbols"]


class Venue(NamedTuple):
    """What tells one exchange's feeds from another's."""

    name: str
    title: str
    auth: str
    types: tuple[str, str, str]
    identifier: str
    timestamp: str
    timestamp_format: str
    holidays: str
    region: str


VENUES = (
    Venue(
        "kalshi",
        "Kalshi",
        "api_key",
        ("trade", "ticker", "orderbook_delta"),
        "msg.market_ticker",
        "msg.ts",
        "unix_seconds",
        "us_equity",
        "us-east-1",
    ),
    Venue(
        "kraken",
        "Kraken Spot",
        "none",
        ("trade", "ticker", "book"),
        "data.symbol",
        "data.timestamp",
        "iso8601",
        "crypto_247",
        "eu-west-1",
    ),
    Venue(
        "krakenfutures",
        "Kraken Futures",
        "none",
        ("trade", "ticker", "book"),
        "product_id",
        "time",
        "epoch_millis",
        "crypto_247",
        "eu-west-2",
    ),
    Venue(
        "polymarket",
        "Polymarket",
        "none",
        ("last_trade_price", "price_change", "book"),
        "asset_id",
        "timestamp",
        "epoch_millis",
        "crypto_247",
        "us-east-2",
    ),
    Venue(
        "binance",
        "Binance",
        "none",
        ("trade", "bookTicker", "depthUpdate"),
        "data.s",
        "data.T",
        "epoch_millis",
        "crypto_247",
        "ap-northeast-1",
    ),
)
COINS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "DOT", "LINK", "AVAX", "ATOM", "UNI", "NEAR", "FIL", "APT")
QUOTES = ("USD", "EUR", "GBP", "USDT", "USDC", "JPY", "CHF", "AUD")
SERIES = ("KXBTCD", "KXETHD", "KXINXD", "KXFED", "KXCPI", "KXHIGHNY", "KXNFLGAME", "KXNBAGAME")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def prefixes(venue: Venue, rng: random.Random, count: int) -> list[str]:
    """What symbols begin with: none is the beginning of another, so each can be a shard."""
    match venue.name:
        case "kalshi":
            return sorted(rng.sample(SERIES, count))
        case "krakenfutures":
            return [f"PF_{coin}" for coin in sorted(rng.sample(COINS, count))]
        case "polymarket":
            return sorted(rng.sample("123456789", count))
        case "binance":
            return [coin.lower() for coin in sorted(rng.sample(COINS, count))]
        case _:
            return sorted(rng.sample(COINS, count))


def symbol(venue: Venue, prefix: str, rng: random.Random) -> str:
    """One instrument, in the venue's own spelling."""
    quote, number = rng.choice(QUOTES), rng.randint(1, 999)
    match venue.name:
        case "kalshi":
            return f"{prefix}-26{rng.choice(MONTHS)}{rng.randint(1, 28):02}-T{rng.randint(100, 99999)}"
        case "polymarket":
            return f"{prefix}{rng.randrange(10**36, 10**37)}"
        case "krakenfutures":
            return f"{prefix}{number}{quote}"
        case "binance":
            return f"{prefix}{number}{quote}".lower()
        case _:
            return f"{prefix}{number}/{quote}"


def symbols(venue: Venue, beginnings: list[str], rng: random.Random, count: int) -> list[str]:
    """`count` different instruments, at least one of each beginning."""
    found = {symbol(venue, prefix, rng) for prefix in beginnings}
    while len(found) < count:
        found.add(symbol(venue, rng.choice(beginnings), rng))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of a venue; the number keeps endpoints and names apart."""

    venue: Venue
    number: int

    @property
    def name(self) -> str:
        return f"{self.venue.name}-{self.number:03}"

    def text(self, rng: random.Random) -> str:
        blocks = (
            self._head(),
            self._versions(rng),
            self._calendar(),
            self._message_types(),
            _defaults(rng),
        )
        return "\n".join(blocks)

    def _head(self) -> str:
        return f"""\
# {self.venue.title}, line {self.number}. Public documentation: https://docs.{self.venue.name}.example/websocket
apiVersion: ssmd/v1
kind: Feed
metadata:
  name: {self.name}

spec:
  display_name: {self.venue.title} {self.number}
  type: websocket
  status: active
"""

    def _versions(self, rng: random.Random) -> str:
        count = rng.randint(1, 2)
        lines = [
            "  # A version holds from its first day up to, but not on, its last: a change of protocol is one commit.",
            "  versions:",
        ]
        for number in range(1, count + 1):
            lines += self._version(number, rng, last=number == count)
        return "\n".join(lines) + "\n"

    def _version(self, number: int, rng: random.Random, *, last: bool) -> Iterator[str]:
        yield f"    - version: v{number}"
        yield f"      effective_from: {2024 + number}-01-01"
        if not last:
            yield f"      effective_to: {2025 + number}-01-01"
        yield "      protocol:"
        yield "        transport: wss"
        yield "        message: json"
        yield f"      endpoint: wss://line{self.number}.{self.venue.name}.example/ws/v{number}"
        yield f"      auth_method: {self.venue.auth}"
        yield f"      rate_limit_per_second: {rng.choice((5, 10, 20))}"
        yield f"      max_symbols_per_connection: {rng.choice((200, 256, 500))}"
        yield "      supports_orderbook: true"
        yield "      supports_trades: true"
        if last:
            yield "      parser_config:"
            yield "        heartbeat_seconds: 10"
            yield "        snapshot: true"

    def _calendar(self) -> str:
        return f"""\
  calendar:
    timezone: UTC
    open_time: "00:00"
    close_time: "23:59"
    holiday_calendar: {self.venue.holidays}

  capture_locations:
    - site: primary
      type: cloud
      provider: aws
      region: {self.venue.region}
    - site: homelab
      type: on_prem
"""

    def _message_types(self) -> str:
        trade, ticker, book = self.venue.types
        return f"""\
  # Where a frame says which instrument, when, and which number in the sequence.
  message_types:
    {trade}:
      identifier_field: {self.venue.identifier}
      timestamp_field: {self.venue.timestamp}
      timestamp_format: {self.venue.timestamp_format}
      schema: trade:v1
    {ticker}:
      identifier_field: {self.venue.identifier}
      timestamp_field: {self.venue.timestamp}
      timestamp_format: {self.venue.timestamp_format}
    {book}:
      identifier_field: {self.venue.identifier}
      timestamp_field: {self.venue.timestamp}
      timestamp_format: {self.venue.timestamp_format}
      sequenced: true
      sequence_field: seq
      sequence_scope: per_subscription
      sequence_group_by: sid
      schema: orderbook:v1
"""


def _defaults(rng: random.Random) -> str:
    return f"""\
  defaults:
    connector:
      version: 0.{rng.randint(1, 4)}.{rng.randint(0, 9)}
      resources:
        requests:
          cpu: 100m
          memory: 128Mi
        limits:
          memory: 512Mi
"""
