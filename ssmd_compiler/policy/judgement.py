"""What rules say: of an environment, and of themselves. What makes it is imported where there are rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.model import Bound, Settings

__all__ = ["Fault", "Judgement", "Part", "Verdict"]

Part = Literal["rule", "when", "message", "at", "name"]
"""The fields of a rule."""


class Fault(Record, frozen=True):
    """Why a rule cannot be used: which of its fields, where in that (from 1; 0: all of it), and what was meant."""

    rule: int
    part: Part
    reason: str
    line: int = 0
    column: int = 0
    length: int = 1
    label: str = ""
    environment: str | None = None


class Verdict(Record, frozen=True):
    """A rule that an environment does not keep, and what its message says of that."""

    rule: int
    message: str


class Judgement(Record, frozen=True):
    """What the rules say of one environment: what it does not keep, and which rules fail on it."""

    lowered: Lowered
    settings: Bound[Settings]
    verdicts: tuple[Verdict, ...]
    faults: tuple[Fault, ...] = ()
