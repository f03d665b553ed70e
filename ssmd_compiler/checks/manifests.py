"""The stage of generated manifests: their flaws, and the sources that they are to be told at.

A flaw stands in a generated file that nobody edits, and that is not on disk while there is an error. So it is told at
the value of the sources that makes it; where that is not known, at the line of the workspace's template that printed
it; else at the environment. The generated line is shown beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics import Related, Span
from ssmd_compiler.diagnostics.secrets import masked
from ssmd_compiler.emit import template_of
from ssmd_compiler.manifests import Flaw, FlawKind, Vocabulary, findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ssmd_compiler.emit import Output
    from ssmd_compiler.model import Settings
    from ssmd_compiler.origin import Cause

    Search = Callable[[Sequence[Flaw]], Iterable[Cause]]
    """The cause of each flaw, in order; it is asked only when there is one."""

__all__ = ["Manifests", "Told", "printed_by"]

_TEMPLATES: Final = "templates/"
_GENERATED: Final = "generated/"


@dataclass(frozen=True, slots=True)
class Told:
    """A flaw, where it is told, and which generated line it is in."""

    flaw: Flaw
    at: Span
    label: str
    related: tuple[Related, ...]

    @property
    def subject(self) -> str:
        """What the sentence of a message starts with."""
        return f"`{self.flaw.where}`" if self.flaw.where else "a document"


@dataclass(frozen=True, slots=True)
class Manifests:
    """The flaws of generated manifests, each told."""

    flaws: tuple[Told, ...]

    @classmethod
    def of(  # noqa: PLR0913 -- what was made, what of it is looked at, and where it is told
        cls,
        outputs: Iterable[Output],
        own_templates: Mapping[str, str],
        source: str,
        settings: Settings,
        *,
        all_: bool,
        search: Search | None = None,
    ) -> Manifests:
        """What is wrong with `outputs`: with all of them, or with those that the workspace's own templates made.

        `source` is the document that they were made from.
        """
        if not all_ and not own_templates:
            return cls(())
        proven = [output for output in outputs if all_ or template_of(output.path) in own_templates]
        vocabulary = Vocabulary(settings.metrics.foreign, frozenset(settings.metrics.labels))
        # SSMD807 tells when one's own template prints what is no document at all.
        flaws = [flaw for flaw in findings(proven, vocabulary) if not _of_807(flaw, own_templates)]
        if not flaws:
            return cls(())
        causes = chain(search(flaws) if search is not None else (), repeat(None))
        texts = {output.path: output.content.decode(errors="replace").split("\n") for output in proven}
        told = _Telling(own_templates, source, texts)
        return cls(tuple(told.of(flaw, cause) for flaw, cause in zip(flaws, causes, strict=False)))

    def told(self, *kinds: FlawKind) -> Iterator[Told]:
        """The flaws of these kinds."""
        return (told for told in self.flaws if told.flaw.kind in kinds)


def _of_807(flaw: Flaw, own_templates: Mapping[str, str]) -> bool:
    return flaw.kind is FlawKind.UNREADABLE and template_of(flaw.at.path) in own_templates


@dataclass(frozen=True, slots=True)
class _Telling:
    """Where flaws are told; `texts` are the lines of generated files."""

    own_templates: Mapping[str, str]
    source: str
    texts: Mapping[str, Sequence[str]]

    def of(self, flaw: Flaw, cause: Cause | None) -> Told:
        generated, source = self._generated(flaw.at), Span(self.source)
        label = f"line {flaw.at.line} of `{flaw.at.path}`"
        printed = self._printed(flaw, cause)
        if cause is not None and cause.place is not None:
            by = (Related(printed, "printed by this line"),) if printed is not None else ()
            return Told(flaw, cause.place.span, label, (*by, generated))
        if printed is not None:
            return Told(flaw, printed, label, (generated, Related(source, "compiled for this")))
        return Told(flaw, source, label, (generated,))

    def _printed(self, flaw: Flaw, cause: Cause | None) -> Span | None:
        """The line of the workspace's template that printed it; the template as a whole when the line is not known."""
        template = template_of(flaw.at.path)
        if cause is not None and cause.template is not None and cause.template.own:
            return printed_by(cause.template.name, cause.template.line, self.own_templates)
        return Span(_TEMPLATES + template) if template in self.own_templates else None

    def _generated(self, at: Span) -> Related:
        lines = self.texts.get(at.path, ())
        line = lines[at.line - 1] if at.line <= len(lines) else ""
        span = Span(_GENERATED + at.path, at.line, at.column, at.end_line, at.end_column)
        return Related(span, "generated", line if masked(line) == line else "")


def printed_by(name: str, line: int | None, own_templates: Mapping[str, str]) -> Span:
    """The text of a line of the workspace's template."""
    lines = own_templates[name].split("\n")
    if line is None or line > len(lines):
        return Span(_TEMPLATES + name)
    text = lines[line - 1].rstrip()
    return Span(_TEMPLATES + name, line, len(text) - len(text.lstrip()) + 1, line, len(text) + 1)
