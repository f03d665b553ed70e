"""SSMD804: a generated file is a symbolic link or no regular file, or cannot be read.

Writing through a link would change something else. Nothing is written until it is gone. What stands in the way of many
files, as a folder that is a link or that may not be entered, is told once.

FAIL generated/dev/service.yaml (link)
    /etc/hostname

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error
from ssmd_compiler.source import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Generated, GeneratedFile

CODE = "SSMD804"


def check(generated: Generated) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for path, found in generated.files.items():
        at = found.at or f"{generated.folder}/{path}"
        if found.refused is not None and at not in told:
            told.add(at)
            message, help_ = _said(found)
            yield error(CODE, message, at=Span(at), help=help_)


def _said(found: GeneratedFile) -> tuple[str, str]:
    if not found.at:
        return f"this is not a regular file: {found.detail}", "remove it, then `ssmd compile`"
    if found.refused is FaultKind.LINK:
        return "a symbolic link stands where a directory should be", "remove it, then `ssmd compile`"
    return f"this cannot be read: {found.detail}", "check who owns it and what its mode allows"
