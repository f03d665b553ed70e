"""Transport, storage, cache and journal: as the runtime reads them, and what the environment touches through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ssmd_runtime import spec

from ssmd_compiler.lower import streams
from ssmd_compiler.lower.keys import name_of
from ssmd_compiler.model.sizes import bytes_of
from ssmd_compiler.names import SPOOL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower.facts import Facts

__all__ = ["cache", "egress_ports", "journal", "places", "published_subjects", "storage", "subjects", "transport"]

_PORTS: Final = {
    "http": 80,
    "https": 443,
    "mqtt": 1883,
    "mqtts": 8883,
    "nats": 4222,
    "redis": 6379,
    "rediss": 6379,
    "tls": 4222,
    "ws": 80,
    "wss": 443,
}
_VAULT_PORT: Final = 8200


def transport(facts: Facts) -> spec.Transport:
    said = facts.middleware.transport
    jetstream = None
    if said.type == "nats":
        enabled = said.jetstream is None or said.jetstream.enabled
        jetstream = spec.JetStreamSettings(enabled=enabled, domain=said.jetstream.domain if said.jetstream else None)
    return spec.Transport(
        type=said.type,
        url=said.url,
        key=name_of(said.credentials),
        jetstream=jetstream,
        settings={**said.aeron, **said.chronicle},
    )


def subjects(facts: Facts) -> spec.Subjects:
    names, durable = facts.names, facts.middleware.transport.type == "nats"
    return spec.Subjects(
        stream=names.stream if durable else None,
        stream_subjects=names.stream_subjects if durable else (),
        raw={kind: names.raw_subject(kind) for kind in facts.feed.message_types},
        dead_letter=names.dead_letter_subject,
        consumers={consumer.component: consumer.name for consumer in streams.consumers(facts)},
    )


def published_subjects(facts: Facts) -> tuple[str, ...]:
    """What this environment publishes to; a memory transport ends inside of the process."""
    if facts.middleware.transport.type == "memory":
        return ()
    raw = (facts.names.raw_subject(kind) for kind in facts.feed.message_types)
    return (*raw, facts.names.dead_letter_subject)


def storage(facts: Facts) -> spec.Storage:
    said = facts.middleware.storage
    raw, normalized = _buckets(facts)
    return spec.Storage(
        type=said.type,
        path=said.path if said.type == "local" and said.path else SPOOL_FOLDER,
        sync=said.sync or "interval",
        sync_interval_ms=said.sync_interval_ms or 200,
        compression=said.compression or "none",
        file_stem=facts.names.file_stem(None),
        endpoint=said.endpoint,
        region=said.region,
        raw_bucket=raw,
        normalized_bucket=normalized,
        prefix=_prefix(facts) if said.type == "s3" else None,
        key=name_of(said.credentials),
    )


def _buckets(facts: Facts) -> tuple[str | None, str | None]:
    said = facts.middleware.storage
    return (said.buckets.raw, said.buckets.normalized) if said.buckets is not None else (said.bucket, None)


def _prefix(facts: Facts) -> str:
    return facts.middleware.storage.prefix or facts.names.environment


def places(facts: Facts) -> Iterator[str]:
    """Where files end; two environments that share one overwrite each other."""
    said = facts.middleware.storage
    if said.type == "s3":
        for bucket in filter(None, _buckets(facts)):
            yield f"s3:{said.endpoint or ''}/{bucket}/{_prefix(facts)}"
    elif said.type == "local":
        for shard in facts.environment.shards or (None,):
            yield f"local:{(said.path or '').rstrip('/')}/{facts.names.file_stem(shard)}"


def cache(facts: Facts) -> spec.Cache:
    said = facts.middleware.cache
    if said is None:
        return spec.Cache(type="none")
    return spec.Cache(
        type=said.type,
        url=said.url,
        max_connections=said.max_connections,
        max_bytes=bytes_of(said.max_size) if said.max_size else None,
        key=name_of(said.credentials),
    )


def journal(facts: Facts) -> spec.Journal:
    said = facts.middleware.journal
    if said is None:
        return spec.Journal(type="memory")
    return spec.Journal(type=said.type, url=said.url, path=said.path, topics=said.topics, key=name_of(said.credentials))


def egress_ports(facts: Facts) -> tuple[int, ...]:
    """The TCP ports that this environment's pods must reach."""
    said = facts.middleware
    urls = [facts.version.endpoint, said.transport.url, said.storage.endpoint]
    urls += [layer.url for layer in (said.cache, said.journal) if layer is not None]
    ports = {_port(url) for url in urls if url}
    if said.storage.type == "s3" and said.storage.endpoint is None:
        ports.add(_PORTS["https"])
    if any(field.vault for key in facts.keys.values() for field in key.fields.values()):
        ports.add(_VAULT_PORT)
    return tuple(sorted(port for port in ports if port))


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
