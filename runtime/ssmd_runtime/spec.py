"""CollectorSpec: all that one collector needs, computed; the runtime executes it and derives nothing.

The contract between compiler and runtime: the compiler builds these types, the runtime reads them. JSON, with
`apiVersion: ssmd.collector/v1`. Within a major version fields are only added, and a reader ignores those it does not
know; a newer major version is refused. No field ever holds a secret: keys say where the runtime finds one.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

__all__ = [
    "API_VERSION",
    "LEAST_BUFFER",
    "LEAST_PING",
    "LEAST_ROTATION",
    "LEAST_WATCHDOG",
    "MOST_NUMBER",
    "Auth",
    "Buffer",
    "Cache",
    "CircuitBreaker",
    "CollectorSpec",
    "Discovery",
    "FeedRef",
    "FieldSource",
    "Http",
    "JetStreamSettings",
    "Journal",
    "KeySpec",
    "Limits",
    "Liveness",
    "MessageTypeSpec",
    "Protocol",
    "Provenance",
    "Retry",
    "Rotation",
    "SequenceScope",
    "SpecError",
    "Storage",
    "Subjects",
    "Subscriptions",
    "TimestampFormat",
    "Transport",
    "decode",
    "encode",
]

API_VERSION: Final = "ssmd.collector/v1"

# Bounds, of which the compiler and the runtime's preflight both ask: what the one lets through the other executes.
LEAST_BUFFER: Final = 65_536
"""Bytes: one large frame."""
LEAST_PING: Final = 1
"""Seconds: more often, and it is no sign of life any more but a load."""
LEAST_ROTATION: Final = 4_096
"""Bytes: a page; smaller files are all names."""
LEAST_WATCHDOG: Final = 10
"""Seconds: the event loop comes by every five."""
MOST_NUMBER: Final = 2**31 - 1
"""Of seconds, milliseconds and attempts: what every timer of the system holds."""

TimestampFormat = Literal["unix_seconds", "epoch_millis", "epoch_nanos", "iso8601", "pipeline"]
SequenceScope = Literal["per_subscription", "per_product", "per_connection"]


class SpecError(ValueError):
    """A spec that this runtime cannot execute; the message is one line for a person."""


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Immutable; every field is always written, so that two specs differ only where they mean something else."""


class FeedRef(_Struct, frozen=True, kw_only=True):
    """The feed, the version of it in force, and the protocol module that speaks it."""

    name: str
    display_name: str
    type: Literal["websocket", "rest", "multicast"]
    version: str
    exchange: str


class Protocol(_Struct, frozen=True, kw_only=True):
    """How bytes travel and what they spell."""

    transport: str
    message: str


class FieldSource(_Struct, frozen=True, kw_only=True):
    """Where the runtime finds one field of a key: exactly one of an environment variable, a file, a Vault path."""

    env: str | None = None
    file: str | None = None
    vault: str | None = None


class KeySpec(_Struct, frozen=True, kw_only=True):
    """One key: its fields' sources, never their values; resolved only where another field of the spec names it.

    `rotation_days` and `expires` (a date) feed the expiry metric.
    """

    name: str
    type: str
    required: bool
    fields: dict[str, FieldSource]
    secret: str | None = None
    rotation_days: int | None = None
    expires: str | None = None


class Auth(_Struct, frozen=True, kw_only=True):
    """How to authenticate at the exchange, and with which key."""

    method: Literal["api_key", "oauth", "mtls", "none"]
    key: str | None = None


class Limits(_Struct, frozen=True, kw_only=True):
    """The exchange's limits: symbols a connection, requests a second."""

    max_symbols_per_connection: int | None = None
    rate_limit_per_second: int | None = None


class Discovery(_Struct, frozen=True, kw_only=True):
    """Instruments to find at run time: categories (empty: all), closing horizon in hours."""

    categories: tuple[str, ...] = ()
    prefix: str | None = None
    close_within_hours: int | None = None
    games_only: bool = False


class Subscriptions(_Struct, frozen=True, kw_only=True):
    """What to ask the exchange for. Neither instruments nor discovery: what it sends unasked."""

    channels: tuple[str, ...]
    instruments: tuple[str, ...]
    discovery: Discovery | None
    limits: Limits


class MessageTypeSpec(_Struct, frozen=True, kw_only=True):
    """How to read one type of frame; the fields are dotted paths inside of it."""

    identifier_field: str | None
    timestamp_field: str | None
    timestamp_format: str
    sequenced: bool
    sequence_field: str | None
    sequence_scope: str | None
    sequence_group_by: str | None
    fanout: bool
    schema: str | None


class JetStreamSettings(_Struct, frozen=True, kw_only=True):
    """Durable publishing: the domain, if any."""

    enabled: bool
    domain: str | None = None


class Transport(_Struct, frozen=True, kw_only=True):
    """Where messages are published; `key` names the key with the credentials."""

    type: str
    url: str | None = None
    key: str | None = None
    jetstream: JetStreamSettings | None = None
    settings: dict[str, str] = {}


class Subjects(_Struct, frozen=True, kw_only=True):
    """Every name on the broker, computed: stream, what it captures, subject by message type, consumer by component."""

    stream: str | None
    stream_subjects: tuple[str, ...]
    raw: dict[str, str]
    dead_letter: str
    consumers: dict[str, str] = {}


class Storage(_Struct, frozen=True, kw_only=True):
    """Where files end. Local path or buckets; `sync` is the durability mode, its interval in milliseconds."""

    type: Literal["local", "s3", "memory"]
    path: str
    sync: Literal["batch", "interval", "none"]
    sync_interval_ms: int
    compression: Literal["none", "zstd"]
    file_stem: str
    endpoint: str | None = None
    region: str | None = None
    raw_bucket: str | None = None
    normalized_bucket: str | None = None
    prefix: str | None = None
    key: str | None = None


class Cache(_Struct, frozen=True, kw_only=True):
    """Fast look-ups; sizes in bytes."""

    type: Literal["redis", "memory", "none"]
    url: str | None = None
    max_connections: int | None = None
    max_bytes: int | None = None
    key: str | None = None


class Journal(_Struct, frozen=True, kw_only=True):
    """The append-only log of what happened."""

    type: str
    url: str | None = None
    path: str | None = None
    topics: dict[str, str] = {}
    key: str | None = None


class Liveness(_Struct, frozen=True, kw_only=True):
    """Clocks, in seconds: pinging, silence on the line, a stuck process."""

    ping_seconds: int
    stale_seconds: int
    watchdog_seconds: int


class Retry(_Struct, frozen=True, kw_only=True):
    """Exponential backoff: milliseconds, and jitter as a fraction of the delay."""

    max_attempts: int
    initial_delay_ms: int
    max_delay_ms: int
    multiplier: float
    jitter: float


class CircuitBreaker(_Struct, frozen=True, kw_only=True):
    """Opens after failures, tries again after seconds, closes after successes."""

    failure_threshold: int
    success_threshold: int
    timeout_seconds: int


class Buffer(_Struct, frozen=True, kw_only=True):
    """Bytes in memory above which reading is paused."""

    max_bytes: int


class Rotation(_Struct, frozen=True, kw_only=True):
    """When a file is sealed: at its size in bytes, and at each change of the trading day in `timezone`."""

    max_bytes: int
    timezone: str
    day_start: str | None = None
    day_end: str | None = None


class Http(_Struct, frozen=True, kw_only=True):
    """The port of /health, /ready and /metrics."""

    port: int


class Provenance(_Struct, frozen=True, kw_only=True):
    """What this was compiled from: the digest of its inputs, the compiler, and the commit where one is known."""

    compiler: str
    inputs_sha256: str
    git_commit: str | None = None


class CollectorSpec(_Struct, frozen=True, kw_only=True):
    """One collector's work: one environment, or one shard of it.

    `as_of` is the first date for which the tree compiles to this spec, `as_of_until` the first for which it no longer
    does, where that is known: any date between gives the same spec.
    """

    api_version: str = msgspec.field(name="apiVersion", default=API_VERSION)
    environment: str
    shard: str | None
    feed: FeedRef
    as_of: str
    as_of_until: str | None
    endpoint: str
    protocol: Protocol
    auth: Auth
    keys: tuple[KeySpec, ...]
    subscriptions: Subscriptions
    message_types: dict[str, MessageTypeSpec]
    schemas: dict[str, str]
    transport: Transport
    subjects: Subjects
    storage: Storage
    cache: Cache
    journal: Journal
    liveness: Liveness
    on_disconnect: Literal["exit", "reconnect"]
    retry: Retry
    circuit_breaker: CircuitBreaker
    buffer: Buffer
    rotation: Rotation
    http: Http
    parser_config: dict[str, Any]
    provenance: Provenance


class _Version(msgspec.Struct):
    api_version: str = msgspec.field(name="apiVersion", default="")


_DECODER = msgspec.json.Decoder(CollectorSpec)
_VERSION = re.compile(r"ssmd\.collector/v([0-9]{1,6})")


def encode(spec: CollectorSpec) -> bytes:
    """The spec as indented JSON with a final newline; equal specs give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n"


def decode(content: bytes) -> CollectorSpec:
    """The spec in `content`. Raises `SpecError`, in one line, for another version or anything malformed."""
    try:
        said = msgspec.json.decode(content, type=_Version).api_version
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise SpecError(f"this is not a collector spec: {problem}") from None
    version = _VERSION.fullmatch(said)
    if version is None:
        raise SpecError(f"this is not a collector spec: apiVersion is not {API_VERSION}")
    if int(version[1]) > 1:
        raise SpecError(f"this spec is v{version[1]}, newer than this runtime reads (v1): update ssmd-runtime")
    if int(version[1]) < 1:
        raise SpecError(f"this spec is v{version[1]}, which no runtime reads any more: compile it again")
    try:
        return _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise SpecError(f"this collector spec is malformed: {problem}") from None
