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
from ssmd_compiler.diagnostics.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Environment

CODE = "SSMD705"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for path, what, shards in misplaced(linked.environment):
        at = linked.bound.span(*path)
        if shards:
            names = " and ".join(f"`{name}`" for name in shards)
            yield error(CODE, f"{what} falls in {names}", at=at, help="take it out of all but one")
        else:
            label = did_you_mean(_name(what), _taken_by_name(linked.environment, path))
            help_ = "add it to the `selector` of one"
            yield error(CODE, f"{what} falls in no shard", at=at, label=label, help=help_)


def _name(what: str) -> str:
    return what.split("`")[1]


def _taken_by_name(environment: Environment, path: tuple[str | int, ...]) -> list[str]:
    """The names among which a name that falls in no shard was meant to be."""
    selectors = [shard.selector for shard in environment.shards.values()]
    if path[0] == "shards":
        return list(environment.symbols)
    if path[-1] == "category":
        return [selector.category for selector in selectors if selector.category is not None]
    return [symbol for selector in selectors for symbol in selector.symbols]
