"""SSMD408: a schema version cannot read what a version that it should read has recorded.

A version reads those that it names in `compatible_with`; that is checked, not believed. If it names none, it reads the
version before it. What was recorded would be lost, or read as something else. Mend the definition as the help says, or
say in `breaking_changes` why it has to be: that is enough where `compatible_with` names nothing, and with
`approved_until` it silences this error up to that day. Nothing is recorded with a draft: there it is a warning.

`ssmd schema compat NAME` shows every rule that is broken; docs/schemas.md lists them all.

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
        compatible_with: [v1]
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
        breaking_changes: trades are recorded from scratch
AND schemas/trade.v2.capnp (as is)
    @0xabcdef1234567890;
    struct Trade { timestamp @0 :UInt64; }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.versions import places, reader, severity, unapproved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage
    from ssmd_compiler.diagnostics import Diagnostic

CODE = "SSMD408"
ALLOWABLE = True


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for step in unapproved(stage):
        new, old, at = reader(stage, step)
        tell = severity(stage, step)
        for broken in step.wire:
            message = f"`{new}` cannot read what `{old}` recorded: `{broken.subject}` {broken.said}"
            help_ = f"{broken.rule.remedy}; or say why in `breaking_changes`"
            related = places(stage, step, broken)
            yield tell(CODE, message, at=at, label=broken.rule.name, related=related, help=help_)
