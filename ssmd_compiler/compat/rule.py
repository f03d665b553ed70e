"""What compatibility is told in: rules with stable names and tiers, and breaks with a place in either definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ssmd_compiler.definitions import Format
    from ssmd_compiler.diagnostics import Span

__all__ = ["Break", "Rule", "Tier"]

Tier = Literal["wire", "source"]
"""wire: what was recorded can no longer be read, or reads as something else. source: code that reads it must change."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a version may fail to read another: what it means, what to do, and an example of it."""

    name: str
    format: Format
    tier: Tier
    means: str
    remedy: str
    old: str
    new: str
    """Two lines of a definition, of which the second breaks this rule for the first. Tests run them."""


@dataclass(frozen=True, slots=True)
class Break:
    """One rule broken: by what, and where that stands in the older and in the newer definition."""

    rule: Rule
    subject: str
    said: str
    old: Span | None
    new: Span | None

    @property
    def wire(self) -> bool:
        return self.rule.tier == "wire"
