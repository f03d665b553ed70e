"""Environments of a made-up tree: what is captured, and the text of the document that says so."""

from __future__ import annotations

import random
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tree_feeds import Feed, prefixes, symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Capture", "capture"]


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
            yield "paging", "webhook", "Where on-call is paged", ("routing_key", "url"), 365

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
