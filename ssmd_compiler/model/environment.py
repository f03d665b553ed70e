"""Environment: one capture, as deployed: which feed, which keys, which middleware, how often, how large."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.component import Component, Resources
from ssmd_compiler.model.scalars import (
    Boolean,
    Copies,
    Duration,
    Identifier,
    KeySource,
    KeyUse,
    Name,
    Number,
    Positive,
    SchemaUse,
    Size,
    Subdomain,
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
    """What it is for."""
    description: Text | None = None
    """What a person should know to set it."""
    required: Boolean = True
    """Whether the capture cannot start without it."""
    fields: tuple[Identifier, ...] = ()
    """The names of its parts."""
    rotation_days: Positive | None = None
    """Days after which it should be replaced."""
    source: KeySource | None = None
    """Where it comes from: `env`, `env:VAR1,VAR2` (one a field), `sealed-secret/[namespace/]name`, `vault:path` or
    `file:directory`; by default the sealed secret `<environment>-<key>`."""


class Schedule(Model):
    """The trading day: when capture starts and ends, in `timezone`; `auto_roll` runs both without a person."""

    timezone: Timezone = "UTC"
    """The time zone of its times."""
    day_start: TimeOfDay
    """When capture starts."""
    day_end: TimeOfDay
    """When capture ends."""
    auto_roll: Boolean = True
    """Whether both run without a person."""


class SymbolFilter(Model):
    """Which instruments a sync takes."""

    category: Text
    """Instruments of this category."""


class SymbolSync(Model):
    """Instruments found at run time, from the exchange's list."""

    sync: Boolean
    """Whether to look."""
    filters: tuple[SymbolFilter, ...] = ()
    """Take what any of them takes; none: everything."""
    close_within_hours: Positive | None = None
    """Only instruments that close within so many hours."""
    games_only: Boolean = False
    """Only instruments on single games."""


class Selector(Model):
    """Which symbols a shard takes: by name, by category, or by prefix."""

    symbols: tuple[Text, ...] = ()
    """These."""
    category: Text | None = None
    """All of this category."""
    prefix: Text | None = None
    """All whose name starts with it."""


class Shard(Model):
    """A part of the symbols, captured by pods of its own."""

    selector: Selector
    """Which symbols it takes; every symbol falls in exactly one shard."""
    replicas: Positive | None = None
    """Pods."""
    resources: Resources | None = None
    """What its container asks for and may use."""


class JetStream(Model):
    """Whether publishing is durable, in which JetStream domain, and how much the servers keep, in how many copies."""

    enabled: Boolean = True
    """Whether publishing waits until it is durable."""
    domain: Text | None = None
    """The JetStream domain."""
    max_bytes: Size = "10GiB"
    """Bytes of the stream, with a unit, beyond which the oldest messages go."""
    replicas: Copies = 1
    """Servers that each keep a copy of the stream, from 1 to 5."""


class Transport(Model):
    """Where messages are published. Which settings belong to which type is checked apart, with better words."""

    type: Literal["nats", "mqtt", "aeron", "chronicle", "memory"]
    """The broker; `memory` stays within the process."""
    url: Url | None = None
    """Of `nats` and `mqtt`: where the broker is."""
    credentials: KeyUse | None = None
    """Of `nats` and `mqtt`: the key that opens it."""
    jetstream: JetStream | None = None
    """Of `nats`: how durable publishing is."""
    stream: Text | None = None
    """Of `nats`: the stream's name, by default made from the environment's."""
    subject_prefix: Text | None = None
    """Of `nats`: what every subject starts with, by default made from the environment's name."""
    aeron: dict[str, Text] = Field(default_factory=dict)
    """Of `aeron`: its settings."""
    chronicle: dict[str, Text] = Field(default_factory=dict)
    """Of `chronicle`: its settings."""


class Buckets(Model):
    """One bucket for what the exchange sent, one for normalized records."""

    raw: Text
    """For what the exchange sent."""
    normalized: Text | None = None
    """For normalized records."""


class Storage(Model):
    """Where files end."""

    type: Literal["local", "s3", "memory"]
    """`local` is a volume, `s3` an object store; `memory` keeps nothing."""
    path: Text | None = None
    """Of `local`: the folder, an absolute path."""
    sync: Literal["batch", "interval", "none"] | None = None
    """When a write is on the disk: with each batch, at an interval, or when the system likes."""
    sync_interval_ms: Positive | None = None
    """Milliseconds between two syncs of `sync: interval`."""
    compression: Literal["none", "zstd"] | None = None
    """How files are compressed."""
    size: Size | None = None
    """The volume's bytes, with a unit."""
    storage_class: Subdomain | None = None
    """The volume's Kubernetes storage class."""
    endpoint: Url | None = None
    """Of `s3`: the server's URL, where it is not AWS."""
    region: Text | None = None
    """Of `s3`: the region."""
    bucket: Text | None = None
    """Of `s3`: one bucket for everything."""
    buckets: Buckets | None = None
    """Of `s3`: a bucket for each kind of record."""
    prefix: Text | None = None
    """Of `s3`: what every object's name starts with."""
    credentials: KeyUse | None = None
    """Of `s3`: the key that opens it."""


class Cache(Model):
    """Fast look-ups of hot data."""

    type: Literal["redis", "memory", "none"]
    """`redis` is shared, `memory` each process's own."""
    url: Url | None = None
    """Of `redis`: where it is."""
    max_connections: Positive | None = None
    """Of `redis`: connections of one process."""
    max_size: Size | None = None
    """Of `memory`: bytes, with a unit."""
    credentials: KeyUse | None = None
    """Of `redis`: the key that opens it."""


class Journal(Model):
    """The append-only log of what happened."""

    type: Literal["nats", "file", "chronicle", "memory"]
    """Where it is kept."""
    url: Url | None = None
    """Of `nats`: where the broker is."""
    credentials: KeyUse | None = None
    """Of `nats`: the key that opens it."""
    path: Text | None = None
    """Of `file`: the folder, an absolute path."""
    topics: dict[str, Text] = Field(default_factory=dict)
    """Of `nats`: by kind of entry, its subject."""
    chronicle: dict[str, Text] = Field(default_factory=dict)
    """Of `chronicle`: its settings."""


class Middleware(Model):
    """What the capture stands on."""

    transport: Transport
    """Where messages are published."""
    storage: Storage
    """Where files end."""
    cache: Cache | None = None
    """Fast look-ups of hot data."""
    journal: Journal | None = None
    """The append-only log of what happened."""


class Alert(Model):
    """A word on one built-in alert: off, or another threshold, delay or severity."""

    enabled: Boolean = True
    """Whether it is there at all."""
    threshold: Number | None = None
    """The number that it compares with, in the unit of its metric."""
    for_: Duration | None = Field(default=None, alias="for")
    """How long it must hold before anybody is told."""
    severity: Literal["info", "warning", "critical"] | None = None
    """How bad it is."""


class Environment(Model):
    """One capture. Shards, keys and alerts are maps by name."""

    name: str
    description: Text | None = None
    """What it is for."""
    namespace: Name | None = None
    """The Kubernetes namespace; by default that of `ssmd.yaml`, or `ssmd`."""
    keys: dict[Name, Key] = Field(default_factory=dict, max_length=MOST)
    """By name: its secrets. `$key:NAME` and `$key:NAME.field` refer to them."""
    feed: Text
    """The feed's name."""
    schemas: tuple[SchemaUse, ...] = Field(default=(), max_length=MOST)
    """The normalized records, each as `name:version`."""
    schedule: Schedule | None = None
    """The trading day; without one it captures always."""
    symbols: tuple[Text, ...] = ()
    """The instruments by name, or how to find them."""
    sync: SymbolSync | None = Field(default=None, alias="symbols\0")  # base.SECOND_FORM
    """How to find them, in place of a list."""
    shards: dict[Name, Shard] = Field(default_factory=dict, max_length=MOST)
    """By name: parts of the symbols, captured by pods of their own."""
    middleware: Middleware
    """What the capture stands on."""
    connector: Component = Component.unsaid()
    """The program that talks to the exchange."""
    archiver: Component | None = None
    """The program that writes what was published to storage; deployed when it is said."""
    gateway: Component | None = None
    """The program that serves clients; deployed when it is said."""
    alerts: dict[Identifier, Alert] = Field(default_factory=dict, max_length=MOST)
    """By name: a word on one of the built-in alerts."""
