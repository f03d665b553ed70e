"""SSMD902: a component asks for more than its limit.

Kubernetes refuses such a pod, and only when it is applied.

FAIL environments/dev.yaml
    spec: {connector: {resources: {requests: {memory: 512Mi}, limits: {memory: 256Mi}}}}

PASS environments/dev.yaml
    spec: {connector: {resources: {requests: {memory: 256Mi}, limits: {memory: 512Mi}}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model.sizes import bytes_of, cores_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD902"
ALLOWABLE = True


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    for workload in lowered.workloads:
        path = ("shards", workload.shard, "resources") if workload.shard else (workload.component, "resources")
        at = lowered.linked.bound.span(*path)
        pairs = [
            (
                "memory",
                workload.memory,
                workload.memory_limit,
                bytes_of(workload.memory) > bytes_of(workload.memory_limit),
            )
        ]
        if workload.cpu_limit is not None:
            above = cores_of(workload.cpu) > cores_of(workload.cpu_limit)
            pairs.append(("cpu", workload.cpu, workload.cpu_limit, above))
        for resource, request, limit, above in pairs:
            if above:
                message = f"{workload.name} asks for {request} of {resource}, and its limit is {limit}"
                yield error(CODE, message, at=at, help="raise the limit, or ask for less")
