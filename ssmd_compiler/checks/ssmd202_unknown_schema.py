"""SSMD202: an environment or a feed names a schema that does not exist.

A schema is declared in `schemas/`, one file each; it is named as `name:version`.

FAIL environments/dev.yaml
    spec: {schema: "trades:v1"}

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

CODE = "SSMD202"


def check(stage: LinkedEnvironment | FeedStage) -> Iterator[Diagnostic]:
    for use in schema_uses_of(stage):
        if use.schema is None and use.version_name is not None and stage.shared.whole:
            right = meant(use.name, use.known, use.span, within=use.text)
            yield error(
                CODE,
                f"no schema named `{use.name}`",
                at=use.span,
                label=right.label,
                help=f"the schemas here are {listed(use.known)}" if use.known else "there is no schema yet",
                fix=right.fix,
            )
