"""Workspaces that ask for everything, for next to nothing, and for the longest names; and what they compile to."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import yaml
from examples import base_files, write

from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.generated import FOLDER
from ssmd_compiler.lock import FILE
from ssmd_compiler.source import MemoryTree

if TYPE_CHECKING:
    from pathlib import Path

DATE = datetime.date(2026, 11, 21)
SETTINGS = "namespace: capture\nrepository: {url: 'https://example.com/capture.git', revision: main, path: generated}\n"

FEED = """\
name: kalshi
display_name: Kalshi
type: websocket
versions:
  - version: v2
    effective_from: 2025-01-01
    protocol: {transport: wss, message: json}
    endpoint: wss://exchange.example/ws
    auth_method: api_key
    rate_limit_per_second: 10
    max_symbols_per_connection: 256
    parser_config: {exchange: kalshi, channels: [trade, ticker]}
calendar: {timezone: America/New_York, open_time: "09:30", close_time: "16:00", holiday_calendar: us_equity}
message_types:
  trade:
    identifier_field: msg.ticker
    timestamp_field: msg.ts
    timestamp_format: unix_seconds
    sequenced: true
    sequence_field: seq
    sequence_scope: per_subscription
    sequence_group_by: sid
    schema: trade:v1
  ticker: {identifier_field: msg.ticker, timestamp_format: pipeline, fanout: true}
"""

RICH = """\
name: rich
feed: kalshi
schemas: [trade:v1]
keys:
  kalshi: {type: api_key, fields: [api_key, api_secret], rotation_days: 90}
  nats: {type: transport, fields: [username, password], source: "sealed-secret/nats-of-everybody"}
  s3: {type: storage, fields: [access_key, secret_key], source: "env:S3_ACCESS,S3_SECRET"}
  redis: {type: database, fields: [password], source: env, required: false}
  postgres: {type: database, fields: [dsn], source: "vault:secret/data/postgres"}
  pager: {type: webhook, fields: [url], source: "file:/run/secrets/pager"}
schedule: {timezone: America/New_York, day_start: "09:25", day_end: "16:05"}
symbols: [KXBTC-1, KXBTC-2, KXETH-1, INXD-1]
shards:
  crypto: {selector: {symbols: [KXBTC-1, KXBTC-2, KXETH-1]}, replicas: 1}
  rest: {selector: {prefix: INXD}, resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1, memory: 128Mi}}}
middleware:
  transport:
    type: nats
    url: nats://nats.example:4222
    credentials: $key:nats
    jetstream: {enabled: true, domain: hub}
    stream: rich
    subject_prefix: rich
  storage:
    type: s3
    endpoint: https://objects.example:9000
    region: eu-north-1
    buckets: {raw: raw, normalized: normalized}
    credentials: $key:s3
    compression: zstd
  cache: {type: redis, url: "redis://redis.example:6379", max_connections: 10, credentials: $key:redis}
  journal: {type: nats, url: "nats://nats.example:4222", credentials: $key:nats, topics: {audit: rich.audit}}
connector:
  credentials: $key:kalshi
  version: 1.2.3
  resources: {requests: {cpu: 250m, memory: 128MiB}, limits: {cpu: 500m, memory: 1GiB}}
  buffer: {max_bytes: 64MiB}
  rotation: {max_bytes: 100MB}
  retry: {max_attempts: 7, initial_delay_ms: 50, max_delay_ms: 9000, multiplier: 1.5, jitter: 0.2}
  circuit_breaker: {failure_threshold: 3, success_threshold: 1, timeout_seconds: 5}
  liveness: {ping_seconds: 10, stale_seconds: 30, watchdog_seconds: 60}
  on_disconnect: reconnect
archiver: {image: "registry.example/ssmd:2", replicas: 1, rotation: {max_bytes: 1GiB}}
gateway: {image: "registry.example/ssmd@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", replicas: 3}
alerts:
  ConnectorHighLag: {threshold: 2.5, for: 5m, severity: critical}
  HighErrorRate: {enabled: false}
"""

LOCAL = """\
name: local
feed: kalshi
keys: {kalshi: {type: api_key, fields: [api_key]}}
schedule: {day_start: "00:10", day_end: "00:00", auto_roll: false}
symbols: {sync: true, filters: [{category: crypto}, {category: sports}], close_within_hours: 48, games_only: true}
shards:
  crypto: {selector: {category: crypto}}
  sports: {selector: {category: sports}}
transport: {type: mqtt, url: "mqtt://broker.example:1883"}
storage: {type: local, path: /var/lib/ssmd/storage, size: 100GB, storage_class: fast, sync: batch, sync_interval_ms: 50}
cache: {type: memory, max_size: 64MiB}
journal: {type: file, path: /var/lib/ssmd/storage/journal}
"""

LONGEST_WITH_SCHEDULE = "e" * 42
"""A CronJob's name has 52 characters, and `-day-start` takes ten of them."""

LONGEST_KEY = "k" * 59
"""A volume's name has 63 characters, and `key-` takes four of them."""

LIMITS = f"""\
name: {LONGEST_WITH_SCHEDULE}
namespace: {"n" * 63}
feed: kalshi
keys:
  {LONGEST_KEY}: {{type: api_key, fields: [a], source: sealed-secret/{"s" * 253}}}
schedule: {{day_start: "00:10", day_end: "00:00"}}
symbols: [A]
shards:
  {"s" * 10}: {{selector: {{symbols: [A]}}}}
middleware:
  transport: {{type: nats, url: "nats://n:4222", stream: {"S" * 63}, subject_prefix: {"p" * 200}}}
  storage: {{type: local, path: /data}}
archiver: {{}}
gateway: {{}}
"""

MINIMAL = "environments/dev.yaml"

WORKSPACES: dict[str, dict[str, bytes]] = {
    "minimal": base_files(),
    "everything": base_files()
    | {
        "ssmd.yaml": SETTINGS.encode(),
        "exchanges/feeds/kalshi.yaml": FEED.encode(),
        "environments/rich.yaml": RICH.encode(),
        "environments/local.yaml": LOCAL.encode(),
    },
    "limits": base_files()
    | {
        "ssmd.yaml": SETTINGS.encode(),
        "exchanges/feeds/kalshi.yaml": FEED.encode(),
        f"environments/{LONGEST_WITH_SCHEDULE}.yaml": LIMITS.encode(),
    },
}


def changed(patch: dict[str, Any], path: str = MINIMAL, base: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """A workspace whose document at `path` has the fields of `patch`: mappings merge, anything else replaces."""
    files = WORKSPACES["minimal"] if base is None else base
    document = yaml.load(files[path], yaml.BaseLoader)
    _merge(document.get("spec", document), patch)
    return files | {path: yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True).encode()}


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


class _Plain(yaml.SafeDumper):
    """Text as a person would type it: plain where it can be, since a field, not a look, decides what it is."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


def compiled(files: dict[str, bytes], as_of: datetime.date = DATE) -> Compilation:
    return compile(MemoryTree(files), Options(as_of))


def sound(files: dict[str, bytes], as_of: datetime.date = DATE) -> Compilation:
    """The compilation of a workspace in which nothing may be wrong."""
    found = compiled(files, as_of)
    assert not [one for one in found.diagnostics if one.severity is Severity.ERROR], found.diagnostics
    return found


def generate(files: dict[str, bytes], root: Path) -> Path:
    """`generated/` of a workspace, written below `root`."""
    found = sound(files)
    write({**found.outputs, FILE: found.lock.encode()}, root / FOLDER)
    return root / FOLDER


def manifests(files: dict[str, bytes]) -> dict[str, Any]:
    """Every Kubernetes document of a workspace, read back, by path; a file's second one by its path and `#1`."""
    outputs = sound(files).outputs.items()
    return {
        f"{path}#{index}" if index else path: document
        for path, content in outputs
        if path.endswith(".yaml")
        for index, document in enumerate(yaml.safe_load_all(content))
    }
