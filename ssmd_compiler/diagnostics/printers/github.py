"""Workflow commands of GitHub Actions: a line for each finding, which GitHub shows beside the line of source.

Escapes: GitHub's toolkit, packages/core/src/command.ts. Columns stand only where a place is within one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.printers.places import findings, words

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics.printers import Report
    from ssmd_compiler.diagnostics.printers.places import Finding

__all__ = ["render"]


def render(report: Report) -> str:
    return "".join(f"{_command(finding, report.folder)}\n" for finding in findings(report))


def _command(finding: Finding, folder: str) -> str:
    span = finding.span
    properties = {"file": printable(folder + span.path), "line": str(span.line), "endLine": str(span.end_line)}
    if span.line == span.end_line:
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    properties["title"] = printable(finding.diagnostic.code)
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = _data("\n".join(words(finding.diagnostic)))
    return f"::{finding.diagnostic.severity.value} {said}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
