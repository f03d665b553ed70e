"""Linked environment -> what the runtime executes, what Kubernetes runs, and who talks to whom.

Pure: no file system, no clock. Everything a later stage writes is decided here; emitters only spell it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec
from ssmd_runtime import spec as s

from ssmd_compiler.keys import parse_source
from ssmd_compiler.model.component import CircuitBreaker, Component, Liveness, Resources, Retry
from ssmd_compiler.model.scalars import bytes_of
from ssmd_compiler.names import COLLECTOR, HTTP_PORT, SPOOL_FOLDER, Derived, Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model.environment import Key, Shard
    from ssmd_compiler.model.feed import Feed, FeedVersion

__all__ = ["Lowered", "SecretMount", "Variable", "Volume", "Workload", "lower"]

M = TypeVar("M")
PORTS = {"wss": 443, "https": 443, "ws": 80, "http": 80, "nats": 4222, "tls": 4222, "redis": 6379, "rediss": 6379, "mqtt": 1883}
DEFAULT_RESOURCES = {
    "connector": ("250m", "128Mi", "256Mi"),
    "archiver": ("250m", "256Mi", "512Mi"),
    "gateway": ("250m", "128Mi", "512Mi"),
}


@dataclass(frozen=True, slots=True)
class SecretMount:
    """A Secret, mounted as files at `folder`."""

    volume: str
    secret: str
    folder: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable, taken from one key of a Secret."""

    name: str
    secret: str
    field: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """Where a workload's files live: a claim that outlasts the pod, or (no claim) the pod's own disk."""

    folder: str
    claim: str | None
    size: str
    storage_class: str | None


@dataclass(frozen=True, slots=True)
class Workload:
    """One Deployment."""

    component: str
    shard: str | None
    name: str
    image: str
    version: str
    replicas: int
    cpu: str
    memory: str
    cpu_limit: str | None
    memory_limit: str
    arguments: tuple[str, ...]
    spec_file: str
    checksum: str
    volume: Volume
    secrets: tuple[SecretMount, ...]
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Lowered:
    """One environment, ready to be spelled: specs by file name, workloads, names, and its place in the topology."""

    names: Names
    linked: LinkedEnvironment
    specs: dict[str, s.CollectorSpec]
    workloads: tuple[Workload, ...]
    egress_ports: tuple[int, ...]
    produces: tuple[str, ...]
    consumes: tuple[tuple[str, str], ...]
    stores: tuple[str, ...]

    def derived(self) -> Iterator[Derived]:
        """Every name that Kubernetes or NATS will be asked to accept."""
        names, environment = self.names, self.linked.environment
        yield Derived("label", names.environment)
        yield Derived("ConfigMap", names.configmap)
        for workload in self.workloads:
            yield Derived("Deployment", workload.name, ("shards", workload.shard) if workload.shard else ())
            if workload.volume.claim:
                yield Derived("PersistentVolumeClaim", workload.volume.claim)
        yield Derived("Service", names.workload(COLLECTOR))
        if environment.schedule:
            yield Derived("CronJob", names.cronjob("start"), ("schedule",))
            yield Derived("CronJob", names.cronjob("end"), ("schedule",))
        for key in environment.keys:
            yield Derived("Secret", names.secret(key), ("keys", key))
        if environment.middleware.transport.type == "nats":
            at = ("middleware", "transport")
            yield Derived("stream", names.stream, (*at, "stream"))
            for subject in self.produces:
                yield Derived("subject", subject, (*at, "subject_prefix"))
            for component, _ in self.consumes:
                yield Derived("consumer", names.consumer(component), (component,))


def lower(linked: LinkedEnvironment, feed: Feed, version: FeedVersion, *, inputs_sha256: str, compiler: str) -> Lowered:
    """What is executed, from one linked environment whose feed and version are known to be sound."""
    environment = linked.environment
    names = Names.of(linked.name, environment, linked.shared.settings)
    provenance = s.Provenance(compiler=compiler, inputs_sha256=inputs_sha256)
    lowering = _Lowering(linked, feed, version, names, provenance)
    shards: list[tuple[str | None, Shard | None]] = [*environment.shards.items()] or [(None, None)]
    specs = {names.spec_file(name): lowering.spec(name, shard) for name, shard in shards}
    readers = [name for name in ("archiver", "gateway") if getattr(environment, name) is not None]
    if readers:
        specs.setdefault(names.spec_file(None), lowering.spec(None, None))
    workloads = [lowering.workload(COLLECTOR, name, shard, specs[names.spec_file(name)]) for name, shard in shards]
    workloads += [lowering.workload(name, None, None, specs[names.spec_file(None)]) for name in readers]
    publishes = environment.middleware.transport.type != "memory"
    return Lowered(
        names=names,
        linked=linked,
        specs=specs,
        workloads=tuple(workloads),
        egress_ports=tuple(sorted(lowering.egress_ports())),
        produces=lowering.subjects() if publishes else (),
        consumes=tuple((name, f"{names.subject_prefix}.>") for name in readers),
        stores=tuple(lowering.places()),
    )


class _Lowering:
    """One environment's facts, side by side, while its specs and workloads are made from them."""

    def __init__(
        self, linked: LinkedEnvironment, feed: Feed, version: FeedVersion, names: Names, provenance: s.Provenance
    ) -> None:
        self.linked, self.feed, self.version, self.names = linked, feed, version, names
        self.environment = linked.environment
        self.provenance = provenance
        self.connector = self.component(COLLECTOR)
        self.keys = {name: self._key(name, key) for name, key in self.environment.keys.items()}

    def component(self, name: str) -> Component:
        """The environment's words on a component over the feed's defaults, field by field."""
        own: Component = getattr(self.environment, name) or Component()
        default: Component = getattr(self.feed.defaults, name)
        return default.model_copy(update={field: getattr(own, field) for field in own.model_fields_set})

    def spec(self, shard_name: str | None, shard: Shard | None) -> s.CollectorSpec:
        feed, version, connector = self.feed, self.version, self.connector
        since, until = self._window()
        return s.CollectorSpec(
            environment=self.linked.name,
            shard=shard_name,
            feed=s.FeedRef(
                name=feed.name,
                display_name=feed.display_name or feed.name,
                type=feed.type,
                version=version.version,
                exchange=str(version.parser_config.get("exchange", feed.name)),
            ),
            as_of=since,
            as_of_until=until,
            endpoint=version.endpoint,
            protocol=s.Protocol(transport=version.protocol.transport, message=version.protocol.message),
            auth=s.Auth(
                method=version.auth_method, key=self.linked.auth_key if version.auth_method != "none" else None
            ),
            keys=tuple(self.keys.values()),
            subscriptions=self._subscriptions(shard),
            message_types={name: _message_type(kind) for name, kind in feed.message_types.items()},
            schemas={use.name: use.version_name or "" for use in self.linked.schemas},
            transport=self._transport(),
            subjects=self._subjects(),
            storage=self._storage(shard_name),
            cache=self._cache(),
            journal=self._journal(),
            liveness=_as(s.Liveness, connector.liveness or Liveness()),
            on_disconnect=connector.on_disconnect or "exit",
            retry=_as(s.Retry, connector.retry or Retry()),
            circuit_breaker=_as(s.CircuitBreaker, connector.circuit_breaker or CircuitBreaker()),
            buffer=s.Buffer(max_bytes=bytes_of(connector.buffer.max_bytes if connector.buffer else "64MiB")),
            rotation=self._rotation(),
            http=s.Http(port=HTTP_PORT),
            parser_config=version.parser_config,
            provenance=self.provenance,
        )

    def _window(self) -> tuple[str, str | None]:
        """The dates between which the same versions are in force: the spec is the same on each of them."""
        as_of, version = self.linked.shared.as_of, self.version
        starts = [version.effective_from, *(use.version.effective_from for use in self.linked.schemas if use.version)]
        ends = [other.effective_from for other in self.feed.versions] + [
            version.effective_to or version.effective_from
        ]
        since = max((start for start in starts if start <= as_of), default=as_of)
        later = [] if self.feed.active else [end for end in ends if end > as_of]
        return since.isoformat(), min(later).isoformat() if later else None

    def _key(self, name: str, key: Key) -> s.KeySpec:
        source = parse_source(key.source)
        fields: dict[str, s.FieldSource] = {}
        secret = None
        for index, field in enumerate(key.fields):
            match source.scheme if source else "sealed-secret":
                case "env":
                    said = source.variables if source else ()
                    variable = said[index] if index < len(said) else self.names.variable(name, field)
                    fields[field] = s.FieldSource(env=variable)
                    secret = self.names.secret(name)
                case "vault":
                    fields[field] = s.FieldSource(vault=f"{source.location if source else ''}#{field}")
                case "file":
                    fields[field] = s.FieldSource(file=f"{source.location if source else ''}/{field}")
                case _:
                    fields[field] = s.FieldSource(file=f"{self.names.key_folder(name)}/{field}")
                    secret = self.names.secret(name, source.location if source else None)
        return s.KeySpec(
            name=name,
            type=key.type,
            required=key.required,
            fields=fields,
            secret=secret,
            rotation_days=key.rotation_days,
        )

    def _subscriptions(self, shard: Shard | None) -> s.Subscriptions:
        environment, version = self.environment, self.version
        channels = version.parser_config.get("channels")
        instruments = environment.symbols
        if shard is not None and environment.sync is None:
            instruments = tuple(symbol for symbol in instruments if _selects(shard, symbol))
        return s.Subscriptions(
            channels=tuple(map(str, channels)) if isinstance(channels, list) else tuple(self.feed.message_types),
            instruments=instruments,
            discovery=self._discovery(shard),
            limits=s.Limits(
                max_symbols_per_connection=version.max_symbols_per_connection,
                rate_limit_per_second=version.rate_limit_per_second,
            ),
        )

    def _discovery(self, shard: Shard | None) -> s.Discovery | None:
        sync = self.environment.sync
        if sync is None or not sync.sync:
            return None
        categories = tuple(filter_.category for filter_ in sync.filters)
        if shard is not None and shard.selector.category is not None:
            categories = (shard.selector.category,)
        return s.Discovery(
            categories=categories,
            prefix=shard.selector.prefix if shard is not None else None,
            close_within_hours=sync.close_within_hours,
            games_only=sync.games_only,
        )

    def _transport(self) -> s.Transport:
        transport = self.environment.middleware.transport
        jetstream = transport.jetstream
        enabled = transport.type == "nats" and (jetstream is None or jetstream.enabled)
        return s.Transport(
            type=transport.type,
            url=transport.url,
            key=_key_name(transport.credentials),
            jetstream=s.JetStreamSettings(enabled=enabled, domain=jetstream.domain if jetstream else None)
            if transport.type == "nats"
            else None,
            settings={**transport.aeron, **transport.chronicle},
        )

    def _subjects(self) -> s.Subjects:
        names, transport = self.names, self.environment.middleware.transport
        durable = transport.type == "nats"
        return s.Subjects(
            stream=names.stream if durable else None,
            stream_subjects=names.stream_subjects if durable else (),
            raw={kind: names.raw_subject(kind) for kind in self.feed.message_types},
            dead_letter=names.dead_letter_subject,
        )

    def subjects(self) -> tuple[str, ...]:
        """What this environment publishes to."""
        raw = tuple(self.names.raw_subject(kind) for kind in self.feed.message_types)
        return (*raw, self.names.dead_letter_subject)

    def _storage(self, shard: str | None) -> s.Storage:
        storage = self.environment.middleware.storage
        raw, normalized = self._buckets()
        return s.Storage(
            type=storage.type,
            path=storage.path if storage.type == "local" and storage.path else SPOOL_FOLDER,
            sync=storage.sync or "interval",
            sync_interval_ms=storage.sync_interval_ms or 200,
            compression=storage.compression or "none",
            file_stem=self.names.file_stem(shard),
            endpoint=storage.endpoint,
            region=storage.region,
            raw_bucket=raw,
            normalized_bucket=normalized,
            prefix=storage.prefix or (self.linked.name if storage.type == "s3" else None),
            key=_key_name(storage.credentials),
        )

    def _buckets(self) -> tuple[str | None, str | None]:
        storage = self.environment.middleware.storage
        if storage.buckets is not None:
            return storage.buckets.raw, storage.buckets.normalized
        return storage.bucket, None

    def places(self) -> Iterator[str]:
        """Where files end; two environments that share one overwrite each other."""
        storage = self.environment.middleware.storage
        if storage.type == "s3":
            for bucket in filter(None, self._buckets()):
                yield f"s3:{storage.endpoint or ''}/{bucket}/{storage.prefix or self.linked.name}"
        elif storage.type == "local":
            for shard in self.environment.shards or (None,):
                yield f"local:{storage.path}/{self.names.file_stem(shard)}"

    def _cache(self) -> s.Cache:
        cache = self.environment.middleware.cache
        if cache is None:
            return s.Cache(type="none")
        return s.Cache(
            type=cache.type,
            url=cache.url,
            max_connections=cache.max_connections,
            max_bytes=bytes_of(cache.max_size) if cache.max_size else None,
            key=_key_name(cache.credentials),
        )

    def _journal(self) -> s.Journal:
        journal = self.environment.middleware.journal
        if journal is None:
            return s.Journal(type="memory")
        return s.Journal(
            type=journal.type,
            url=journal.url,
            path=journal.path,
            topics=journal.topics,
            key=_key_name(journal.credentials),
        )

    def _rotation(self) -> s.Rotation:
        schedule, rotation = self.environment.schedule, self.connector.rotation
        return s.Rotation(
            max_bytes=bytes_of(rotation.max_bytes if rotation else "256MiB"),
            timezone=schedule.timezone if schedule else self.feed.calendar.timezone,
            day_start=schedule.day_start if schedule else None,
            day_end=schedule.day_end if schedule else None,
        )

    def workload(self, component: str, shard_name: str | None, shard: Shard | None, spec: s.CollectorSpec) -> Workload:
        settings = self.component(component)
        resources = (shard.resources if shard else None) or settings.resources or Resources()
        cpu, memory, memory_limit = DEFAULT_RESOURCES[component]
        image, version = self._image(settings)
        return Workload(
            component=component,
            shard=shard_name,
            name=self.names.workload(component, shard_name),
            image=image,
            version=version,
            replicas=(shard.replicas if shard else None) or settings.replicas or 1,
            cpu=resources.requests.cpu or cpu,
            memory=_quantity(resources.requests.memory or memory),
            cpu_limit=resources.limits.cpu,
            memory_limit=_quantity(resources.limits.memory or _larger(resources.requests.memory, memory_limit)),
            arguments=(
                {"connector": "run", "archiver": "archive", "gateway": "gateway"}[component],
                "--spec",
                self.names.spec_path(shard_name),
            ),
            spec_file=self.names.spec_file(shard_name),
            checksum=_executed_digest(spec),
            volume=self._volume(component, shard_name),
            secrets=tuple(self._secret_mounts()),
            variables=tuple(self._variables()),
        )

    def _image(self, settings: Component) -> tuple[str, str]:
        """The image reference and the version it states; a tag or digest in the image's name is kept."""
        fallback = self.linked.shared.settings.image
        image, version = settings.image or fallback.name, settings.version or fallback.version
        last = image.rpartition("/")[2]
        return (image, version) if "@" in last or ":" in last else (f"{image}:{version}", version)

    def _volume(self, component: str, shard: str | None) -> Volume:
        storage = self.environment.middleware.storage
        if component == COLLECTOR and storage.type == "local":
            size = _quantity(storage.size or "20Gi")
            return Volume(storage.path or SPOOL_FOLDER, self.names.volume_claim(shard), size, storage.storage_class)
        return Volume(SPOOL_FOLDER, None, "2Gi", None)

    def _secret_mounts(self) -> Iterator[SecretMount]:
        for name, key in self.environment.keys.items():
            source, spec = parse_source(key.source), self.keys[name]
            if spec.secret and source is not None and source.scheme == "sealed-secret":
                folder = self.names.key_folder(name)
                yield SecretMount(self.names.key_volume(name), spec.secret, folder, optional=not key.required)

    def _variables(self) -> Iterator[Variable]:
        for name, key in self.environment.keys.items():
            spec = self.keys[name]
            for field, source in spec.fields.items():
                if source.env and spec.secret:
                    yield Variable(source.env, spec.secret, field, optional=not key.required)

    def egress_ports(self) -> set[int]:
        """The TCP ports that this environment's pods must reach."""
        middleware = self.environment.middleware
        urls = [self.version.endpoint, middleware.transport.url, middleware.storage.endpoint]
        urls += [middleware.cache.url if middleware.cache else None, middleware.journal.url if middleware.journal else None]
        ports = {_port(url) for url in urls if url}
        if middleware.storage.type == "s3" and middleware.storage.endpoint is None:
            ports.add(443)
        if any((key.source or "").startswith("vault:") for key in self.environment.keys.values()):
            ports.add(8200)
        return {port for port in ports if port}


def _message_type(kind: object) -> s.MessageTypeSpec:
    fields = {name: getattr(kind, "schema_" if name == "schema" else name) for name in s.MessageTypeSpec.__struct_fields__}
    return s.MessageTypeSpec(**fields)


def _as(target: type[M], model: object) -> M:
    """The struct `target` with the fields of the same names of `model`."""
    fields = getattr(target, "__struct_fields__", ())
    return target(**{name: getattr(model, name) for name in fields})


def _selects(shard: Shard, symbol: str) -> bool:
    selector = shard.selector
    return symbol in selector.symbols or (selector.prefix is not None and symbol.startswith(selector.prefix))


def _key_name(reference: str | None) -> str | None:
    """`kalshi` of `$key:kalshi`."""
    return reference.removeprefix("$key:").partition(".")[0] if reference else None


def _quantity(size: str) -> str:
    """A size as Kubernetes writes it: `MiB` is `Mi`, `MB` is `M`."""
    return size.removesuffix("B") if size.endswith("iB") or size[-2:] in ("KB", "MB", "GB", "TB") else size


def _larger(request: str | None, limit: str) -> str:
    """The default limit, unless the request is above it."""
    return request if request and bytes_of(request) > bytes_of(limit) else limit


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None


def _executed_digest(spec: s.CollectorSpec) -> str:
    """A digest of what is executed: a comment in a source, or a newer compiler, rolls no pods."""
    executed = msgspec.structs.replace(spec, provenance=s.Provenance(compiler="", inputs_sha256=""))
    return hashlib.sha256(msgspec.json.encode(executed)).hexdigest()
