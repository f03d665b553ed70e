"""One environment of a workspace, compiled and linked for whoever asks more of it; or why it does not compile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssmd_compiler import __version__, checks
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.link import LinkedEnvironment, link
from ssmd_compiler.lower import lower
from ssmd_compiler.model import bind
from ssmd_compiler.source import FaultKind
from ssmd_compiler.source.workspace import load
from ssmd_compiler.units import Reading, environment

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from ssmd_compiler.diagnostics import Diagnostic
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.source import Tree

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
        self._sources, self.common = self._reading.read()

    @property
    def documents(self) -> Mapping[str, str]:
        """The path of each environment's document, by its name."""
        return self.common.paths["environment"]

    @property
    def unread(self) -> Faulty | None:
        """Why there may be more environments than are known: a folder or a file that cannot be read."""
        faulty = [one for one in self._sources.faults if any(f.kind is not FaultKind.NOT_READ for f in one.faults)]
        found = tuple(one for document in faulty for one in checks.run(document))
        return Faulty(found, self._sources.count) if found else None

    def environment(self, name: str) -> Sound | Faulty:
        """The environment of that name, which there is."""
        path = self.documents[name]
        compiled = environment(self.common, path)
        shared = self._faults_of({path, *compiled.inputs})
        found = tuple(sorted({*compiled.diagnostics, *shared}, key=lambda one: one.order))
        # With an error in what it is made from it would be another one; what may hold a secret is compiled for nobody.
        # A manifest that is wrong is shown, so that one can see where it comes from.
        unsound = any(one.severity is Severity.ERROR for one in shared) or any(one.hidden for one in found)
        if not compiled.outputs or unsound:
            return Faulty(found, len(compiled.inputs))
        linked = link(bind(load(self.tree, path)[0], "Environment"), self.common.shared.reader())
        return Sound(linked, {output.path: output.content for output in compiled.outputs})

    def _faults_of(self, inputs: set[str]) -> list[Diagnostic]:
        """What is found in the documents that an environment is made from."""
        shared = [*self._reading.diagnostics, *(one for unit in self._reading.proven for one in unit.diagnostics)]
        return [one for one in shared if one.span.path in inputs]
