"""Which settings belong to which type of middleware: the one table that checks and documentation read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.model import Environment

__all__ = ["ALLOWED", "NEEDED", "layers"]

ALLOWED: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("transport", "nats"): frozenset({"url", "credentials", "jetstream", "stream", "subject_prefix"}),
    ("transport", "mqtt"): frozenset({"url", "credentials", "subject_prefix"}),
    ("transport", "aeron"): frozenset({"aeron", "credentials", "subject_prefix"}),
    ("transport", "chronicle"): frozenset({"chronicle", "subject_prefix"}),
    ("transport", "memory"): frozenset(),
    ("storage", "local"): frozenset({"path", "sync", "sync_interval_ms", "compression", "size", "storage_class"}),
    ("storage", "s3"): frozenset(
        {"endpoint", "region", "bucket", "buckets", "prefix", "credentials", "sync", "sync_interval_ms", "compression"}
    ),
    ("storage", "memory"): frozenset(),
    ("cache", "redis"): frozenset({"url", "max_connections", "credentials"}),
    ("cache", "memory"): frozenset({"max_size"}),
    ("cache", "none"): frozenset(),
    ("journal", "nats"): frozenset({"url", "topics", "credentials"}),
    ("journal", "file"): frozenset({"path"}),
    ("journal", "chronicle"): frozenset({"chronicle"}),
    ("journal", "memory"): frozenset(),
}
"""Settings that each type reads."""

NEEDED: Final[dict[tuple[str, str], tuple[tuple[str, ...], ...]]] = {
    ("transport", "nats"): (("url",),),
    ("transport", "mqtt"): (("url",),),
    ("transport", "aeron"): (("aeron",),),
    ("transport", "chronicle"): (("chronicle",),),
    ("storage", "local"): (("path",),),
    ("storage", "s3"): (("bucket", "buckets"),),
    ("cache", "redis"): (("url",),),
    ("journal", "nats"): (("url",),),
    ("journal", "file"): (("path",),),
    ("journal", "chronicle"): (("chronicle",),),
}
"""Settings that each type cannot do without: of each group, at least one."""


def layers(environment: Environment) -> Iterator[tuple[str, Any]]:
    """The middleware that an environment says, by layer."""
    middleware = environment.middleware
    for layer in ("transport", "storage", "cache", "journal"):
        settings = getattr(middleware, layer)
        if settings is not None:
            yield layer, settings
