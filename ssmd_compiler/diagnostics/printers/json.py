"""The JSON document: for programs, so complete, in the order given, and with a version of its own shape.

Fields are added within a version, never renamed or removed. Text stands as it was written, in ASCII escapes, so that
it can be piped to a terminal. Lines and columns count from 1; the end is exclusive.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.diagnostics.model import Diagnostic, Span
    from ssmd_compiler.diagnostics.printers import Report

__all__ = ["Document", "json_document", "render"]

SHAPE_VERSION = 1


class Place(TypedDict):
    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class RelatedPlace(Place):
    note: str


class Edit(Place):
    """Replace what stands at the place by `text`; safe to apply without asking."""

    text: str


class Finding(Place):
    """One diagnostic. `label`, `help`, `related` and `fix` are empty, never absent; `docs` is a command to type."""

    code: str
    severity: str
    message: str
    label: str
    related: list[RelatedPlace]
    help: str
    fix: list[Edit]
    docs: str


class Tool(TypedDict):
    name: str
    version: str


class Summary(TypedDict):
    errors: int
    warnings: int
    checked: int


class Document(TypedDict):
    """The whole: `version` is that of this shape, `tool.version` that of ssmd, `checked` counts documents."""

    version: int
    tool: Tool
    summary: Summary
    diagnostics: list[Finding]


def json_document(diagnostics: Sequence[Diagnostic], *, checked: int, version: str) -> str:
    """A `Document` as JSON in printable ASCII, with a newline at its end."""
    severities = [diagnostic.severity.value for diagnostic in diagnostics]
    document: Document = {
        "version": SHAPE_VERSION,
        "tool": {"name": "ssmd", "version": version},
        "summary": {"errors": severities.count("error"), "warnings": severities.count("warning"), "checked": checked},
        "diagnostics": [_finding(diagnostic) for diagnostic in diagnostics],
    }
    return json.dumps(document, ensure_ascii=True, indent=2) + "\n"


def render(report: Report) -> str:
    return json_document(report.diagnostics, checked=report.checked, version=report.version)


def _finding(diagnostic: Diagnostic) -> Finding:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "label": diagnostic.label,
        "related": [{**_place(related.span), "note": related.note} for related in diagnostic.related],
        "help": diagnostic.help,
        "fix": [{**_place(edit.span), "text": edit.text} for edit in diagnostic.fix],
        "docs": f"ssmd explain {diagnostic.code}",
    }


def _place(span: Span) -> Place:
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
