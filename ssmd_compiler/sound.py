"""One environment of a workspace, compiled and linked for whoever asks more of it; or why it does not compile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssmd_compiler import __version__
from ssmd_compiler.link import LinkedEnvironment, link
from ssmd_compiler.lower import lower
from ssmd_compiler.model import bind
from ssmd_compiler.source.workspace import load
from ssmd_compiler.units import Reading, environment

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from ssmd_compiler.diagnostics import Diagnostic
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.source import Tree
    from ssmd_compiler.units import Common

__all__ = ["Faulty", "Sound", "Workspace"]


@dataclass(frozen=True, slots=True)
class Sound:
    """An environment that compiles: linked, and its files by their paths under `generated/`."""

    linked: LinkedEnvironment
    outputs: Mapping[str, bytes]

    @property
    def lowered(self) -> Lowered:
        feed, version = self.linked.sound_feed, self.linked.version
        assert feed is not None  # noqa: S101 -- or there would be no outputs
        assert version is not None  # noqa: S101 -- as above
        return lower(self.linked, feed, version, inputs_sha256="", compiler=__version__)


@dataclass(frozen=True, slots=True)
class Faulty:
    """Why it does not compile, and how many documents were looked at."""

    diagnostics: tuple[Diagnostic, ...]
    checked: int


class Workspace:
    """The sources of a tree, read once. Schema definitions are not parsed: nothing here depends on them."""

    def __init__(self, tree: Tree, as_of: datetime.date) -> None:
        self.tree = tree
        self._reading = Reading(tree, as_of, {})
        self.common: Common = self._reading.read()[1]

    @property
    def documents(self) -> Mapping[str, str]:
        """The path of each environment's document, by its name."""
        return self.common.paths["environment"]

    def environment(self, name: str) -> Sound | Faulty:
        """The environment of that name, which there is."""
        path = self.documents[name]
        compiled = environment(self.common, path)
        faults = self._faults(compiled.diagnostics, {path, *compiled.inputs})
        # What may hold a secret is compiled for nobody, though there is something to show.
        if not compiled.outputs or any(fault.hidden for fault in faults):
            return Faulty(faults, len(compiled.inputs))
        linked = link(bind(load(self.tree, path)[0], "Environment"), self.common.shared.reader())
        return Sound(linked, {output.path: output.content for output in compiled.outputs})

    def _faults(self, found: tuple[Diagnostic, ...], inputs: set[str]) -> tuple[Diagnostic, ...]:
        """Its findings, and those of what it is made from."""
        shared = [*self._reading.diagnostics, *(one for unit in self._reading.proven for one in unit.diagnostics)]
        return tuple(sorted({*found, *(one for one in shared if one.span.path in inputs)}, key=lambda one: one.order))
