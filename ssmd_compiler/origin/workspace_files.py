"""The files that belong to no environment: the Argo CD project and the list of applications.

They are made from the settings and from every environment's name and namespace. All names are changed at once, so that
a thousand environments cost as much as one; which name made which line, the line spells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ssmd_compiler.emit import TemplateFault, argocd
from ssmd_compiler.names import Names
from ssmd_compiler.origin.alignment import lines_of, touched
from ssmd_compiler.origin.causes import Cause
from ssmd_compiler.origin.changes import longer
from ssmd_compiler.origin.origins import spells
from ssmd_compiler.origin.places import Place, name_path, place_at, replaced
from ssmd_compiler.origin.rendering import Recorder, template_lines
from ssmd_compiler.origin.result import LineOrigins, Origin, Untraceable, Why
from ssmd_compiler.origin.subject import bound_with
from ssmd_compiler.origin.variants import leaves_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ssmd_compiler.emit import Templates
    from ssmd_compiler.model import Bound, Environment, Settings
    from ssmd_compiler.origin.rendering import Files
    from ssmd_compiler.source import Document

__all__ = ["WorkspaceFiles"]

MOST_PLACES: Final = 16
"""Environments told of one line: a namespace can be everybody's."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """The files after a change of some places: each makes the lines that spell it, or all make the lines together."""

    places: Sequence[Place]
    each: bool
    files: Files

    def of_line(self, line: str) -> Iterable[Place]:
        if not self.each:
            return self.places
        words = set(re.findall(r"[\w-]+", line))
        return [place for place in self.places if place.text in words]


@dataclass(frozen=True, slots=True)
class WorkspaceFiles:
    """What they are made from: every sound environment, the document of the settings, the templates."""

    environments: Sequence[Bound[Environment]]
    settings: Document
    templates: Templates

    def of(self, path: str, lines: Collection[int] | None = None) -> tuple[LineOrigins, ...] | Untraceable:
        """As `Origins.of`."""
        recorder = Recorder(self.templates)
        base = self._files(recorder, self._settings)
        if path not in base.contents:
            return Untraceable(Why.NO_SUCH_FILE, tuple(base.contents))
        try:
            text, printed = base.text(path), template_lines(base, path)
        except TemplateFault:
            return Untraceable(Why.NOT_SOUND)
        wanted = sorted(set(range(1, len(printed) + 1) if lines is None else lines))
        if wanted and not 1 <= wanted[0] <= wanted[-1] <= len(printed):
            return Untraceable(Why.NO_SUCH_LINE, lines=len(printed))
        found = self._origins(recorder, path, text, wanted)
        return tuple(LineOrigins(line, tuple(found[line]), (), printed[line - 1]) for line in wanted)

    def cause(self, path: str, line: int, said: str) -> Cause:
        """What makes a line wrong: the value that is spelled in `said`, a part of it, and the template's line."""
        told = self.of(path, [line])
        if isinstance(told, Untraceable):
            return Cause()
        places = (origin.place for origin in told[0].origins if spells(said, origin.place.text))
        return Cause(next(places, None), told[0].template)

    @property
    def _settings(self) -> Settings:
        settings: Settings = bound_with("Settings", self.settings, self.settings.data).value
        return settings

    def _origins(self, recorder: Recorder, path: str, text: str, wanted: list[int]) -> Mapping[int, list[Origin]]:
        lines = lines_of(text)
        found: dict[int, list[Origin]] = {line: [] for line in wanted}
        for variant in self._variants(recorder):
            changed = touched(text, variant.files.text(path)) if path in variant.files.contents else range(len(lines))
            for line in found.keys() & {index + 1 for index in changed}:
                places = list(variant.of_line(lines[line - 1]))[:MOST_PLACES]
                joint = len(places) > 1 and not variant.each
                found[line] += (Origin(place, len(changed), joint=joint) for place in places)
        return found

    def _variants(self, recorder: Recorder) -> Iterator[_Variant]:
        """Every environment under another name, every namespace another, each text of the settings another."""
        settings, own = self._settings, self.environments
        names = [place_at(one.document, name_path(one.document.data)) for one in own]
        yield _Variant(names, each=True, files=self._files(recorder, settings, renamed=True))
        for space in sorted(set(self._namespaces(settings))):
            said = [one for one in own if one.value.namespace == space]
            places = [Place(one.span("namespace"), "namespace", space) for one in said]
            default = [leaf.place for leaf in leaves_of(self.settings) if leaf.path == ("namespace",)]
            places += default if any(one.value.namespace is None for one in own) and space == settings.namespace else []
            yield _Variant(places, each=False, files=self._files(recorder, settings, instead=space))
        for leaf in leaves_of(self.settings):
            if leaf.path != ("namespace",):
                for other in self._other_settings(leaf.path, leaf.text):
                    yield _Variant([leaf.place], each=False, files=self._files(recorder, other))

    def _other_settings(self, path: tuple[str | int, ...], text: str) -> Iterator[Settings]:
        """The settings with another text at `path`, where one is allowed."""
        for other in (longer(text), f"{text}/x", text.replace("://", "://x")):
            bound = bound_with("Settings", self.settings, replaced(self.settings.data, path, other))
            if bound.sound:
                yield bound.value
                return

    def _namespaces(self, settings: Settings) -> list[str]:
        return [Names.of(one.name, one.value, settings).namespace for one in self.environments]

    def _files(
        self, recorder: Recorder, settings: Settings, *, renamed: bool = False, instead: str | None = None
    ) -> Files:
        """What is emitted; with all names changed, or with another namespace `instead` of one."""
        repository = settings.repository
        names = [longer(one.name) if renamed else one.name for one in self.environments]
        spaces = [longer(space) if space == instead else space for space in self._namespaces(settings)]
        return recorder.record(argocd.project(names, spaces, repository, recorder) if repository is not None else ())
