"""Traces <-> bytes. An environment's part of the lock is not stored twice: it is read from the lock itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ssmd_compiler.record import replace
from ssmd_compiler.units import Compiled, Proven, Trace, Traces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ssmd_compiler.lock import Group

__all__ = ["packed", "restored"]


class _Stored(msgspec.Struct, array_like=True):
    world: str
    environments: tuple[Compiled, ...]
    families: tuple[Proven, ...]


def packed(traces: Traces) -> bytes:
    """All traces of one compilation, which were made in one world."""
    units = [trace.unit for trace in traces.values()]
    world = next((trace.world for trace in traces.values()), "")
    environments = tuple(replace(unit, group=None) for unit in units if isinstance(unit, Compiled))
    families = tuple(unit for unit in units if isinstance(unit, Proven))
    return msgspec.msgpack.encode(_Stored(world, environments, families))


def restored(content: bytes, groups: Mapping[str, Group]) -> dict[str, Trace]:
    """The traces in `content`; of environments, those whose outputs stand in `groups`."""
    try:
        stored = msgspec.msgpack.decode(content, type=_Stored)
    except (msgspec.MsgspecError, ValueError):
        return {}
    found = {unit.path: Trace(stored.world, unit) for unit in stored.families}
    for unit in stored.environments:
        if (group := groups.get(unit.name)) is not None:
            found[unit.path] = Trace(stored.world, replace(unit, group=group))
    return found
