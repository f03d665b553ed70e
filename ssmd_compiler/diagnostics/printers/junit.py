"""JUnit's XML report, for programs that know of tests alone: an error is a test that failed, a warning one skipped.

Such programs take a report without any test for a broken one, so without findings there is one test, and it passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.model import Severity
from ssmd_compiler.diagnostics.printers.places import findings, words
from ssmd_compiler.diagnostics.printers.xml import HEAD, attributes, content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.diagnostics.printers import Report
    from ssmd_compiler.diagnostics.printers.places import Finding

__all__ = ["render"]


def render(report: Report) -> str:
    return HEAD + "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    severities = [one.severity for one in report.diagnostics]
    counts = {"tests": max(1, len(severities)), "failures": severities.count(Severity.ERROR), "errors": 0}
    yield f"<testsuites{attributes(name='ssmd', **counts)}>"
    yield f"  <testsuite{attributes(name='ssmd', **counts, skipped=severities.count(Severity.WARNING))}>"
    for finding in findings(report):
        yield from _case(finding, report.folder)
    if not report.diagnostics:
        yield f"    <testcase{attributes(classname='ssmd', name='no findings')}/>"
    yield "  </testsuite>"
    yield "</testsuites>"


def _case(finding: Finding, folder: str) -> Iterator[str]:
    code, said, span = finding.diagnostic.code, words(finding.diagnostic), finding.span
    place = f"{folder}{span.path}:{span.line}:{span.column}"
    yield f"    <testcase{attributes(classname=folder + span.path, name=f'{code}: {said[0]}')}>"
    if finding.diagnostic.severity is Severity.ERROR:
        yield f"      <failure{attributes(message=said[0], type=code)}>{_text([place, *said[1:]])}</failure>"
    else:
        yield f"      <skipped{attributes(message='; '.join([*said, place]))}/>"
    yield "    </testcase>"


def _text(lines: list[str]) -> str:
    return "\n".join(map(content, lines))
