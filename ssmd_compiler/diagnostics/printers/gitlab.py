"""GitLab's code quality report: the fields of its documentation, and no others.

An error is `major`, a warning `minor`. GitLab drops all but one of the entries that share a fingerprint.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.model import Severity
from ssmd_compiler.diagnostics.printers.places import findings, words

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics.printers import Report
    from ssmd_compiler.diagnostics.printers.places import Finding

__all__ = ["render"]

_SEVERITIES: Final = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def render(report: Report) -> str:
    return json.dumps([_entry(finding, report.folder) for finding in findings(report)], indent=2) + "\n"


def _entry(finding: Finding, folder: str) -> dict[str, Any]:
    span = finding.span
    return {
        "description": "; ".join(words(finding.diagnostic)),
        "check_name": printable(finding.diagnostic.code),
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.diagnostic.severity],
        "location": {"path": printable(folder + span.path), "lines": {"begin": span.line, "end": span.end_line}},
    }
