"""SSMD405: a schema's definition is not the one whose hash its version states.

A version that is in use may not change: what was recorded with it must stay readable. Declare a new version. A draft,
with which nothing has been recorded, may change: state the new hash, as `ssmd validate --fix` does.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        hash: sha256:0000000000000000000000000000000000000000000000000000000000000000

PASS
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import replaced
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD405"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    schema = stage.schema.value
    for index, version in enumerate(schema.versions):
        path = beside(stage.schema.path, schema.file_of(version) or "")
        found = stage.files.get(path) if path else None
        if found is None or found.content is None:
            continue
        actual = f"sha256:{hashlib.sha256(found.content).hexdigest()}"
        if actual != version.hash:
            at = stage.schema.span("versions", index, "hash")
            message = f"`{path}` is not what version `{version.version}` of `{schema.name}` states"
            draft = version.status == "draft"
            remedy = "a draft may change: state it" if draft else "a version in use does not change: declare a new one"
            digits = (len("sha256:"), len(version.hash))
            fix = replaced(at, version.hash, actual[digits[0] :], digits) if draft else ()
            yield error(CODE, message, at=at, help=f"its hash is {actual}; {remedy}", fix=fix)
