"""SSMD206: a schema version says it reads a version that does not exist.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        status: active
        compatible_with:
        - v0
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD206"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    schema = stage.schema.value
    for index, version in enumerate(schema.versions):
        others = [other.version for other in schema.versions if other is not version]
        for place, name in enumerate(version.compatible_with):
            if name not in others:
                at = stage.schema.span("versions", index, "compatible_with", place)
                message = f"`{name}` is not another version of `{schema.name}`"
                help_ = f"the others are {listed(others)}" if others else "there is no other version"
                right = meant(name, others, at)
                yield error(CODE, message, at=at, label=right.label, help=help_, fix=right.fix)
