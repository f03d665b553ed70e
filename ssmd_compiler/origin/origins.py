"""One environment's generated files, traced when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.emit import TemplateFault
from ssmd_compiler.origin.alignment import lines_of
from ssmd_compiler.origin.joint import note_joint
from ssmd_compiler.origin.large import Large
from ssmd_compiler.origin.rendering import Recorder, template_lines
from ssmd_compiler.origin.result import LineOrigins, Origin, Untraceable, Why
from ssmd_compiler.origin.tables import Table, files_of, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.emit import Templates
    from ssmd_compiler.origin.rendering import TemplateLine
    from ssmd_compiler.origin.subject import Subject

__all__ = ["Origins"]

Told = tuple[LineOrigins, ...] | Untraceable


class Origins:
    """Says of lines what makes them. Lines count from 1, paths are relative to `generated/`."""

    def __init__(self, subject: Subject, templates: Templates) -> None:
        self._subject = subject
        self._recorder = Recorder(templates)
        self._files = files_of(subject.linked, self._recorder)
        self._texts: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self._templates: dict[str, tuple[TemplateLine | None, ...]] = {}
        self._order = {document.path: number for number, (_, document) in enumerate(subject.documents())}

    def of(self, path: str, lines: Collection[int] | None = None) -> Told:
        """What makes some lines of a file; every line, if none is named."""
        return self.of_all({path: lines})[path]

    def of_all(self, asked: Mapping[str, Collection[int] | None]) -> dict[str, Told]:
        """The same of several lines and files, for little more than the price of one: ask for all at once."""
        told: dict[str, Told] = {
            path: refusal for path, lines in asked.items() if (refusal := self._refusal(path, lines))
        }
        wanted = {path: _from_0(lines) for path, lines in asked.items() if path not in told}
        large = {path: self._large(path, lines) for path, lines in wanted.items()}
        left_out = {path: outside for path, one in large.items() if (outside := one.left_out())}
        small = {path: lines for path, lines in wanted.items() if path not in left_out}
        found = tables(self._subject, self._recorder, small)
        found |= {path: large[path].table(outside) for path, outside in left_out.items()}
        for path, lines in small.items():
            note_joint(self._subject, self._recorder, path, found[path], found[path].numbers(lines))
        for path, table in found.items():
            numbers = asked[path]
            if numbers is None:
                numbers = range(1, len(self._lines[path]) + 1)
            told[path] = tuple(self._line(path, table, line) for line in sorted(set(numbers)))
        return {path: told[path] for path in asked}

    def spelled(self, path: str, line: int, said: str) -> Origin | None:
        """Who makes a line and is spelled in `said`, a part of it: a few trials where `of` needs hundreds."""
        if self._refusal(path, [line]) is not None:
            return None
        found = tables(self._subject, self._recorder, {path: [line - 1]}, lambda text: spells(said, text))
        origins = (one for one in self._line(path, found[path], line).origins if spells(said, one.place.text))
        return next((one for one in origins if not one.whole), None)

    def template_line(self, path: str, line: int) -> TemplateLine | None:
        """The template line that printed a line, of a file that `of` tells of."""
        return self._template_lines(path)[line - 1] if self._refusal(path, [line]) is None else None

    def _refusal(self, path: str, lines: Collection[int] | None) -> Untraceable | None:
        if self._files is None:
            return Untraceable(Why.NOT_SOUND)
        if path not in self._files.contents:
            return Untraceable(Why.NO_SUCH_FILE, tuple(self._files.contents))
        try:
            self._texts.setdefault(path, self._files.text(path))
            self._lines.setdefault(path, lines_of(self._texts[path]))
        except TemplateFault:
            return Untraceable(Why.NOT_SOUND)
        last = len(self._lines[path])
        outside = any(not 1 <= line <= last for line in lines or ())
        return Untraceable(Why.NO_SUCH_LINE, lines=last) if outside else None

    def _large(self, path: str, wanted: Collection[int] | None) -> Large:
        return Large(self._subject, self._recorder, path, self._texts[path], wanted)

    def _line(self, path: str, table: Table, line: int) -> LineOrigins:
        lines = self._lines[path]
        last, text = len(lines), lines[line - 1]
        alone = [Origin(place, count, whole=count == last) for place, count in table.places.get(line - 1, {}).items()]
        joint = [Origin(place, count, joint=True) for place, count in table.joint.get(line - 1, {}).items()]
        return LineOrigins(
            line,
            tuple(sorted([*joint, *alone], key=lambda origin: self._rank(origin, text))),
            tuple(table.facts.get(line - 1, ())),
            self._template_lines(path)[line - 1],
        )

    def _rank(self, origin: Origin, line: str) -> tuple[bool, bool, int, int, int, Span]:
        """The closest first: what the line spells, then what makes few lines, then the environment's own words."""
        place = origin.place
        spelled = spells(line, place.text)
        order = self._order.get(place.span.path, 0)
        return origin.whole, not spelled, origin.lines, order, -place.field.count("."), place.span

    def _template_lines(self, path: str) -> Sequence[TemplateLine | None]:
        if path not in self._templates and self._files is not None:
            self._templates[path] = template_lines(self._files, path)
        return self._templates[path]


def spells(line: str, text: str) -> bool:
    """Whether a line holds a text as a word of its own."""
    before, found, after = line.partition(text) if text else ("", "", "")
    return bool(found) and not (_is_word(before[-1:]) or _is_word(after[:1]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _from_0(lines: Collection[int] | None) -> list[int] | None:
    return [line - 1 for line in lines] if lines is not None else None
