"""The CollectorSpec of an environment, or of one shard of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace
from ssmd_runtime import spec

from ssmd_compiler.lower import middleware
from ssmd_compiler.model.component import Buffer, CircuitBreaker, Liveness, Retry, Rotation
from ssmd_compiler.model.sizes import bytes_of
from ssmd_compiler.names import COLLECTOR, HTTP_PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ssmd_compiler.lower.facts import Facts
    from ssmd_compiler.model.environment import Shard
    from ssmd_compiler.model.feed import MessageType

__all__ = ["collectors", "taker"]

Struct = TypeVar("Struct")


def collectors(facts: Facts, shards: Mapping[str | None, Shard | None]) -> dict[str, spec.CollectorSpec]:
    """The specs of the shards (None: of the whole environment) by file name."""
    whole = _whole(facts)
    return {
        facts.names.spec_file(name): _of_shard(whole, name, shard, facts) if name is not None else whole
        for name, shard in shards.items()
    }


def _of_shard(whole: spec.CollectorSpec, name: str, shard: Shard | None, facts: Facts) -> spec.CollectorSpec:
    """A shard's spec: it differs in what is subscribed to, and in the name of the files."""
    storage = replace(whole.storage, file_stem=facts.names.file_stem(name))
    return replace(whole, shard=name, subscriptions=_subscriptions(facts, shard), storage=storage)


def _whole(facts: Facts) -> spec.CollectorSpec:
    feed, version, connector = facts.feed, facts.version, facts.component(COLLECTOR)
    since, until = _window(facts)
    return spec.CollectorSpec(
        environment=facts.names.environment,
        shard=None,
        feed=spec.FeedRef(
            name=feed.name,
            display_name=feed.display_name or feed.name,
            type=feed.type,
            version=version.version,
            exchange=str(version.parser_config.get("exchange", feed.name)),
        ),
        as_of=since,
        as_of_until=until,
        endpoint=version.endpoint,
        protocol=spec.Protocol(transport=version.protocol.transport, message=version.protocol.message),
        auth=_auth(facts),
        keys=tuple(facts.keys.values()),
        subscriptions=_subscriptions(facts, None),
        message_types={name: _message_type(kind) for name, kind in feed.message_types.items()},
        schemas={use.name: use.version_name or "" for use in facts.linked.schemas},
        transport=middleware.transport(facts),
        subjects=middleware.subjects(facts),
        storage=middleware.storage(facts),
        cache=middleware.cache(facts),
        journal=middleware.journal(facts),
        liveness=_same_fields(spec.Liveness, connector.liveness or Liveness.unsaid()),
        on_disconnect=connector.on_disconnect or "exit",
        retry=_same_fields(spec.Retry, connector.retry or Retry.unsaid()),
        circuit_breaker=_same_fields(spec.CircuitBreaker, connector.circuit_breaker or CircuitBreaker.unsaid()),
        buffer=spec.Buffer(max_bytes=bytes_of((connector.buffer or Buffer.unsaid()).max_bytes)),
        rotation=_rotation(facts, connector.rotation or Rotation.unsaid()),
        http=spec.Http(port=HTTP_PORT),
        parser_config=version.parser_config,
        provenance=spec.Provenance(compiler=facts.compiler, inputs_sha256=facts.inputs_sha256),
    )


def _window(facts: Facts) -> tuple[str, str | None]:
    """The dates between which the same versions are in force: the spec is the same on each of them."""
    as_of, version = facts.linked.shared.as_of, facts.version
    starts = [version.effective_from]
    starts += [use.version.effective_from for use in facts.linked.schemas if use.version is not None]
    since = max((start for start in starts if start <= as_of), default=version.effective_from)
    if facts.feed.active is not None:
        return since.isoformat(), None
    ends = [other.effective_from for other in facts.feed.versions]
    ends += [version.effective_to] if version.effective_to is not None else []
    until = min((end for end in ends if end > as_of), default=None)
    return since.isoformat(), until.isoformat() if until is not None else None


def _auth(facts: Facts) -> spec.Auth:
    method = facts.version.auth_method
    return spec.Auth(method=method, key=facts.linked.auth_key if method != "none" else None)


def _subscriptions(facts: Facts, shard: Shard | None) -> spec.Subscriptions:
    environment, version = facts.environment, facts.version
    said = version.parser_config.get("channels")
    channels = [said] if isinstance(said, str) else said
    instruments = environment.symbols
    if shard is not None and environment.sync is None:
        instruments = tuple(filter(taker(shard), instruments))
    return spec.Subscriptions(
        channels=tuple(map(str, channels)) if isinstance(channels, list) else tuple(facts.feed.message_types),
        instruments=instruments,
        discovery=_discovery(facts, shard),
        limits=spec.Limits(
            max_symbols_per_connection=version.max_symbols_per_connection,
            rate_limit_per_second=version.rate_limit_per_second,
        ),
    )


def taker(shard: Shard) -> Callable[[str], bool]:
    """Says of a symbol whether it falls in a shard, by name or by prefix."""
    named, prefix = frozenset(shard.selector.symbols), shard.selector.prefix
    return lambda symbol: symbol in named or (prefix is not None and symbol.startswith(prefix))


def _discovery(facts: Facts, shard: Shard | None) -> spec.Discovery | None:
    sync = facts.environment.sync
    if sync is None or not sync.sync:
        return None
    categories = tuple(filter_.category for filter_ in sync.filters)
    if shard is not None and shard.selector.category is not None:
        categories = (shard.selector.category,)
    return spec.Discovery(
        categories=categories,
        prefix=shard.selector.prefix if shard is not None else None,
        close_within_hours=sync.close_within_hours,
        games_only=sync.games_only,
    )


def _message_type(kind: MessageType) -> spec.MessageTypeSpec:
    return spec.MessageTypeSpec(
        identifier_field=kind.identifier_field,
        timestamp_field=kind.timestamp_field,
        timestamp_format=kind.timestamp_format,
        sequenced=kind.sequenced,
        sequence_field=kind.sequence_field,
        sequence_scope=kind.sequence_scope,
        sequence_group_by=kind.sequence_group_by,
        fanout=kind.fanout,
        schema=kind.schema_,
    )


def _rotation(facts: Facts, rotation: Rotation) -> spec.Rotation:
    schedule = facts.environment.schedule
    return spec.Rotation(
        max_bytes=bytes_of(rotation.max_bytes),
        timezone=schedule.timezone if schedule else facts.feed.calendar.timezone,
        day_start=schedule.day_start if schedule else None,
        day_end=schedule.day_end if schedule else None,
    )


def _same_fields(struct: type[Struct], model: Any) -> Struct:
    """The struct with the fields of the same names of `model`."""
    fields: tuple[str, ...] = getattr(struct, "__struct_fields__", ())
    return struct(**{name: getattr(model, name) for name in fields})
