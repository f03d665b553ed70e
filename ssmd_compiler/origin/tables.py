"""Each place of an environment's sources changed, and what follows seen: a table of who makes which line of a file.

Nothing in the pipeline is annotated: a normal compilation pays nothing for this, and it cannot say other than what is
so. The cost is one compilation of one environment, without checks, for each value and entry of its sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ssmd_compiler.emit import TemplateFault
from ssmd_compiler.lower import lower
from ssmd_compiler.origin.alignment import lines_of, touched
from ssmd_compiler.origin.result import Fact
from ssmd_compiler.origin.variants import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.origin.places import Place
    from ssmd_compiler.origin.rendering import Files, Recorder
    from ssmd_compiler.origin.subject import Subject

__all__ = ["Comparison", "Table", "files_of", "tables"]

_FACTS: Final = {Fact.INPUTS: ("1" * 64, "0"), Fact.COMPILER: ("0" * 64, "1")}
"""What is compiled with in the place of the digest of the inputs and of the compiler's version."""


@dataclass(frozen=True, slots=True)
class Table:
    """Of one file: for each line, from 0, the places that make it and the fewest lines each makes; and the facts."""

    text: str
    places: dict[int, dict[Place, int]] = field(default_factory=dict)
    facts: dict[int, list[Fact]] = field(default_factory=dict)
    joint: dict[int, dict[Place, int]] = field(default_factory=dict)
    """The same of places that make a line only together."""

    def numbers(self, wanted: Collection[int] | None) -> Collection[int]:
        """The wanted lines; all of them when none is named."""
        return wanted if wanted is not None else range(len(lines_of(self.text)))

    def explained(self, line: int) -> bool:
        """Whether a place or a fact makes the line, and not the whole file."""
        whole = len(lines_of(self.text))
        return line in self.facts or any(count < whole for count in self.places.get(line, {}).values())

    def note(self, place: Place, changed: Collection[int]) -> None:
        for line in changed:
            known = self.places.setdefault(line, {})
            known[place] = min(len(changed), known.get(place, len(changed)))


def files_of(
    linked: LinkedEnvironment, recorder: Recorder, *, digest: str = "0" * 64, compiler: str = "0"
) -> Files | None:
    """What an environment emits; None when it cannot be lowered."""
    if linked.sound_feed is None or linked.version is None:
        return None
    try:
        lowered = lower(linked, linked.sound_feed, linked.version, inputs_sha256=digest, compiler=compiler)
        return recorder.files(lowered)
    except Exception:  # noqa: BLE001 -- no check has looked at a variant: what no stage promises to take tells nothing
        return None


def tables(
    subject: Subject,
    recorder: Recorder,
    asked: Mapping[str, Collection[int] | None],
    spelled: Callable[[str], bool] | None = None,
) -> dict[str, Table]:
    """Who makes the lines asked for (None: all) of each file, all of which the environment emits.

    With `spelled`, only names and values of which it holds are tried, which is quick and finds little else.
    """
    base = files_of(subject.linked, recorder)
    if base is None or not asked:
        return {}
    found = [Comparison(base, path, lines) for path, lines in asked.items()]
    for batch in batches(subject, spelled):
        together = _files(batch.together, recorder)
        if together is None and len(batch.variants) == 1:
            continue
        if together is None or any(comparison.matters(together) for comparison in found):
            for variant in batch.variants:
                files = together if len(batch.variants) == 1 else _files(variant.linked, recorder)
                for comparison in found:
                    changed = comparison.changed(files, renames=variant.renames) if files is not None else ()
                    comparison.table.note(variant.place, changed)
    for fact, (digest, compiler) in _FACTS.items():
        files = files_of(subject.linked, recorder, digest=digest, compiler=compiler)
        for comparison in found:
            for line in comparison.changed(files) if files is not None else ():
                comparison.table.facts.setdefault(line, []).append(fact)
    return {comparison.path: comparison.table for comparison in found}


def _files(otherwise: Callable[[], LinkedEnvironment | None], recorder: Recorder) -> Files | None:
    linked = otherwise()
    return files_of(linked, recorder) if linked is not None else None


class Comparison:
    """One file as it is, against the same file of other compilations."""

    def __init__(self, base: Files, path: str, lines: Collection[int] | None) -> None:
        self._asked = frozenset(lines) if lines is not None else None
        self.path, self.table = path, Table(base.text(path))
        self._turn, self._count = list(base.contents).index(path), len(base.contents)

    @property
    def text(self) -> str:
        return self.table.text

    def changed(self, files: Files, *, renames: bool = False) -> Sequence[int]:
        """The lines that are no longer there, or not as they were; every one when the file is gone."""
        path = self._path_in(files, renames=renames)
        if path is None:
            return range(len(lines_of(self.text)))
        try:
            text = files.text(path)
        except TemplateFault:
            return ()
        return touched(self.text, text) if text != self.text else ()

    def matters(self, files: Files) -> bool:
        """Whether a line that was asked for is no longer there as it was."""
        changed = self.changed(files, renames=True)
        return bool(changed) and (self._asked is None or not self._asked.isdisjoint(changed))

    def _path_in(self, files: Files, *, renames: bool) -> str | None:
        """The same file, by its turn where what its name is made of was changed."""
        if self.path in files.contents:
            return self.path
        return list(files.contents)[self._turn] if renames and len(files.contents) == self._count else None
