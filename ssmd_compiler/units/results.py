"""What becomes of a unit: of an environment `Compiled`, of a feed or a schema `Proven`. The cache keeps both."""

# ruff: noqa: TC001 -- the cache reads what fields are

from __future__ import annotations

from ssmd_compiler import policy
from ssmd_compiler.checks import Claims
from ssmd_compiler.diagnostics import Diagnostic
from ssmd_compiler.emit import Output
from ssmd_compiler.lock import Group
from ssmd_compiler.record import Record
from ssmd_compiler.source import Allowance

__all__ = ["Compiled", "Offer", "Proven"]

Offer = tuple[str, str, tuple[str, ...]]
"""What a feed or a schema has for use: a version (of a feed, its own name), whether it is `latest`, `current` or
`other` (a draft, deprecated, still to come), and the versions that it reads as well."""


class Compiled(Record, frozen=True):
    """One environment's part of a compilation."""

    path: str
    name: str
    sha256: str | None
    inputs: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    answers: tuple[tuple[str, str, str], ...] = ()
    """What it asked of other documents and was told: kind, name, digest."""
    group: Group | None = None
    """Its part of the lock: which outputs it has."""
    claims: Claims | None = None
    namespace: str | None = None
    outputs: tuple[Output, ...] = ()
    """Empty when it is remembered from an earlier compilation."""
    proven: bool = False
    """Whether all of its manifests were proven, and not just those of own templates."""
    allowances: tuple[Allowance, ...] = ()
    uses: tuple[str, ...] = ()
    """What it uses, each as its kind and its name: see `usage`."""
    failing: tuple[policy.Fault, ...] = ()
    """The rules of the workspace that fail on it."""


class Proven(Record, frozen=True):
    """A feed or a schema: its findings, and (of a schema) the definition files that it names."""

    path: str
    sha256: str | None
    diagnostics: tuple[Diagnostic, ...]
    answers: tuple[tuple[str, str, str], ...] = ()
    definitions: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    uses: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    """What it uses of others and has for others: see `usage`."""
