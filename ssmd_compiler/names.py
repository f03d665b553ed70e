"""Every derived name, computed here and nowhere else.

Streams, subjects, consumers, Secrets, Services, ports, paths, labels: two components that spell one name apart lose
data in silence, so nothing else in this project builds one. Lengths and collisions are judged in `checks`, not here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from ssmd_compiler.model import Environment, Settings

__all__ = ["HTTP_PORT", "LIMITS", "Derived", "Names"]

HTTP_PORT: Final = 8080
SPEC_FOLDER: Final = "/etc/ssmd"
# Beside the spec's folder, not in it: a container runtime cannot mount inside of a read-only mount.
KEYS_FOLDER: Final = "/etc/ssmd-keys"
SPOOL_FOLDER: Final = "/var/lib/ssmd/spool"
COLLECTOR: Final = "connector"

LIMITS: Final = {
    "CronJob": 52,
    "ConfigMap": 253,
    "Deployment": 63,
    "PersistentVolumeClaim": 63,
    "Secret": 253,
    "Service": 63,
    "ServiceAccount": 63,
    "volume": 63,
    "label": 63,
    "stream": 63,
    "consumer": 63,
    "subject": 255,
}
"""Characters that Kubernetes (as DNS labels, or the 11 that a CronJob keeps for its Jobs) and NATS allow."""


class Derived(Record, frozen=True):
    """One derived name, the kind of thing it names, and the path in the environment that it mostly comes from."""

    kind: str
    name: str
    origin: tuple[str, ...] = ()


class Names(Record, frozen=True):
    """The names of one environment."""

    environment: str
    feed: str
    namespace: str
    subject_prefix: str
    stream: str

    @classmethod
    def of(cls, name: str, environment: Environment, settings: Settings) -> Names:
        transport = environment.middleware.transport
        return cls(
            environment=name,
            feed=environment.feed,
            namespace=environment.namespace or settings.namespace,
            subject_prefix=transport.subject_prefix or name,
            stream=transport.stream or f"ssmd-{name}",
        )

    def workload(self, component: str, shard: str | None = None) -> str:
        """A Deployment, and what belongs to just that one."""
        return f"{self.environment}-{component}" + (f"-{shard}" if shard else "")

    @property
    def service_account(self) -> str:
        return self.environment

    @property
    def day_account(self) -> str:
        return f"{self.environment}-day"

    def cronjob(self, moment: str) -> str:
        return f"{self.environment}-day-{moment}"

    @property
    def configmap(self) -> str:
        return f"{self.environment}-spec"

    def spec_file(self, shard: str | None) -> str:
        """The spec's file name: in `generated/`, in the ConfigMap, and as mounted."""
        return f"spec-{shard}.json" if shard else "spec.json"

    def spec_path(self, shard: str | None) -> str:
        return f"{SPEC_FOLDER}/{self.spec_file(shard)}"

    def volume_claim(self, shard: str | None) -> str:
        return f"{self.environment}-data" + (f"-{shard}" if shard else "")

    def secret(self, key: str, said: str | None = None) -> str:
        """The Secret of a key: the one its source names, or else `<env>-<key>`."""
        return said or f"{self.environment}-{key}"

    def key_folder(self, key: str) -> str:
        return f"{KEYS_FOLDER}/{key}"

    def key_volume(self, key: str) -> str:
        return f"key-{key}"

    def variable(self, key: str, field: str) -> str:
        """The environment variable of a key's field, where the source is plain `env`."""
        return re.sub(r"[^A-Z0-9]", "_", f"SSMD_{key}_{field}".upper())

    @property
    def stream_subjects(self) -> tuple[str, ...]:
        return (f"{self.subject_prefix}.>",)

    def raw_subject(self, message_type: str) -> str:
        return f"{self.subject_prefix}.raw.{message_type}"

    @property
    def raw_subjects(self) -> str:
        """What matches every raw subject, and no dead letter."""
        return self.raw_subject(">")

    @property
    def dead_letter_subject(self) -> str:
        return f"{self.subject_prefix}.dlq.{COLLECTOR}"

    def consumer(self, component: str) -> str:
        return f"{self.environment}-{component}"

    def file_stem(self, shard: str | None) -> str:
        """The name of a trading day's file, without its ending."""
        return f"{self.feed}-{shard}" if shard else self.feed

    @property
    def application(self) -> str:
        return self.environment

    def labels(
        self, component: str | None = None, shard: str | None = None, version: str | None = None
    ) -> dict[str, str]:
        """Kubernetes' recommended labels, and the shard."""
        labels = {"app.kubernetes.io/name": "ssmd", "app.kubernetes.io/instance": self.environment}
        if version:
            labels["app.kubernetes.io/version"] = version
        if component:
            labels["app.kubernetes.io/component"] = component
        labels["app.kubernetes.io/part-of"] = "ssmd"
        labels["app.kubernetes.io/managed-by"] = "ssmd"
        if shard:
            labels["ssmd.dev/shard"] = shard
        return labels

    def selector(self, component: str | None = None, shard: str | None = None) -> dict[str, str]:
        """The labels that pick this environment's pods; these never change in a pod's life."""
        labels = {"app.kubernetes.io/name": "ssmd", "app.kubernetes.io/instance": self.environment}
        if component:
            labels["app.kubernetes.io/component"] = component
        if shard:
            labels["ssmd.dev/shard"] = shard
        return labels
