"""What comes out of lowering: specs, workloads, names, and an environment's place in the topology."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.names import COLLECTOR, Derived, Names
from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_runtime.spec import CollectorSpec

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.lower.streams import Consumer, Stream

__all__ = ["Lowered", "SecretMount", "Variable", "Volume", "Workload"]


class SecretMount(Record, frozen=True):
    """A Secret, mounted as files at `folder`."""

    volume: str
    secret: str
    folder: str
    optional: bool


class Variable(Record, frozen=True):
    """An environment variable, taken from one key of a Secret."""

    name: str
    secret: str
    field: str
    optional: bool


class Volume(Record, frozen=True):
    """Where a workload's files live: a claim that outlasts the pod, or (no claim) the pod's own disk."""

    folder: str
    claim: str | None
    size: str
    storage_class: str | None


class Workload(Record, frozen=True):
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


class Lowered(Record, frozen=True):
    """One environment, ready to be spelled: specs by file name, workloads, names, and its place in the topology."""

    names: Names
    linked: LinkedEnvironment
    specs: dict[str, CollectorSpec]
    workloads: tuple[Workload, ...]
    egress_ports: tuple[int, ...]
    produces: tuple[str, ...]
    consumes: tuple[str, ...]
    stores: tuple[str, ...]
    stream: Stream | None = None
    consumers: tuple[Consumer, ...] = ()

    def derived(self) -> Iterator[Derived]:
        """Every name that Kubernetes or NATS will be asked to accept."""
        names, environment = self.names, self.linked.environment
        yield Derived("label", names.environment)
        yield Derived("ConfigMap", names.configmap)
        for workload in self.workloads:
            yield Derived("Deployment", workload.name, ("shards", workload.shard) if workload.shard else ())
            if workload.volume.claim:
                yield Derived("PersistentVolumeClaim", workload.volume.claim)
        # A ServiceAccount, a NetworkPolicy, a PodMonitor and a PrometheusRule have the environment's name.
        yield Derived("ServiceAccount", names.service_account)
        for component in dict.fromkeys(workload.component for workload in self.workloads):
            yield Derived("Service", names.workload(component), (component,) if component != COLLECTOR else ())
        if environment.schedule:
            yield Derived("CronJob", names.cronjob("start"), ("schedule",))
            yield Derived("CronJob", names.cronjob("end"), ("schedule",))
            yield Derived("ServiceAccount", names.day_account, ("schedule",))
        for key in environment.keys:
            yield Derived("Secret", names.secret(key), ("keys", key))
            yield Derived("volume", names.key_volume(key), ("keys", key))
        if environment.middleware.transport.type == "nats":
            at = ("middleware", "transport")
            yield Derived("stream", names.stream, (*at, "stream"))
            for subject in self.produces:
                yield Derived("subject", subject, (*at, "subject_prefix"))
            for consumer in self.consumers:
                yield Derived("consumer", consumer.name, (consumer.component,))
