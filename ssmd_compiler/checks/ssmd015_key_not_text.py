"""SSMD015: the key of a mapping is not text.

A key is a name. A list, a mapping or an alias cannot be one. In `{{ x }}` the inner braces are such a key: text with
braces needs quotes.

FAIL environments/dev.yaml (as is)
    name: dev
    feed: {{ feed }}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD015"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.KEY_NOT_TEXT):
        yield error(CODE, "a key must be text", at=fault.span, help="text that starts with `{` or `[` needs quotes")
