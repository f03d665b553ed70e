"""SSMD203: a schema has no such version.

FAIL environments/dev.yaml
    spec: {schema: "trade:v7"}

PASS environments/dev.yaml
    spec: {schema: "trade:v1"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed, schema_uses_of
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import FeedStage
    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD203"


def check(stage: LinkedEnvironment | FeedStage) -> Iterator[Diagnostic]:
    for use in schema_uses_of(stage):
        if use.schema is not None and use.schema.sound and use.version is None and use.version_name is not None:
            versions = [version.version for version in use.schema.value.versions]
            right = meant(use.version_name, versions, use.span, within=use.text, start=len(use.name) + 1)
            yield error(
                CODE,
                f"schema `{use.name}` has no version `{use.version_name}`",
                at=use.span,
                label=right.label,
                help=f"its versions are {listed(versions)}",
                fix=right.fix,
            )
