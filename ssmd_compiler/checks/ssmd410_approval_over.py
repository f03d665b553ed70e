"""SSMD410: the approval of breaking changes has ended, or approves nothing.

`approved_until` names the last day on which a version may be incompatible with those that it should read. After it the
breaks count again: an error while something cannot be read, a warning while code alone must change. An approval of a
version that breaks nothing, or nothing any more, is a warning, so that it silences nothing later on.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
      - version: v2
        effective_from: 2025-06-01
        schema_file: trade.v2.capnp
        hash: sha256:242f203acc8bb4024a6a28b750be7b50a43d0995ccd482bdb5421473b1a31cb7
        breaking_changes: {reason: trades are recorded from scratch, approved_until: 2025-12-31}
AND schemas/trade.v2.capnp (as is)
    @0xabcdef1234567890;
    struct Trade { timestamp @0 :UInt64; }

PASS schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
      - version: v2
        effective_from: 2025-06-01
        schema_file: trade.v2.capnp
        hash: sha256:242f203acc8bb4024a6a28b750be7b50a43d0995ccd482bdb5421473b1a31cb7
        breaking_changes: {reason: trades are recorded from scratch, approved_until: 2030-12-31}
AND schemas/trade.v2.capnp (as is)
    @0xabcdef1234567890;
    struct Trade { timestamp @0 :UInt64; }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.versions import drafted, places, reader
from ssmd_compiler.diagnostics import Diagnostic, error, warning
from ssmd_compiler.evolution import Approval, approval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage
    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.evolution import Step

CODE = "SSMD410"
ALLOWABLE = True
_MOST_PLACES = 6


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    schema = stage.schema.value
    for index, version in enumerate(schema.versions):
        approved = approval(version, stage.as_of)
        if approved not in (Approval.RUNNING, Approval.ENDED) or stage.unknown(index):
            continue
        at = stage.schema.span("versions", index, "breaking_changes", "approved_until")
        steps = [step for step in stage.steps if step.version == index]
        if not any(step.breaks for step in steps):
            message = f"`{version.version}` breaks nothing that could be approved"
            yield warning(CODE, message, at=at, help="remove `approved_until`; a reason alone may stay")
        elif approved is Approval.ENDED:
            yield _ended(stage, steps, at)


def _ended(stage: SchemaStage, steps: list[Step], at: Span) -> Diagnostic:
    version, _, _ = reader(stage, steps[0])
    told = [(step, broken) for step in steps for broken in (*step.wire, *step.source)]
    serious = any(step.wire and not drafted(stage, step) for step in steps)
    first = told[0]
    count = "a break" if len(told) == 1 else f"{len(told)} breaks"
    message = f"the approval of {count} of `{version}` has ended: `{first[1].subject}` {first[1].said}"
    related = tuple(place for step, broken in told for place in places(stage, step, broken))[:_MOST_PLACES]
    help_ = f"`ssmd schema compat {stage.schema.value.name}` lists them; mend them, or approve them anew"
    tell = error if serious else warning
    return tell(CODE, message, at=at, label=first[1].rule.name, related=related, help=help_)
