"""Which versions of a schema must read which, and whether they do: claims checked, approvals weighed against a date.

A version that names others in `compatible_with` must read those. One that names none must read the version before it,
unless `breaking_changes` says why not. Drafts record nothing, so nobody must read one without having said so.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator

    from ssmd_compiler.compat import Break
    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.model import Schema
    from ssmd_compiler.model.schema import SchemaVersion

    Definitions = Callable[[SchemaVersion], Parsed | None]

__all__ = ["Approval", "Step", "approval", "in_order", "must_read", "step", "steps"]


class Approval(enum.StrEnum):
    """What `breaking_changes` says of a version on a date."""

    NONE = "none"
    FOREVER = "forever"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """A version that reads another: which, by which claim, and what it breaks. Versions and claims are indices."""

    version: int
    reads: int
    claim: int | None
    breaks: tuple[Break, ...]

    @property
    def wire(self) -> tuple[Break, ...]:
        return tuple(one for one in self.breaks if one.wire)

    @property
    def source(self) -> tuple[Break, ...]:
        return tuple(one for one in self.breaks if not one.wire)


def steps(schema: Schema, definitions: Definitions) -> tuple[Step, ...]:
    """Every version beside each that it must read; where a definition is flawed or missing there is no step."""
    return tuple(
        found
        for index in range(len(schema.versions))
        for reads, claim in _reads(schema, index)
        if (found := step(schema, definitions, index, reads, claim)) is not None
    )


def step(schema: Schema, definitions: Definitions, version: int, reads: int, claim: int | None = None) -> Step | None:
    """One version beside another; None when one of their definitions declares nothing that could be compared."""
    new, old = definitions(schema.versions[version]), definitions(schema.versions[reads])
    if old is None or new is None or not (_known(old) and _known(new)):
        return None
    from ssmd_compiler.compat import compare  # most schemas have one version, and need no rules

    return Step(version, reads, claim, compare(old, new))


def approval(version: SchemaVersion, as_of: datetime.date) -> Approval:
    """Whether the breaks of a version are approved. A reason without an end speaks of the version before it alone."""
    said = version.breaking_changes
    if said is None:
        return Approval.NONE
    if said.approved_until is None:
        return Approval.NONE if version.compatible_with else Approval.FOREVER
    return Approval.RUNNING if said.approved_until >= as_of else Approval.ENDED


def in_order(schema: Schema) -> list[int]:
    """The versions by the day on which they take effect."""
    return sorted(range(len(schema.versions)), key=lambda index: schema.versions[index].effective_from)


def must_read(schema: Schema, index: int) -> bool:
    """Whether there is a version that this one must read."""
    return any(_reads(schema, index))


def _reads(schema: Schema, index: int) -> Iterator[tuple[int, int | None]]:
    version = schema.versions[index]
    names = [other.version for other in schema.versions]
    for claim, name in enumerate(version.compatible_with):
        if name in names and names.index(name) != index:
            yield names.index(name), claim
    if version.compatible_with or (version.breaking_changes and version.breaking_changes.approved_until is None):
        return
    order = in_order(schema)
    before = [one for one in order[: order.index(index)] if schema.versions[one].status != "draft"]
    if before:
        yield before[-1], None


def _known(parsed: Parsed) -> bool:
    return not parsed.flaws and (parsed.declared is not None or bool(parsed.undeclared))
