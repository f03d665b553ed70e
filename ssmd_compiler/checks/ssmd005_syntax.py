"""SSMD005: a source is not YAML.

The parser's own words say what it met. Most often: a tab in the indentation, a quote that is never closed, or a colon
followed by a space inside unquoted text.

FAIL environments/dev.yaml (as is)
    name: dev
    feed: [kalshi

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD005"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.SYNTAX):
        yield error(CODE, f"not YAML: {fault.detail}", at=fault.span, help=_help(fault.detail))


def _help(detail: str) -> str:
    if "cannot start any token" in detail:
        return "indent with spaces; a value that starts with `@`, `%`, a backquote or a tab needs quotes"
    if "mapping values are not allowed" in detail:
        return "put text that holds `: ` in quotes, or check the indentation of the line above"
    if "undefined alias" in detail:
        return "an alias `*name` needs an anchor `&name` before it; text that starts with `*` needs quotes"
    return ""
