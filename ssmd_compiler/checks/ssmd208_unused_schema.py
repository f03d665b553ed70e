"""SSMD208: nothing needs a schema, or a version of it.

A version is needed when an environment or a feed's message type names it, when it is the latest active one, or when a
version that is needed says in `compatible_with` that it reads it. A schema of which no version is named is not needed
at all. Drafts and versions whose day is still to come are in preparation, and deprecated versions are kept because
recorded data needs them: of these nothing is said. Nothing is said while an environment or a feed has an error.

FAIL schemas/trade.yaml
    spec:
      versions:
        - version: v0
          effective_from: 2024-01-01
          hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
        - version: v1
          effective_from: 2025-01-01
          hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174

PASS schemas/trade.yaml
    spec:
      versions:
        - version: v0
          effective_from: 2024-01-01
          status: deprecated
          hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
        - version: v1
          effective_from: 2025-01-01
          hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import at_name
from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Usage

CODE = "SSMD208"


def check(usage: Usage) -> Iterator[Diagnostic]:
    for schema, version in usage.schemas:
        if version is None:
            message = f"no environment and no feed names the schema `{schema.name}`"
            yield warning(CODE, message, at=at_name(schema), help="name it where it is used, or delete it")
            continue
        index = next(place for place, each in enumerate(schema.value.versions) if each.version == version)
        yield warning(
            CODE,
            f"no environment and no feed names `{schema.name}:{version}`, and it is not the latest",
            at=schema.span("versions", index, "version"),
            help="say `status: deprecated`: recorded data keeps it; or name it in `compatible_with` of a later one",
        )
