"""Checkstyle's XML report: findings by file, for the many programs that read it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.printers.places import findings, words
from ssmd_compiler.diagnostics.printers.xml import HEAD, attributes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.diagnostics.printers import Report
    from ssmd_compiler.diagnostics.printers.places import Finding

__all__ = ["render"]


def render(report: Report) -> str:
    return HEAD + "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield '<checkstyle version="4.3">'
    for path, group in groupby(findings(report), lambda finding: finding.span.path):
        yield f"  <file{attributes(name=report.folder + path)}>"
        yield from (f"    <error{_error(finding)}/>" for finding in group)
        yield "  </file>"
    yield "</checkstyle>"


def _error(finding: Finding) -> str:
    return attributes(
        line=finding.span.line,
        column=finding.span.column,
        severity=finding.diagnostic.severity.value,
        message="; ".join(words(finding.diagnostic)),
        source=f"ssmd.{finding.diagnostic.code}",
    )
