"""SARIF 2.1.0 (OASIS, with errata 01): results with regions, rules with help, related places, fixes, fingerprints.

Paths are URIs from `%SRCROOT%`, the repository's root. Braces stand as they are: no message has arguments. A finding
that may hold a secret carries no fix, and a region is left out where nobody can read the file.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.model import Severity
from ssmd_compiler.diagnostics.printers.places import Files, findings, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.diagnostics.model import Diagnostic, Span
    from ssmd_compiler.diagnostics.printers import Report
    from ssmd_compiler.diagnostics.printers.places import Finding

__all__ = ["render"]

Json = dict[str, Any]

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"
FINGERPRINT: Final = "ssmdFinding/v1"

_LINK = re.compile(r"\[(?=[^\]]*\]\()")


def render(report: Report) -> str:
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, indent=2) + "\n"


def _run(report: Report) -> Json:
    codes = {code: index for index, code in enumerate(sorted({one.code for one in report.diagnostics}))}
    places = _Places(report)
    driver = {"name": "ssmd", "version": report.version, "rules": [_rule(code, report) for code in codes]}
    return {
        "tool": {"driver": driver},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes, places) for finding in findings(report)],
    }


def _rule(code: str, report: Report) -> Json:
    warns = all(one.severity is Severity.WARNING for one in report.diagnostics if one.code == code)
    rule: Json = {"id": printable(code), "defaultConfiguration": {"level": "warning" if warns else "error"}}
    if (known := report.rules(code)) is not None:
        rule["shortDescription"] = {"text": known.title}
        rule["fullDescription"] = {"text": known.text or known.title}
        rule["help"] = {"text": known.text or known.title, "markdown": known.markdown}
    return rule


def _result(finding: Finding, codes: Mapping[str, int], places: _Places) -> Json:
    one = finding.diagnostic
    result: Json = {
        "ruleId": printable(one.code),
        "ruleIndex": codes[one.code],
        "level": one.severity.value,
        "message": {"text": _plain("\n".join(words(one)))},
        "locations": [{"physicalLocation": places.location(one.span)}],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
    if one.related:
        result["relatedLocations"] = list(_related(one, places))
    if one.fix and not one.hidden and all(places.files.holds(edit.span) for edit in one.fix):
        result["fixes"] = [_fix(one, places)]
    return result


def _related(diagnostic: Diagnostic, places: _Places) -> Iterator[Json]:
    for number, related in enumerate(diagnostic.related, start=1):
        known = related.text is not None
        location: Json = {"id": number, "physicalLocation": places.location(related.span, known=known)}
        yield location | ({"message": {"text": _plain(printable(related.note))}} if related.note else {})


def _fix(diagnostic: Diagnostic, places: _Places) -> Json:
    edits = groupby(sorted(diagnostic.fix, key=lambda edit: edit.span), lambda edit: edit.span.path)
    changes = [
        {
            "artifactLocation": places.artifact(path),
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in group
            ],
        }
        for path, group in edits
    ]
    return {"description": {"text": "Apply the correction."}, "artifactChanges": changes}


class _Places:
    """Spans as SARIF says them."""

    def __init__(self, report: Report) -> None:
        self.files, self.folder = Files(report), report.folder

    def location(self, span: Span, *, known: bool = False) -> Json:
        """`known`: the place is right, whatever the file on disk holds."""
        location: Json = {"artifactLocation": self.artifact(span.path)}
        if known:
            return location | {"region": _region(span)}
        return location | ({"region": _region(self.files.within(span))} if self.files.known(span.path) else {})

    def artifact(self, path: str) -> Json:
        # A colon or two slashes at its start would make a path something else than one.
        relative = (self.folder + path).lstrip("/")
        return {"uri": quote(_bytes(relative), safe="/"), "uriBaseId": ROOT}


def _bytes(path: str) -> bytes:
    """A name as the file system has it; what cannot be one, somehow."""
    try:
        return path.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return path.encode(errors="surrogatepass")


def _region(span: Span) -> Json:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _plain(text: str) -> str:
    """What a reader would take for a link is none."""
    return _LINK.sub(r"\\[", text)
