"""Which symbols fall in which shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.lower.spec import taker
from ssmd_compiler.model.base import SECOND_FORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.model import Environment
    from ssmd_compiler.model.environment import Shard

__all__ = ["misplaced"]


def misplaced(environment: Environment) -> Iterator[tuple[tuple[str | int, ...], str, tuple[str, ...]]]:
    """What does not fall in exactly one shard: where it is said, what it is, and the shards that take it."""
    shards = environment.shards
    if not shards:
        return
    takers = {name: taker(shard) for name, shard in shards.items()}
    for index, symbol in enumerate(environment.symbols):
        taking = tuple(name for name, takes in takers.items() if takes(symbol))
        if len(taking) != 1:
            yield ("symbols", index), f"symbol `{symbol}`", taking
    listed = set(environment.symbols)
    for name, shard in shards.items():
        for index, symbol in enumerate(shard.selector.symbols):
            if symbol not in listed and environment.sync is None:
                yield ("shards", name, "selector", "symbols", index), f"`{symbol}` is not among `symbols`, and", ()
    if environment.sync is not None:
        for index, filter_ in enumerate(environment.sync.filters):
            taking = tuple(name for name, shard in shards.items() if shard.selector.category == filter_.category)
            if len(taking) != 1 and not _by_prefix(shards):
                yield (f"symbols{SECOND_FORM}", "filters", index, "category"), f"category `{filter_.category}`", taking


def _by_prefix(shards: dict[str, Shard]) -> bool:
    return all(shard.selector.prefix is not None for shard in shards.values())
