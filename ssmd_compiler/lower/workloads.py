"""Deployments: image, resources, volume and Secrets of each component and shard."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from ssmd_runtime.spec import Provenance

from ssmd_compiler.lower import keys, quantities
from ssmd_compiler.lower.lowered import Volume, Workload
from ssmd_compiler.model.component import Resources
from ssmd_compiler.model.sizes import bytes_of, cores_of
from ssmd_compiler.names import COLLECTOR, SPOOL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ssmd_runtime.spec import CollectorSpec

    from ssmd_compiler.lower.facts import Facts
    from ssmd_compiler.model.component import Component
    from ssmd_compiler.model.environment import Shard

__all__ = ["workload"]

_VERBS: Final = {"connector": "run", "archiver": "archive", "gateway": "gateway"}
_DEFAULTS: Final = {
    "connector": ("250m", "128Mi", "256Mi"),
    "archiver": ("250m", "256Mi", "512Mi"),
    "gateway": ("250m", "128Mi", "512Mi"),
}
"""CPU and memory asked for, and the memory limit, where nobody says otherwise."""


def workload(
    facts: Facts, component: str, specs: Mapping[str, CollectorSpec], shard_name: str | None, shard: Shard | None
) -> Workload:
    settings, names = facts.component(component), facts.names
    resources = (shard.resources if shard else None) or settings.resources or Resources.unsaid()
    cpu, memory, memory_limit = _DEFAULTS[component]
    image, version = _image(facts, settings)
    spec_file = names.spec_file(shard_name)
    return Workload(
        component=component,
        shard=shard_name,
        name=names.workload(component, shard_name),
        image=image,
        version=version,
        replicas=(shard.replicas if shard else None) or settings.replicas or 1,
        cpu=quantities.cpu(resources.requests.cpu or _smaller(cpu, resources.limits.cpu, cores_of)),
        memory=quantities.size(resources.requests.memory or _smaller(memory, resources.limits.memory, bytes_of)),
        cpu_limit=quantities.cpu(resources.limits.cpu) if resources.limits.cpu else None,
        memory_limit=quantities.size(resources.limits.memory or _larger(resources.requests.memory, memory_limit)),
        arguments=(_VERBS[component], "--spec", names.spec_path(shard_name)),
        spec_file=spec_file,
        checksum=_executed_digest(specs[spec_file]),
        volume=_volume(facts, component, shard_name),
        secrets=tuple(keys.mounts(component, facts)),
        variables=tuple(keys.variables(component, facts)),
    )


def _image(facts: Facts, settings: Component) -> tuple[str, str]:
    """The image reference and the version it states; a tag or digest in the image's name is kept."""
    fallback = facts.linked.shared.settings.image
    image, version = settings.image or fallback.name, settings.version or fallback.version
    last = image.rpartition("/")[2]
    return (image, version) if "@" in last or ":" in last else (f"{image}:{version}", version)


def _volume(facts: Facts, component: str, shard: str | None) -> Volume:
    storage = facts.middleware.storage
    if component in ("connector", "archiver") and storage.type == "local":
        size, part = quantities.size(storage.size or "20Gi"), shard if component == COLLECTOR else component
        return Volume(storage.path or SPOOL_FOLDER, facts.names.volume_claim(part), size, storage.storage_class)
    return Volume(SPOOL_FOLDER, None, "2Gi", None)


def _smaller(default: str, limit: str | None, amount: Callable[[str], float]) -> str:
    """The default request, unless the limit is below it."""
    return limit if limit is not None and amount(limit) < amount(default) else default


def _larger(request: str | None, limit: str) -> str:
    """The default limit, unless the request is above it."""
    return request if request and bytes_of(request) > bytes_of(limit) else limit


def _executed_digest(spec: CollectorSpec) -> str:
    """A digest of what is executed: a comment, a newer compiler, or a version still to come rolls no pods."""
    nothing = Provenance(compiler="", inputs_sha256="")
    executed = msgspec.structs.replace(spec, provenance=nothing, as_of="", as_of_until=None)
    return hashlib.sha256(msgspec.json.encode(executed)).hexdigest()
