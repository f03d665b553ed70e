"""SSMD705: a symbol falls in no shard, or in several.

In none it is not captured; in several it is captured twice. Every symbol, or every category of a sync, belongs to
exactly one shard.

FAIL environments/dev.yaml
    spec: {symbols: [A, B], shards: {one: {selector: {symbols: [A]}}}}

PASS environments/dev.yaml
    spec: {symbols: [A, B], shards: {one: {selector: {symbols: [A]}}, two: {selector: {symbols: [B]}}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.shards import misplaced
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD705"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for path, what, shards in misplaced(linked.environment):
        at = linked.bound.span(*path)
        if shards:
            names = " and ".join(f"`{name}`" for name in shards)
            yield error(CODE, f"{what} falls in {names}", at=at, help="take it out of all but one")
        else:
            yield error(CODE, f"{what} falls in no shard", at=at, help="add it to the `selector` of one")
