"""The stage of generated manifests: their flaws, and the sources that they are to be told at.

A flaw stands in a generated file that nobody edits, and that is not on disk while there is an error. So it is told at
the workspace's template that printed it, or at the environment, with the generated line in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics import Related, Span
from ssmd_compiler.emit import template_of
from ssmd_compiler.manifests import Flaw, FlawKind, Vocabulary, findings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ssmd_compiler.emit import Output
    from ssmd_compiler.model import Settings

__all__ = ["Manifests", "Told"]

_TEMPLATES: Final = "templates/"


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
    """The flaws of generated manifests. `source`: the document that they were made from."""

    flaws: tuple[Flaw, ...]
    own_templates: Collection[str]
    source: str

    @classmethod
    def of(
        cls, outputs: Iterable[Output], own_templates: Collection[str], source: str, settings: Settings, *, all_: bool
    ) -> Manifests:
        """What is wrong with `outputs`: with all of them, or with those that the workspace's own templates made."""
        proven = (output for output in outputs if all_ or template_of(output.path) in own_templates)
        vocabulary = Vocabulary(settings.metrics.foreign, frozenset(settings.metrics.labels))
        return cls(tuple(findings(proven, vocabulary)), own_templates, source)

    def told(self, *kinds: FlawKind) -> Iterator[Told]:
        """The flaws of these kinds."""
        for flaw in self.flaws:
            template = template_of(flaw.at.path)
            if flaw.kind not in kinds:
                continue
            own = template in self.own_templates
            # SSMD807 tells when one's own template prints what is no document at all.
            if not (own and flaw.kind is FlawKind.UNREADABLE):
                source = Span(self.source)
                at = Span(_TEMPLATES + template) if own else source
                related = (Related(source, "compiled for this"),) if own else ()
                yield Told(flaw, at, f"line {flaw.at.line} of `{flaw.at.path}`", related)
