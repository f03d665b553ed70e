"""SSMD708: an environment or a shard has a name that `generated/` uses itself.

`generated/argocd/` and `generated/argocd/kustomization.yaml` hold what belongs to the whole workspace, and
`deployment-archiver.yaml` belongs to the archiver.

FAIL environments/argocd.yaml (as is)
    name: argocd
    feed: kalshi
    keys: {kalshi: {type: api_key, fields: [a], source: env}}
    middleware: {transport: {type: memory}, storage: {type: memory}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model.component import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD708"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    if linked.name in ("argocd", "kustomization"):
        at = linked.bound.document.span(("metadata", "name"))
        yield error(CODE, f"an environment cannot be named `{linked.name}`", at=at, help="rename it, and its file")
    for shard in linked.environment.shards:
        if shard in COMPONENTS:
            at = linked.bound.span("shards", shard, key=True)
            yield error(CODE, f"a shard cannot be named `{shard}`, as a component is", at=at, help="rename it")
