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
from ssmd_compiler.diagnostics.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ssmd_compiler.checks.stages import FeedStage
    from ssmd_compiler.link import LinkedEnvironment, SchemaUse

CODE = "SSMD204"


def check(stage: LinkedEnvironment | FeedStage) -> Iterator[Diagnostic]:
    for use in schema_uses_of(stage):
        if use.version_name is None:
            sound = use.schema is not None and use.schema.sound
            versions = [version.version for version in use.schema.value.versions] if use.schema and sound else []
            # Which version is meant is certain while there is one.
            fix = added(use.span, use.text, f":{versions[0]}") if len(versions) == 1 else ()
            yield error(CODE, f"`{use.text}` names no version", at=use.span, help=_help(use, versions), fix=fix)


def _help(use: SchemaUse, versions: Sequence[str]) -> str:
    """What to say: the newest version there is or, where nobody can know it, the form."""
    if versions:
        return f"say `{use.name}:{versions[-1]}`"
    if use.schema is not None:
        return f"say `{use.name}:` and one of its versions"
    meant = did_you_mean(use.name, use.known)
    return f"no schema has that name either{f': {meant}' if meant else ', and one is named as `name:version`'}"
