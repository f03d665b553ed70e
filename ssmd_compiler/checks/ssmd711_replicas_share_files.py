"""SSMD711: replicas of one collector or archiver would write into each other's files.

Each replica of a Deployment is the same program with the same names: of its files, of its volume, of its objects in a
bucket. A second one is refused by the first one's lock, or overwrites what it has stored. Several collectors share the
symbols as `shards`, each with names of its own.

FAIL environments/dev.yaml
    spec: {connector: {replicas: 2}}

PASS environments/dev.yaml
    spec: {connector: {replicas: 2}, middleware: {storage: {type: memory, path: null}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.names import COLLECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD711"
_WRITERS = {
    COLLECTOR: "say `replicas: 1`; to spread the symbols over several collectors, use `shards`",
    "archiver": "say `replicas: 1`",
}


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    linked = lowered.linked
    if linked.environment.middleware.storage.type == "memory":
        return
    for workload in lowered.workloads:
        if workload.replicas > 1 and workload.component in _WRITERS:
            shard = linked.environment.shards.get(workload.shard) if workload.shard else None
            at = ("shards", workload.shard) if shard is not None and shard.replicas else (workload.component,)
            message = f"the {workload.replicas} replicas of `{workload.name}` would write into each other's files"
            yield error(CODE, message, at=linked.bound.span(*at, "replicas"), help=_WRITERS[workload.component])
