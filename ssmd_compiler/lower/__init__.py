"""Lower: a linked environment -> what the runtime executes, what Kubernetes runs, and who talks to whom.

Pure: no file system, no clock. Everything that a later stage writes is decided here; emitters only spell it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.lower import keys, middleware, spec, streams, workloads
from ssmd_compiler.lower.facts import Facts
from ssmd_compiler.lower.lowered import Lowered, SecretMount, Variable, Volume, Workload
from ssmd_compiler.lower.streams import Consumer, Stream
from ssmd_compiler.names import COLLECTOR, Names

if TYPE_CHECKING:
    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Feed
    from ssmd_compiler.model.environment import Shard
    from ssmd_compiler.model.feed import FeedVersion

__all__ = ["Consumer", "Lowered", "SecretMount", "Stream", "Variable", "Volume", "Workload", "lower"]


def lower(linked: LinkedEnvironment, feed: Feed, version: FeedVersion, *, inputs_sha256: str, compiler: str) -> Lowered:
    """What is executed, from one linked environment whose feed and version are known to be sound."""
    environment = linked.environment
    names = Names.of(linked.name, environment, linked.shared.settings)
    facts = Facts(linked, feed, version, names, keys.specs(environment.keys, names), inputs_sha256, compiler)
    shards: list[tuple[str | None, Shard | None]] = [*environment.shards.items()] or [(None, None)]
    readers = [name for name in ("archiver", "gateway") if getattr(environment, name) is not None]
    specs = spec.collectors(facts, dict(shards) | ({None: None} if readers else {}))
    deployed = [workloads.workload(facts, COLLECTOR, specs, name, shard) for name, shard in shards]
    deployed += [workloads.workload(facts, name, specs, None, None) for name in readers]
    return Lowered(
        names=names,
        linked=linked,
        specs=specs,
        workloads=tuple(deployed),
        egress_ports=middleware.egress_ports(facts),
        produces=middleware.published_subjects(facts),
        consumes=tuple(readers),
        stores=tuple(middleware.places(facts)),
        stream=streams.stream(facts),
        consumers=tuple(streams.consumers(facts)),
    )
