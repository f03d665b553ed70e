"""A trace: the result of a unit, and every answer that it was made from. While all answers are the same, it is true.

What a unit asks is noted where it asks (`link.Shared`), so that a dependency cannot be forgotten. A unit with an error
leaves no trace: it is compiled anew until it is mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Severity
from ssmd_compiler.record import Record, replace
from ssmd_compiler.units.results import Compiled, Proven

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_compiler.units.common import Common

__all__ = ["Trace", "Traces", "still_true", "trace"]


class Trace(Record, frozen=True):
    """A unit's result, and the world that it was made in."""

    world: str
    """Digest of what everything depends on: the compiler's version, the date, the settings, the own templates."""
    unit: Compiled | Proven


Traces = Mapping[str, Trace]
"""By the path of the unit's document."""


def trace(world: str, unit: Compiled | Proven) -> Trace | None:
    """What may be remembered of a unit."""
    if unit.sha256 is None or _fails(unit.diagnostics):
        return None
    if isinstance(unit, Compiled) and (unit.group is None or unit.failing):
        return None
    return Trace(world, replace(unit, outputs=()) if isinstance(unit, Compiled) else unit)


def still_true(known: Trace | None, path: str, common: Common) -> bool:
    """Whether compiling the document at `path` again would give what is `known`."""
    if known is None or known.world != common.world or known.unit.sha256 != common.digest(path):
        return False
    return all(common.answer((kind, name)) == answer for kind, name, answer in known.unit.answers)


def _fails(found: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in found)
