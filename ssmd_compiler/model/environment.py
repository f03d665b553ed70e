"""Environment: one capture, as deployed: which feed, which keys, which middleware, how often, how large."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.component import Component, Resources
from ssmd_compiler.model.scalars import (
    Boolean,
    Identifier,
    Name,
    Number,
    Positive,
    Size,
    Text,
    TimeOfDay,
    Timezone,
    Url,
)

__all__ = [
    "Alert",
    "Cache",
    "Environment",
    "Journal",
    "Key",
    "Middleware",
    "Schedule",
    "Shard",
    "Storage",
    "SymbolSync",
    "Transport",
]


class Key(Model):
    """A secret of this environment: what it is for and where it comes from; never its value."""

    type: Literal["api_key", "database", "transport", "storage", "tls", "webhook"]
    description: Text | None = None
    required: Boolean = True
    fields: tuple[Identifier, ...] = ()
    rotation_days: Positive | None = None
    source: Text | None = None


class Schedule(Model):
    """The trading day: when capture starts and ends, in `timezone`; `auto_roll` runs both without a person."""

    timezone: Timezone = "UTC"
    day_start: TimeOfDay
    day_end: TimeOfDay
    auto_roll: Boolean = True


class SymbolFilter(Model):
    """Which instruments a sync takes."""

    category: Text


class SymbolSync(Model):
    """Instruments found at run time, from the exchange's list."""

    sync: Boolean
    filters: tuple[SymbolFilter, ...] = ()
    close_within_hours: Positive | None = None
    games_only: Boolean = False


class Selector(Model):
    """Which symbols a shard takes: by name, by category, or by prefix."""

    symbols: tuple[Text, ...] = ()
    category: Text | None = None
    prefix: Text | None = None


class Shard(Model):
    """A part of the symbols, captured by pods of its own."""

    selector: Selector
    replicas: Positive | None = None
    resources: Resources | None = None


class JetStream(Model):
    """Whether publishing is durable, and in which JetStream domain."""

    enabled: Boolean = True
    domain: Text | None = None


class Transport(Model):
    """Where messages are published. Which settings belong to which type is checked apart, with better words."""

    type: Literal["nats", "mqtt", "aeron", "chronicle", "memory"]
    url: Url | None = None
    credentials: Text | None = None
    jetstream: JetStream | None = None
    stream: Text | None = None
    subject_prefix: Text | None = None
    aeron: dict[str, Text] = Field(default_factory=dict)
    chronicle: dict[str, Text] = Field(default_factory=dict)


class Buckets(Model):
    """One bucket for what the exchange sent, one for normalized records."""

    raw: Text
    normalized: Text | None = None


class Storage(Model):
    """Where files end."""

    type: Literal["local", "s3", "memory"]
    path: Text | None = None
    sync: Literal["batch", "interval", "none"] | None = None
    sync_interval_ms: Positive | None = None
    compression: Literal["none", "zstd"] | None = None
    size: Size | None = None
    storage_class: Text | None = None
    endpoint: Url | None = None
    region: Text | None = None
    bucket: Text | None = None
    buckets: Buckets | None = None
    prefix: Text | None = None
    credentials: Text | None = None


class Cache(Model):
    """Fast look-ups of hot data."""

    type: Literal["redis", "memory", "none"]
    url: Url | None = None
    max_connections: Positive | None = None
    max_size: Size | None = None
    credentials: Text | None = None


class Journal(Model):
    """The append-only log of what happened."""

    type: Literal["nats", "file", "chronicle", "memory"]
    url: Url | None = None
    credentials: Text | None = None
    path: Text | None = None
    topics: dict[str, Text] = Field(default_factory=dict)
    chronicle: dict[str, Text] = Field(default_factory=dict)


class Middleware(Model):
    """What the capture stands on."""

    transport: Transport
    storage: Storage
    cache: Cache | None = None
    journal: Journal | None = None


class Alert(Model):
    """A word on one built-in alert: off, or another threshold, delay or severity."""

    enabled: Boolean = True
    threshold: Number | None = None
    for_: Text | None = Field(default=None, alias="for", pattern=r"^[1-9][0-9]{0,5}[smhd]$")
    severity: Literal["info", "warning", "critical"] | None = None


class Environment(Model):
    """One capture. Shards, keys and alerts are maps by name."""

    name: str
    description: Text | None = None
    namespace: Name | None = None
    keys: dict[Name, Key] = Field(default_factory=dict, max_length=MOST)
    feed: Text
    schemas: tuple[Text, ...] = Field(default=(), max_length=MOST)
    schedule: Schedule | None = None
    symbols: tuple[Text, ...] = ()
    sync: SymbolSync | None = Field(default=None, alias="symbols\0")  # base.SECOND_FORM
    shards: dict[Name, Shard] = Field(default_factory=dict, max_length=MOST)
    middleware: Middleware
    connector: Component = Component()
    archiver: Component | None = None
    gateway: Component | None = None
    alerts: dict[Identifier, Alert] = Field(default_factory=dict, max_length=MOST)
