"""Write a valid workspace of any size: the same bytes for the same size and seed, on every machine.

    python benchmarks/trees.py DIR --environments N [--seed S] [--invalid K]

N environments over max(1, N // 10) feeds and two Cap'n Proto schemas, in the canonical layout, at the length that
people write: about 90 to 130 lines an environment, 70 to 85 a feed. Two environments in three are production (NATS, S3,
Redis, sealed keys), the others development (memory, local files, keys from variables). No two share a namespace, a
subject, a bucket or a directory. `--invalid K` plants one well-known mistake in each of K environments, in turn from
`MISTAKES`.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MISTAKES", "tree", "write"]

Tree = dict[str, str]
"""Path in the workspace -> text."""


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


# Schemas


DEFINITIONS = {
    "trade": """\
@0xd5b1f0c2a9e47361;

struct Trade {
  timestamp @0 :UInt64;
  ticker @1 :Text;
  price @2 :Float64;
  size @3 :UInt32;
  side @4 :Side;
  tradeId @5 :Text;
}

enum Side {
  buy @0;
  sell @1;
}
""",
    "orderbook": """\
@0xc83e6d17f05b924a;

struct OrderBookUpdate {
  timestamp @0 :UInt64;
  ticker @1 :Text;
  bids @2 :List(Level);
  asks @3 :List(Level);
}

struct Level {
  price @0 :Float64;
  size @1 :UInt32;
}
""",
}


def schema(name: str, definition: str) -> str:
    digest = hashlib.sha256(definition.encode()).hexdigest()
    return f"""\
# The normalized {name} record. Bytes on the wire follow {name}.capnp.
apiVersion: ssmd/v1
kind: Schema
metadata:
  name: {name}

spec:
  format: capnp
  schema_file: {name}.capnp
  versions:
    - version: v1
      effective_from: 2025-01-01
      status: active
      hash: sha256:{digest}
"""


# Feeds


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


# Environments


@dataclass(frozen=True, slots=True)
class Capture:
    """One environment: a feed, captured for production or for a person's machine."""

    feed: Feed
    number: int
    production: bool
    symbols: list[str]
    shards: list[str]
    """The beginning of each shard's symbols; empty for an undivided capture."""

    @property
    def name(self) -> str:
        return f"{self.feed.name}-{'prod' if self.production else 'dev'}-{self.number:04}"

    def text(self, rng: random.Random) -> str:
        middleware = self._production_middleware() if self.production else self._development_middleware(rng)
        blocks = (
            self._head(),
            self._keys(),
            self._what(rng),
            self._shards(rng),
            middleware,
            self._components(rng),
            self._alerts(rng),
        )
        return "\n".join(block for block in blocks if block)

    def _head(self) -> str:
        aim = "production" if self.production else "development"
        return f"""\
# {self.feed.venue.title} {self.feed.number}, {aim}. {len(self.symbols)} instruments.
# Change it by a pull request: the compiled manifests are committed beside it.
apiVersion: ssmd/v1
kind: Environment
metadata:
  name: {self.name}
"""

    def _keys(self) -> str:
        lines = ["spec:", "  # Keys first: what must be set before the first deployment.", "  keys:"]
        for key in self._key_list():
            lines += self._key(*key)
        return "\n".join(lines) + "\n"

    def _key_list(self) -> Iterator[tuple[str, str, str, tuple[str, ...], int]]:
        """Name, type, description, fields, days between rotations."""
        if self.feed.venue.auth == "api_key":
            yield "exchange", "api_key", f"{self.feed.venue.title} market data", ("api_key", "private_key"), 90
        if self.production:
            yield "nats", "transport", "Publishing to the stream", ("username", "password"), 180
            yield "storage", "storage", "Object storage for sealed days", ("access_key", "secret_key"), 90
            yield "cache", "database", "Instrument cache", ("password",), 180
        else:
            yield "registry", "database", "History of environments", ("username", "password"), 180
            yield "webhook", "webhook", "Where alerts are sent", ("token",), 365
            yield "sandbox", "api_key", "Public test network", ("api_key", "private_key"), 365

    def _key(self, name: str, kind: str, description: str, fields: tuple[str, ...], days: int) -> Iterator[str]:
        yield f"    {name}:"
        yield f"      type: {kind}"
        yield f"      description: {description}"
        if not self.production:
            yield "      required: false"
        yield f"      fields: [{', '.join(fields)}]"
        yield f"      rotation_days: {days}"
        if self.production:
            yield f"      source: sealed-secret:{self.name}-{name}"
        else:
            yield f"      source: env:{','.join(f'{name}_{field}'.upper() for field in fields)}"

    def _what(self, rng: random.Random) -> str:
        minute = rng.randint(5, 55)
        return f"""\
  feed: {self.feed.name}
  schemas:
    - trade:v1
    - orderbook:v1
  namespace: {self.name}

  schedule:
    timezone: UTC
    day_start: "00:{minute:02}"
    day_end: "00:00"
    auto_roll: {str(self.production).lower()}

  symbols:
{_list(self.symbols, indent=4)}
"""

    def _shards(self, rng: random.Random) -> str:
        if not self.shards:
            return ""
        lines = ["  # Each shard is a pod of its own; a busy one cannot slow the others.", "  shards:"]
        for number, prefix in enumerate(self.shards):
            lines += [f"    s{number}:", "      selector:", *self._selector(prefix)]
            if rng.random() < 0.5:
                lines += ["      resources:", f"        limits: {{memory: {rng.choice((768, 1024))}Mi}}"]
        return "\n".join(lines) + "\n"

    def _selector(self, prefix: str) -> list[str]:
        """Few symbols are named, many are told by their beginning."""
        if len(self.symbols) > 16 or len(self.shards) > 2:
            return [f"        prefix: {_text(prefix)}"]
        return ["        symbols:", _list([one for one in self.symbols if one.startswith(prefix)], indent=10)]

    def _production_middleware(self) -> str:
        site = self.feed.venue.region
        return f"""\
  middleware:
    transport:
      type: nats
      url: nats://nats.{site}.example:4222
      credentials: $key:nats
      jetstream:
        enabled: true
        domain: ssmd
      stream: {self.name.upper()}
      subject_prefix: md.{self.name}

    storage:
      type: s3
      endpoint: https://s3.{site}.example:3900
      region: {site}
      credentials: $key:storage
      buckets:
        raw: {self.name}-raw
        normalized: {self.name}-normalized

    cache:
      type: redis
      url: redis://redis.{site}.example:6379
      credentials: $key:cache.password
      max_connections: 10

    journal:
      type: nats
      url: nats://nats.{site}.example:4222
      credentials: $key:nats
      topics:
        audit: journal.{self.name}.audit
"""

    def _development_middleware(self, rng: random.Random) -> str:
        return f"""\
  # Nothing here leaves the machine it runs on.
  middleware:
    transport:
      type: memory

    storage:
      type: local
      path: /var/lib/ssmd/{self.name}
      sync: interval
      sync_interval_ms: {rng.choice((100, 200, 500))}
      compression: zstd

    cache:
      type: memory
      max_size: {rng.choice((50, 100, 200))}MB

    journal:
      type: memory
"""

    def _components(self, rng: random.Random) -> str:
        lines = list(self._connector(rng))
        if self.production:
            lines += self._archiver(rng)
        return "\n".join(lines) + "\n"

    def _connector(self, rng: random.Random) -> Iterator[str]:
        yield "  connector:"
        if self.feed.venue.auth == "api_key":
            yield "    credentials: $key:exchange"
        elif not self.production:
            yield "    # The venue publishes without a login."
        yield "    on_disconnect: exit"
        yield "    resources:"
        yield f"      requests: {{cpu: {rng.choice((100, 250, 500))}m, memory: {rng.choice((128, 256))}Mi}}"
        yield "      limits: {memory: 512Mi}"
        yield "    retry:"
        yield f"      max_attempts: {rng.randint(3, 8)}"
        yield "      initial_delay_ms: 250"
        yield "      max_delay_ms: 30000"
        yield "    liveness:"
        yield "      ping_seconds: 20"
        yield f"      stale_seconds: {rng.choice((60, 90, 120))}"

    def _archiver(self, rng: random.Random) -> Iterator[str]:
        yield ""
        yield "  archiver:"
        yield "    resources:"
        yield f"      requests: {{cpu: 100m, memory: {rng.choice((256, 384))}Mi}}"
        yield "      limits: {memory: 1Gi}"
        yield "    rotation:"
        yield f"      max_bytes: {rng.choice((128, 256, 512))}MiB"

    def _alerts(self, rng: random.Random) -> str:
        if not self.production:
            return "  alerts:\n    # Nobody is woken for a laptop.\n    ConnectorNoData:\n      enabled: false\n"
        return f"""\
  alerts:
    ConnectorHighLag:
      threshold: {rng.randint(2, 9)}
      for: {rng.choice((1, 2, 5))}m
      severity: warning
"""


def _text(value: str) -> str:
    """Digits in quotes: other readers of YAML would take them for a number."""
    return f'"{value}"' if value.isdigit() else value


def _list(values: list[str], *, indent: int) -> str:
    """A short list one item a line, a long one wrapped between brackets, as people write them."""
    margin = " " * indent
    items = [_text(value) for value in values]
    if len(items) <= 6:
        return "\n".join(f"{margin}- {item}" for item in items)
    inner = textwrap.fill(
        ", ".join(items),
        width=118,
        initial_indent=margin + "  ",
        subsequent_indent=margin + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{margin}[\n{inner}\n{margin}]"


def capture(number: int, feeds: list[Feed], seed: int) -> tuple[str, str]:
    """Path and text of environment `number`; of one seed, the same whatever stands beside it."""
    rng = random.Random(f"{seed}/environment/{number}")
    feed = feeds[number % len(feeds)]
    production = number % 3 != 2
    beginnings = prefixes(feed.venue, rng, rng.randint(2, 4))
    names = symbols(feed.venue, beginnings, rng, rng.randint(5, 20 if feed.venue.name == "polymarket" else 60))
    sharded = production and len(names) >= 12 and rng.random() < 0.3
    made = Capture(feed, number, production, names, beginnings if sharded else [])
    return f"environments/{made.name}.yaml", made.text(rng)


SETTINGS = """\
# Where the compiled tree is read from, and what runs unless a feed or an environment says otherwise.
namespace: ssmd
image:
  name: registry.example/ssmd-runtime
  version: 0.1.0
repository:
  url: https://git.example/market-data/captures.git
  revision: main
  path: generated
"""


# Mistakes


class Mistake(NamedTuple):
    """One slip that people make: the first match of `pattern` becomes `replacement`."""

    name: str
    pattern: str
    replacement: str


MISTAKES = (
    Mistake("unknown feed", r"(?m)^  feed: (\w+)-", r"  feed: \1x-"),
    Mistake("unknown schema version", r"trade:v1", "trade:v9"),
    Mistake("unknown field", r"auto_roll:", "auto_rol:"),
    Mistake("undeclared key", r"(?m)^  alerts:$", "  gateway:\n    credentials: $key:absent\n\n  alerts:"),
    Mistake("unknown type", r"type: (nats|memory)\b", r"type: \1x"),
    Mistake("no such time", r'"00:00"', '"24:61"'),
    Mistake("not a number", r"rotation_days: \d+", "rotation_days: often"),
    Mistake("duplicate key", r"(?m)^(  namespace: .*)$", r"\1\n\1"),
)


def spoil(text: str, mistake: Mistake) -> str:
    spoiled, count = re.subn(mistake.pattern, mistake.replacement, text, count=1)
    if not count:
        raise ValueError(f"no place for the mistake `{mistake.name}`")
    return spoiled


def tree(environments: int, *, seed: int = 1, invalid: int = 0) -> Tree:
    """Every file of a workspace with that many environments, the first `invalid` of them with one mistake each."""
    feeds = [Feed(VENUES[number % len(VENUES)], number) for number in range(max(1, environments // 10))]
    files = {"ssmd.yaml": SETTINGS}
    for name, definition in DEFINITIONS.items():
        files[f"schemas/{name}.capnp"] = definition
        files[f"schemas/{name}.yaml"] = schema(name, definition)
    for feed in feeds:
        files[f"exchanges/feeds/{feed.name}.yaml"] = feed.text(random.Random(f"{seed}/feed/{feed.number}"))
    for number in range(environments):
        path, text = capture(number, feeds, seed)
        files[path] = spoil(text, MISTAKES[number % len(MISTAKES)]) if number < invalid else text
    return files


def write(directory: Path, files: Tree) -> None:
    for path, text in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def main() -> int:
    parser = argparse.ArgumentParser(description="Write a valid ssmd workspace of any size.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="an empty or absent directory")
    parser.add_argument("--environments", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--invalid", type=int, default=0, metavar="K", help="environments that get a mistake")
    options = parser.parse_args()
    if options.directory.is_dir() and any(options.directory.iterdir()):
        parser.error(f"{options.directory} is not empty")
    if options.environments < 1 or not 0 <= options.invalid <= options.environments:
        parser.error("needs at least one environment, and no more mistakes than environments")
    write(options.directory, tree(options.environments, seed=options.seed, invalid=options.invalid))
    return 0


if __name__ == "__main__":
    sys.exit(main())
