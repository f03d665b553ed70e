"""SSMD804: a generated file is a symbolic link, or no regular file.

Writing through it would change something else. Nothing is written until it is gone.

FAIL generated/dev/service.yaml (link)
    /etc/hostname

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Generated

CODE = "SSMD804"


def check(generated: Generated) -> Iterator[Diagnostic]:
    for path, found in generated.files.items():
        if found.refused is not None:
            at = Span(f"{generated.folder}/{path}")
            yield error(
                CODE, f"this is not a regular file: {found.detail}", at=at, help="remove it, then `ssmd compile`"
            )
