"""Diagnostics for a person at a terminal: what is wrong, the line with the place underlined, and what to type.

Nothing that comes from a file or a path reaches the terminal unescaped. Colour is a matter of the caller; without it
the text is the same, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.escape import no_command, printable
from ssmd_compiler.diagnostics.model import Severity
from ssmd_compiler.diagnostics.printers.excerpt import excerpt
from ssmd_compiler.diagnostics.secrets import masked_near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ssmd_compiler.diagnostics.model import Diagnostic, Span
    from ssmd_compiler.diagnostics.printers import Report

__all__ = ["places", "render", "text"]

SHOWN_ALIKE = 10
"""Findings with one code, message and help that are shown in full: a missing feed named by 1,000 environments is one
problem, and its first ten places tell as much as the rest."""

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[34m"
_INK = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}


def text(
    diagnostics: Sequence[Diagnostic],
    sources: Callable[[str], str | None],
    *,
    colour: bool,
    width: int,
    checked: int,
) -> str:
    """Every diagnostic in the order given, then a summary; no text at all when there are none.

    `sources(path)` is a file's text; without it the place is named but not shown, and so is a line that may hold a
    secret. Source lines are cut to `width` cells; messages, labels and help never are. `checked` counts documents.
    """
    if not diagnostics:
        return ""
    page = _Page(cache(lambda path: _lines(sources(path))), _hidden(diagnostics), colour, width)
    shown, alike = _first_of_alike(diagnostics)
    blocks = [*(_diagnostic(diagnostic, page) for diagnostic in shown), *(_left_out(group, page) for group in alike)]
    return "".join(f"{block}\n\n" for block in blocks) + _summary(diagnostics, checked) + "\n"


def render(report: Report) -> str:
    return text(report.diagnostics, report.sources, colour=report.colour, width=report.width, checked=report.checked)


def places(
    spots: Sequence[tuple[Span, str]],
    remarks: Sequence[tuple[str, str]],
    sources: Callable[[str], str | None],
    *,
    colour: bool,
    width: int,
) -> str:
    """Places with labels, and their lines, as a diagnostic shows them: the others explain the first; then remarks."""
    page = _Page(cache(lambda path: _lines(sources(path))), {}, colour, width)
    drawn = [
        _Place(span, label, ":::" if turn else "-->", "-" if turn else "^", _BLUE)
        for turn, (span, label) in enumerate(spots)
    ]
    gutter = max(len(str(place.span.line)) for place in drawn) + 2
    lines = [line for place in drawn for line in _place(place, gutter, page)]
    lines += (line for word, content in remarks for line in _remark(word, content, gutter, page))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """What every part of the output is drawn on: the lines of a file, None if it cannot be read; ink; cells.

    `hidden` holds, by path, the ranges of lines that may hold a secret: nobody's snippet shows them.
    """

    lines: Callable[[str], Sequence[str] | None]
    hidden: Mapping[str, Sequence[range]]
    colour: bool
    width: int

    def ink(self, ink: str, content: str) -> str:
        return f"{ink}{content}{_RESET}" if self.colour and content else content

    def line_at(self, span: Span) -> str | None:
        if any(span.line in lines for lines in self.hidden.get(span.path, ())):
            return None
        lines = self.lines(span.path)
        return lines[span.line - 1].removesuffix("\r") if lines and 1 <= span.line <= len(lines) else None


def _hidden(diagnostics: Sequence[Diagnostic]) -> dict[str, list[range]]:
    hidden: dict[str, list[range]] = {}
    for span in (diagnostic.span for diagnostic in diagnostics if diagnostic.hidden):
        hidden.setdefault(span.path, []).append(range(span.line, max(span.line, span.end_line) + 1))
    return hidden


@dataclass(frozen=True, slots=True)
class _Place:
    """A place as it is drawn: primary with `-->` and `^`, related with `:::` and `-`."""

    span: Span
    label: str
    arrow: str
    mark: str
    ink: str
    text: str | None = None


def _diagnostic(diagnostic: Diagnostic, page: _Page) -> str:
    places = [
        _Place(diagnostic.span, diagnostic.label, "-->", "^", _INK[diagnostic.severity]),
        *(_Place(related.span, related.note, ":::", "-", _BLUE, related.text) for related in diagnostic.related),
    ]
    gutter = max(len(str(place.span.line)) for place in places) + 2
    lines = [_title(diagnostic, page)]
    for place in places:
        lines += _place(place, gutter, page)
    if diagnostic.help:
        lines += _remark("help", diagnostic.help, gutter, page)
    return "\n".join(lines)


def _title(diagnostic: Diagnostic, page: _Page) -> str:
    code = page.ink(_INK[diagnostic.severity], f"{diagnostic.severity.value}[{printable(diagnostic.code)}]")
    return code + page.ink(_BOLD, f": {printable(diagnostic.message)}".rstrip())


def _place(place: _Place, gutter: int, page: _Page) -> Iterator[str]:
    span = place.span
    arrow = page.ink(_BLUE, " " * (gutter - 1) + place.arrow)
    yield f"{arrow} {printable(span.path)}:{span.line}:{span.column}"
    line = page.line_at(span) if place.text is None else place.text
    if line is not None:
        yield from _snippet(place, line, gutter, page)
    elif place.label:
        yield from _remark("note", place.label, gutter, page)


def _snippet(place: _Place, line: str, gutter: int, page: _Page) -> Iterator[str]:
    start, end = _columns(place.span, line)
    line, cut = masked_near(line, start)
    start, end = start - cut, end - cut
    shown = excerpt(line, start, end, page.width - gutter - 2)
    yield page.ink(_BLUE, " " * gutter + "|")
    number = page.ink(_BLUE, f"{place.span.line:>{gutter - 1}} |")
    yield f"{number} {shown.text}" if shown.text else number
    underline = f"{place.mark * shown.length} {printable(place.label)}".rstrip()
    yield page.ink(_BLUE, " " * gutter + "|") + " " * (shown.start + 1) + page.ink(place.ink, underline)


def _columns(span: Span, line: str) -> tuple[int, int]:
    """The stretch of a span's first line, from 0: one that goes on below is underlined to the end of the text."""
    start = span.column - 1
    return start, span.end_column - 1 if span.end_line <= span.line else len(line.rstrip())


def _remark(word: str, content: str, gutter: int, page: _Page) -> Iterator[str]:
    """A line under the gutter. Line breaks of ours are kept, each further line indented so that it forges nothing."""
    first, *others = (no_command(printable(line)).rstrip() for line in content.split("\n"))
    head = f"{' ' * gutter}= "
    yield page.ink(_BLUE, head) + page.ink(_BOLD, f"{word}:") + f" {first}".rstrip()
    indent = " " * (len(head) + len(word) + 2)
    yield from (f"{indent}{line}".rstrip() for line in others)


def _alike(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return (diagnostic.code, diagnostic.message, diagnostic.help)


def _first_of_alike(diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], list[list[Diagnostic]]]:
    """The diagnostics to show in full, and those left out, by what they say. One alone is never left out."""
    total = Counter(map(_alike, diagnostics))
    seen: Counter[tuple[str, str, str]] = Counter()
    shown: list[Diagnostic] = []
    rest: dict[tuple[str, str, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        said = _alike(diagnostic)
        seen[said] += 1
        if seen[said] <= SHOWN_ALIKE or total[said] == SHOWN_ALIKE + 1:
            shown.append(diagnostic)
        else:
            rest.setdefault(said, []).append(diagnostic)
    return shown, list(rest.values())


def _left_out(group: Sequence[Diagnostic], page: _Page) -> str:
    files = _count(len({diagnostic.span.path for diagnostic in group}), "file")
    words = f"{len(group)} more like this, in {files}, are not shown; `--format json` lists every one"
    return "\n".join((_title(group[0], page), *_remark("note", words, 3, page)))


def _summary(diagnostics: Sequence[Diagnostic], checked: int) -> str:
    severities = Counter(diagnostic.severity for diagnostic in diagnostics)
    found = ", ".join(_count(severities[severity], severity.value) for severity in Severity if severities[severity])
    files = len({diagnostic.span.path for diagnostic in diagnostics})
    return f"{found} in {_count(files, 'file')}, {_count(checked, 'document')} checked"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lines(source: str | None) -> list[str] | None:
    """Lines as the source stage counts them: a line feed ends one, a lone carriage return does not."""
    return None if source is None else source.split("\n")
