"""An environment as rules see it: variables of stable, documented shapes; docs/policy.md shows `SHAPE` as a table.

Sizes are bytes, CPU is cores, moments are text that CEL's `timestamp()` reads. What is not set is not there, so that
`has()` asks for it. Keys are here without any value, because nothing that is compiled has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ssmd_compiler.alerts import ALERTS
from ssmd_compiler.keys import parse_source
from ssmd_compiler.model.environment import Alert
from ssmd_compiler.model.sizes import bytes_of, cores_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered, Workload
    from ssmd_compiler.model import Environment

__all__ = ["SHAPE", "VARIABLES", "Wanted", "view"]

SHAPE: Final[Mapping[str, tuple[str, str]]] = {
    "as_of": ("text", "the date that is compiled for, as `timestamp()` reads it"),
    "env.name": ("text", "the environment"),
    "env.namespace": ("text", "its Kubernetes namespace"),
    "env.description?": ("text", "what it is for"),
    "env.labels{}": ("text", "`metadata.labels` of its document, by name"),
    "env.feed": ("text", "its feed"),
    "env.schemas[]": ("text", "its schemas, as `trade:v1`"),
    "env.symbols[]": ("text", "its symbols, where they are a list"),
    "env.sync?.categories[]": ("text", "categories of instruments that are found at run time"),
    "env.sync?.close_within_hours?": ("int", "only instruments that close so soon"),
    "env.sync?.games_only": ("bool", "only instruments of single games"),
    "env.schedule?.timezone": ("text", "the time zone of the trading day"),
    "env.schedule?.day_start": ("text", "when it starts, as `09:30`"),
    "env.schedule?.day_end": ("text", "when it ends"),
    "env.schedule?.auto_roll": ("bool", "whether both run without a person"),
    "env.shards{}.symbols[]": ("text", "by shard: the symbols that it takes by name"),
    "env.shards{}.category?": ("text", "the category that it takes"),
    "env.shards{}.prefix?": ("text", "the prefix that it takes"),
    "env.keys{}.type": ("text", "by key: what it is for"),
    "env.keys{}.required": ("bool", "whether the capture cannot start without it"),
    "env.keys{}.fields[]": ("text", "the names of its parts"),
    "env.keys{}.rotation_days?": ("int", "days after which it should be replaced"),
    "env.keys{}.source": ("text", "where it comes from: `env`, `file`, `sealed-secret`, `vault`"),
    "env.alerts{}.enabled": ("bool", "by built-in alert: whether it is on"),
    "env.alerts{}.threshold": ("double", "when it fires"),
    "env.alerts{}.for_seconds": ("int", "for how long it must hold"),
    "env.alerts{}.severity": ("text", "`info`, `warning`, `critical`"),
    "feed.name": ("text", "the feed"),
    "feed.display_name?": ("text", "what people call it"),
    "feed.type": ("text", "`websocket`, `rest`, `multicast`"),
    "feed.status": ("text", "`active`, `deprecated`"),
    "feed.version": ("text", "the version in force"),
    "feed.effective_from": ("text", "since when"),
    "feed.effective_to?": ("text", "until when, where that is said"),
    "feed.transport": ("text", "how bytes travel: `wss`, `https`, ..."),
    "feed.message": ("text", "what they spell: `json`, ..."),
    "feed.endpoint": ("text", "where it connects to"),
    "feed.auth_method": ("text", "`api_key`, `oauth`, `mtls`, `none`"),
    "feed.rate_limit_per_second?": ("int", "requests that the exchange allows"),
    "feed.max_symbols_per_connection?": ("int", "symbols that one connection takes"),
    "feed.message_types[]": ("text", "its message types"),
    "feed.calendar.timezone": ("text", "the exchange's time zone"),
    "feed.calendar.open_time?": ("text", "when it opens"),
    "feed.calendar.close_time?": ("text", "when it closes"),
    "feed.calendar.holiday_calendar?": ("text", "`us_equity`, `crypto_247`, `custom`"),
    "schemas[].name": ("text", "each schema that the environment names"),
    "schemas[].version": ("text", "the version that it names"),
    "schemas[].status": ("text", "`active`, `deprecated`"),
    "schemas[].format": ("text", "`capnp`, `protobuf`, `json_schema`"),
    "schemas[].effective_from": ("text", "since when that version is in effect"),
    "workloads[].component": ("text", "each Deployment: `connector`, `archiver`, `gateway`"),
    "workloads[].shard?": ("text", "the shard that it captures"),
    "workloads[].name": ("text", "the Deployment's name"),
    "workloads[].image": ("text", "its image, with tag or digest"),
    "workloads[].version": ("text", "the version that it states"),
    "workloads[].replicas": ("int", "pods"),
    "workloads[].cpu": ("double", "cores that it asks for"),
    "workloads[].cpu_limit?": ("double", "cores that it may use"),
    "workloads[].memory": ("int", "bytes that it asks for"),
    "workloads[].memory_limit": ("int", "bytes that it may use"),
    "workloads[].volume.folder": ("text", "where its files live"),
    "workloads[].volume.claim?": ("text", "the claim that outlasts the pod; without one files end with it"),
    "workloads[].volume.size": ("int", "bytes of the volume"),
    "workloads[].volume.storage_class?": ("text", "its storage class"),
    "names.stream": ("text", "the JetStream stream"),
    "names.subject_prefix": ("text", "what every subject starts with"),
    "names.subjects[]": ("text", "what the environment publishes to"),
    "names.consumers[]": ("text", "its durable consumers"),
    "names.configmap": ("text", "the ConfigMap that holds the specs"),
    "names.service_account": ("text", "the ServiceAccount"),
    "spec": ("map", "the collector spec, as in `generated/ENV/spec.json`; of shards without an archiver, the first's"),
    "specs[]": ("map", "all of them: one for each shard, and the whole where something reads the archive"),
}
"""Path -> type and meaning. `?` may be absent; `[]` are items of a list, `{}` values by name."""

VARIABLES: Final = tuple(dict.fromkeys(path.partition(".")[0].rstrip("?[]{}") for path in SHAPE))


Wanted = Mapping[str, frozenset[str] | None]
"""The variables that rules ask for, and of each the fields, or None for all."""


def view(lowered: Lowered, wanted: Wanted) -> dict[str, Any]:
    """The variables that rules ask for, of one environment; of `env` and `spec`, not more than the fields."""
    return {name: _MAKERS[name](lowered, fields) for name, fields in wanted.items()}


def _env(lowered: Lowered, fields: frozenset[str] | None) -> dict[str, Any]:
    environment = lowered.linked.environment
    return _said(
        **{name: make(lowered, environment) for name, make in _ENVIRONMENT.items() if fields is None or name in fields}
    )


_ENVIRONMENT: Final[Mapping[str, Callable[[Lowered, Environment], Any]]] = {
    "name": lambda lowered, _: lowered.names.environment,
    "namespace": lambda lowered, _: lowered.names.namespace,
    "description": lambda _, environment: environment.description,
    "labels": lambda lowered, _: _labels(lowered.linked.bound.document.data),
    "feed": lambda _, environment: environment.feed,
    "schemas": lambda _, environment: list(environment.schemas),
    "symbols": lambda _, environment: list(environment.symbols),
    "sync": lambda _, environment: _sync(environment),
    "schedule": lambda _, environment: environment.schedule.model_dump() if environment.schedule else None,
    "shards": lambda _, environment: {name: _shard(shard.selector) for name, shard in environment.shards.items()},
    "keys": lambda _, environment: {name: _key(key) for name, key in environment.keys.items()},
    "alerts": lambda _, environment: dict(_alerts(environment)),
}


def _labels(document: Any) -> dict[str, str]:
    metadata = document.get("metadata") if isinstance(document, dict) and "spec" in document else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return {key: str(value) for key, value in labels.items() if isinstance(value, str)} if labels else {}


def _sync(environment: Environment) -> dict[str, Any] | None:
    sync = environment.sync
    if sync is None or not sync.sync:
        return None
    return _said(
        categories=[each.category for each in sync.filters],
        close_within_hours=sync.close_within_hours,
        games_only=sync.games_only,
    )


def _shard(selector: Any) -> dict[str, Any]:
    return _said(symbols=list(selector.symbols), category=selector.category, prefix=selector.prefix)


def _key(key: Any) -> dict[str, Any]:
    source = parse_source(key.source)
    return _said(
        type=key.type,
        required=key.required,
        fields=list(key.fields),
        rotation_days=key.rotation_days,
        source=source.scheme if source else None,
    )


def _alerts(environment: Environment) -> Iterator[tuple[str, dict[str, Any]]]:
    for rule in ALERTS:
        said = environment.alerts.get(rule.name) or _UNSAID
        yield (
            rule.name,
            {
                "enabled": said.enabled,
                "threshold": float(rule.threshold if said.threshold is None else said.threshold),
                "for_seconds": _seconds(said.for_ or rule.for_),
                "severity": said.severity or rule.severity,
            },
        )


_UNSAID: Final = Alert.unsaid()


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[duration[-1]]


def _feed(lowered: Lowered) -> dict[str, Any]:
    feed, version = lowered.linked.sound_feed, lowered.linked.version
    assert feed is not None  # noqa: S101 -- what is lowered has both
    assert version is not None  # noqa: S101
    return _said(
        name=feed.name,
        display_name=feed.display_name,
        type=feed.type,
        status=feed.status,
        version=version.version,
        effective_from=_moment(version.effective_from),
        effective_to=_moment(version.effective_to) if version.effective_to else None,
        transport=version.protocol.transport,
        message=version.protocol.message,
        endpoint=version.endpoint,
        auth_method=version.auth_method,
        rate_limit_per_second=version.rate_limit_per_second,
        max_symbols_per_connection=version.max_symbols_per_connection,
        message_types=list(feed.message_types),
        calendar=_said(
            timezone=feed.calendar.timezone,
            open_time=feed.calendar.open_time,
            close_time=feed.calendar.close_time,
            holiday_calendar=feed.calendar.holiday_calendar,
        ),
    )


def _schemas(lowered: Lowered) -> list[dict[str, Any]]:
    return [
        {
            "name": use.name,
            "version": use.version.version,
            "status": use.version.status,
            "format": use.schema.value.format,
            "effective_from": _moment(use.version.effective_from),
        }
        for use in lowered.linked.schemas
        if use.schema is not None and use.version is not None
    ]


def _workload(workload: Workload) -> dict[str, Any]:
    volume = workload.volume
    return _said(
        component=workload.component,
        shard=workload.shard,
        name=workload.name,
        image=workload.image,
        version=workload.version,
        replicas=workload.replicas,
        cpu=cores_of(workload.cpu),
        cpu_limit=cores_of(workload.cpu_limit) if workload.cpu_limit else None,
        memory=bytes_of(workload.memory),
        memory_limit=bytes_of(workload.memory_limit),
        volume=_said(
            folder=volume.folder, claim=volume.claim, size=bytes_of(volume.size), storage_class=volume.storage_class
        ),
    )


def _names(lowered: Lowered) -> dict[str, Any]:
    names = lowered.names
    return {
        "stream": names.stream,
        "subject_prefix": names.subject_prefix,
        "subjects": list(lowered.produces),
        "consumers": [consumer.name for consumer in lowered.consumers],
        "configmap": names.configmap,
        "service_account": names.service_account,
    }


def _specs(lowered: Lowered) -> list[Any]:
    return [_present(msgspec.to_builtins(spec)) for spec in lowered.specs.values()]


def _spec(lowered: Lowered, fields: frozenset[str] | None) -> Any:
    whole = lowered.specs.get(lowered.names.spec_file(None)) or next(iter(lowered.specs.values()))
    if fields is None:
        return _present(msgspec.to_builtins(whole))
    return _present({name: msgspec.to_builtins(getattr(whole, name, None)) for name in fields})


def _present(value: Any) -> Any:
    """A spec without what is null in it."""
    if isinstance(value, dict):
        return {key: _present(each) for key, each in value.items() if each is not None}
    return [_present(each) for each in value] if isinstance(value, list | tuple) else value


def _said(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _moment(date: datetime.date) -> str:
    return f"{date.isoformat()}T00:00:00Z"


_MAKERS: Final[Mapping[str, Callable[[Lowered, frozenset[str] | None], Any]]] = {
    "as_of": lambda lowered, _: _moment(lowered.linked.shared.as_of),
    "env": _env,
    "feed": lambda lowered, _: _feed(lowered),
    "schemas": lambda lowered, _: _schemas(lowered),
    "workloads": lambda lowered, _: [_workload(workload) for workload in lowered.workloads],
    "names": lambda lowered, _: _names(lowered),
    "spec": _spec,
    "specs": lambda lowered, _: _specs(lowered),
}
