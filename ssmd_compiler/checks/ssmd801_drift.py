"""SSMD801: a generated file is not what the sources compile to.

Somebody edited it by hand, or changed a source without compiling, or a feed version took effect. Generated files are
never edited: change the source, run `ssmd compile`, and commit both.

FAIL generated/dev/service.yaml (as is)
    kind: Service

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Generated

CODE = "SSMD801"


def check(generated: Generated) -> Iterator[Diagnostic]:
    if generated.flaw:
        return
    locked = generated.locked.outputs if generated.locked is not None else {}
    for path, digest in generated.expected.outputs.items():
        found = generated.files.get(path)
        if found is not None and found.digest not in (None, digest):
            by_hand = found.digest != locked.get(path) and locked.get(path) == digest
            message = "this file was edited by hand" if by_hand else "this file is not what the sources compile to"
            at = Span(f"{generated.folder}/{path}")
            yield error(CODE, message, at=at, help="run `ssmd compile`, and commit what it writes")
