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
from ssmd_compiler.diagnostics import Diagnostic, Related, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD005"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.SYNTAX):
        opened = next((note for context, note in _OPENED.items() if fault.detail.startswith(context)), None)
        begun = fault.other
        apart = begun is not None and (begun.line, begun.column) != (fault.span.line, fault.span.column)
        related = (Related(begun, opened),) if begun is not None and apart and opened is not None else ()
        yield error(CODE, f"not YAML: {fault.detail}", at=fault.span, related=related, help=_help(fault.detail))


_OPENED = {
    "while scanning a quoted scalar": "these quotes are open",
    "while parsing a flow sequence": "this list is open",
    "while parsing a flow mapping": "this mapping is open",
    "while scanning a simple key": "after this a `:` is missing",
}
"""What the parser was at, and what to look at where that began."""


def _help(detail: str) -> str:
    if "cannot start any token" in detail:
        return "indent with spaces; a value that starts with `@`, `%`, a backquote or a tab needs quotes"
    if "mapping values are not allowed" in detail:
        return "put text that holds `: ` in quotes, or check the indentation of the line above"
    if "undefined alias" in detail:
        return "an alias `*name` needs an anchor `&name` before it; text that starts with `*` needs quotes"
    return ""
