"""What formats for other programs share: places that lie inside of their files, words on one line, lasting names.

No text of a source passes through here, so none of these formats can show a secret that stands in one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.escape import no_command, printable
from ssmd_compiler.diagnostics.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.diagnostics.model import Diagnostic
    from ssmd_compiler.diagnostics.printers import Report

__all__ = ["Files", "Finding", "findings", "words"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic, its place inside of its file, and a name of its own that stays when lines move."""

    diagnostic: Diagnostic
    span: Span
    fingerprint: str


def findings(report: Report) -> Iterator[Finding]:
    """Every finding of a report, in order."""
    files = Files(report)
    seen: Counter[tuple[str, str, str]] = Counter()
    for one in report.diagnostics:
        said = (one.code, one.span.path, one.message)
        seen[said] += 1
        yield Finding(one, files.within(one.span), _fingerprint((*said, str(seen[said]))))


def words(diagnostic: Diagnostic) -> list[str]:
    """The message, the label and the help, each line by itself; the first line is the message."""
    lines = [*diagnostic.label.split("\n"), *diagnostic.help.split("\n")]
    return [printable(diagnostic.message), *(no_command(printable(line)) for line in lines if line)]


class Files:
    """The files that a report is about: how many lines they have, and how long each is."""

    def __init__(self, report: Report) -> None:
        self._lines = cache(lambda path: _lengths(report.sources(path)))

    def known(self, path: str) -> bool:
        return self._lines(path) is not None

    def holds(self, span: Span) -> bool:
        """Whether a span lies in its file as it is."""
        return self.known(span.path) and self.within(span) == span

    def within(self, span: Span) -> Span:
        """The nearest place that its file has; of a file that nobody can read, the nearest that a file may have."""
        start = self._nearest(span.path, span.line, span.column)
        end = max(start, self._nearest(span.path, span.end_line, span.end_column))
        return Span(span.path, *start, *end)

    def _nearest(self, path: str, line: int, column: int) -> tuple[int, int]:
        lengths = self._lines(path)
        if line < 1:
            return (1, 1)
        if lengths is None:
            return (line, max(1, column))
        if line > len(lengths):
            return (len(lengths), lengths[-1] + 1)
        return (line, min(max(1, column), lengths[line - 1] + 1))


def _lengths(source: str | None) -> list[int] | None:
    """Characters of each line, its end not counted. What stands behind the last line feed is a line when it is text."""
    if source is None:
        return None
    lines = source.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [len(line.removesuffix("\r")) for line in lines]


def _fingerprint(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
