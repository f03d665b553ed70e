"""SSMD803: a generated file is left over from an environment, a shard or a setting that is gone.

Argo CD would go on applying it. `ssmd compile` removes what it once wrote and no longer does; it touches nothing else.

FAIL environments/dev.yaml (absent)

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Generated

CODE = "SSMD803"


def check(generated: Generated) -> Iterator[Diagnostic]:
    if generated.locked is None:
        return
    expected = generated.expected.outputs
    for path in generated.locked.outputs:
        if path not in expected and path in generated.files:
            at = Span(f"{generated.folder}/{path}")
            yield error(CODE, "nothing compiles to this file any more", at=at, help="run `ssmd compile` to remove it")
