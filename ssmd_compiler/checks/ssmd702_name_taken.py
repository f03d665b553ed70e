"""SSMD702: two environments derive one name in one namespace.

The second to be applied would replace the first.

FAIL environments/dev-kalshi.yaml (as is)
    name: dev-kalshi
    feed: kalshi
    keys: {a: {type: api_key, fields: [a]}}
    middleware: {transport: {type: memory}, storage: {type: memory}}
AND environments/dev.yaml
    spec: {keys: {kalshi-a: {type: api_key, fields: [a]}}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Topology

CODE = "SSMD702"


def check(topology: Topology) -> Iterator[Diagnostic]:
    kinds = ("ConfigMap", "Deployment", "PersistentVolumeClaim", "Secret", "Service", "CronJob", "ServiceAccount")
    for claim, holder in topology.contested(*kinds):
        message = (
            f"the {claim.kind} `{claim.name}` in namespace `{claim.scope}` is also environment `{holder.environment}`'s"
        )
        related = (Related(holder.span, "from here too"),)
        yield error(
            CODE, message, at=claim.span, related=related, help="rename one, or give one a namespace of its own"
        )
