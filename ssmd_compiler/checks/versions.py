"""What the checks of schema versions share: the steps that stand unapproved, and how a break is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Related, error, warning
from ssmd_compiler.evolution import Approval, approval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ssmd_compiler.checks.stages import SchemaStage
    from ssmd_compiler.compat import Break
    from ssmd_compiler.diagnostics import Diagnostic, Span
    from ssmd_compiler.evolution import Step

__all__ = ["drafted", "places", "reader", "severity", "unapproved"]


def unapproved(stage: SchemaStage) -> Iterator[Step]:
    """The steps whose breaks nobody approved, now or ever; an approval that has ended is told as such."""
    for step in stage.steps:
        if approval(stage.schema.value.versions[step.version], stage.as_of) is Approval.NONE:
            yield step


def reader(stage: SchemaStage, step: Step) -> tuple[str, str, Span]:
    """The version that reads and the one that it reads, by name; and where it says so."""
    versions = stage.schema.value.versions
    said = ("version",) if step.claim is None else ("compatible_with", step.claim)
    span = stage.schema.span("versions", step.version, *said)
    return versions[step.version].version, versions[step.reads].version, span


def drafted(stage: SchemaStage, step: Step) -> bool:
    versions = stage.schema.value.versions
    return "draft" in (versions[step.version].status, versions[step.reads].status)


def severity(stage: SchemaStage, step: Step) -> Callable[..., Diagnostic]:
    """Nothing is recorded with a draft, so what it breaks is no error yet."""
    return warning if drafted(stage, step) else error


def places(stage: SchemaStage, step: Step, broken: Break) -> tuple[Related, ...]:
    """Where the definitions say what a break is about."""
    new, old, _ = reader(stage, step)
    found = ((broken.old, old), (broken.new, new))
    return tuple(Related(span, f"in `{version}`") for span, version in found if span is not None)
