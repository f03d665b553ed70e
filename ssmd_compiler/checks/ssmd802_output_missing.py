"""SSMD802: a generated file is missing.

`generated/` is committed, because Argo CD reads it from Git.

FAIL generated/dev/service.yaml (absent)

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Generated

CODE = "SSMD802"


def check(generated: Generated) -> Iterator[Diagnostic]:
    if generated.flaw:
        return
    missing = [path for path in generated.expected.outputs if path not in generated.files]
    if generated.locked is None and len(missing) == len(generated.expected.outputs):
        if missing:
            at = Span(generated.folder)
            yield error(CODE, "nothing is generated yet", at=at, help="run `ssmd compile`, and commit what it writes")
        return
    for path in missing:
        at = Span(f"{generated.folder}/{path}")
        yield error(CODE, "this generated file is missing", at=at, help="run `ssmd compile`, and commit what it writes")
