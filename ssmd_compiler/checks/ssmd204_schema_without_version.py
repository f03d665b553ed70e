"""SSMD204: a schema is named without a version.

Which version is meant would change with time, and records could not be read back. Name it as `name:version`.

FAIL environments/dev.yaml
    spec: {schema: trade}

PASS environments/dev.yaml
    spec: {schema: "trade:v1"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import added
from ssmd_compiler.checks.wording import schema_uses_of
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import FeedStage
    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD204"


def check(stage: LinkedEnvironment | FeedStage) -> Iterator[Diagnostic]:
    for use in schema_uses_of(stage):
        if use.version_name is None:
            sound = use.schema is not None and use.schema.sound
            versions = [version.version for version in use.schema.value.versions] if use.schema and sound else []
            newest = versions[-1] if versions else "v1"
            # Which version is meant is certain while there is one.
            fix = added(use.span, use.text, f":{newest}") if len(versions) == 1 else ()
            yield error(CODE, f"`{use.text}` names no version", at=use.span, help=f"say `{use.name}:{newest}`", fix=fix)
