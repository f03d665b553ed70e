"""Cap'n Proto definitions, read by pycapnp in a process that it may abort.

pycapnp 2.1 to 2.2.4 ends its process at an invalid schema; older and newer ones raise. Either way the verdict is the
compiler's own line and message. An `import` finds another definition of the workspace or a standard /capnp/ file, by
its name alone; anything else is a flaw, and so is `embed`: no file is opened that was not given.
"""

from __future__ import annotations

import re
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from ssmd_compiler.definitions.capnp_draft import Draft
from ssmd_compiler.definitions.capnp_tokens import scan
from ssmd_compiler.definitions.declared import decode
from ssmd_compiler.definitions.isolation import Reader, installed
from ssmd_compiler.definitions.names import find, why_lost
from ssmd_compiler.definitions.text import MAX_FLAWS, look, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ssmd_compiler.definitions.declared import Answer
    from ssmd_compiler.definitions.isolation import Outcome
    from ssmd_compiler.definitions.model import Definition, Flaw, Parsed

__all__ = ["parse"]

_FAILED = re.compile(r"\bf(\d{1,9})\.capnp:(\d{1,9}): failed: (.*)")
# What pycapnp ships, so that a schema which compiles here does so for everyone.
_STANDARD = {f"/capnp/{name}.capnp" for name in ("c++", "persistent", "rpc", "rpc-twoparty", "schema", "stream")}
_NOWHERE = -1
_EMBED = "`embed` reads another file, which a definition may not"
_PATIENCE = 2.0  # seconds after which no more flaws are looked for; what was told by then stands


def parse(definitions: Sequence[Definition]) -> list[Parsed]:
    """Every definition with its flaws, or what it declares: its records are the top-level structs, in order."""
    reading = _Reading(definitions)
    reading.link()
    reading.compile()
    return [reading.result(index) for index in range(len(definitions))]


class _Verdict(NamedTuple):
    """The compiler's one complaint: which file, which line, what."""

    file: int
    line: int
    message: str


class _Reading:
    """All the definitions of one run, by index."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self._definitions = definitions
        self._flaws: dict[int, tuple[Flaw, ...]] = {}  # of those not even scanned
        self._drafts: dict[int, Draft] = {}
        self._imports: dict[int, set[int]] = {}
        self._answers: dict[int, Answer] = {}
        self._silent: dict[int, str] = {}  # ended without a verdict: why
        for index, definition in enumerate(definitions):
            text, self._flaws[index] = look(definition)
            if not self._flaws[index]:
                self._drafts[index] = Draft(definition.path, scan(text))

    def link(self) -> None:
        """Replace the names of imports by the names of copies, and leave out whatever cannot be compiled."""
        paths = {self._definitions[index].path: index for index in reversed(self._drafts)}
        sound = set()
        for index, draft in self._drafts.items():
            self._imports[index] = set(_link(draft, paths))
            if draft.scan.tokens and not draft.scan.broken and _NOWHERE not in self._imports[index]:
                sound.add(index)
        while stuck := {index for index in sound if self._imports[index] - sound}:
            sound -= stuck
        self._sound = sorted(sound)

    def compile(self) -> None:
        """Read all, mend what was flawed, and read that again, until nothing new is told."""
        if not self._sound:
            return
        if not installed("capnp"):
            self._silent.update(dict.fromkeys(self._sound, "pycapnp is not installed"))
            return
        with Reader("capnp") as reader:
            pending, changed, deadline = self._sound, set(self._sound), monotonic() + _PATIENCE
            for _ in range(MAX_FLAWS):
                for index in changed:
                    reader.lay(_copy(index), self._drafts[index].render())
                outcomes = reader.ask([_copy(index) for index in pending])
                verdicts = [self._verdict(index, outcome) for index, outcome in zip(pending, outcomes, strict=True)]
                changed = self._tell({verdict for verdict in verdicts if verdict})
                pending = [
                    i for i, verdict in zip(pending, verdicts, strict=True) if verdict and verdict.file in changed
                ]
                if not pending or monotonic() > deadline:
                    return

    def result(self, index: int) -> Parsed:
        flaws = list(self._flaws[index])
        if draft := self._drafts.get(index):
            flaws += draft.flaws
            if index in self._silent and not flaws and not self._imports_flaws(index):
                flaws.append(draft.scan.text.flaw_on(1, self._silent[index]))
        files = {_copy(other): self._definitions[other] for other in self._reached(index)}
        return parsed(self._definitions[index], flaws, self._answers.get(index), files)

    def _verdict(self, index: int, outcome: Outcome) -> _Verdict | None:
        if outcome.code == 0 and (answer := decode(outcome.out)):
            self._answers[index] = answer
            return None
        # The last complaint counts: those before it only pass it on, as "internal compiler bug".
        for file, line, message in reversed(_FAILED.findall(outcome.err)):
            if int(file) in self._drafts:
                return _Verdict(int(file), int(line) + 1, message.strip())  # its lines count from 0
        said = outcome.err.partition("\n")[0] or outcome.ended
        self._silent[index] = f"no verdict from the Cap'n Proto compiler: {said}"
        return None

    def _tell(self, verdicts: set[_Verdict]) -> set[int]:
        """Hand every verdict to the file that it blames; which files were mended."""
        return {file for file, line, message in sorted(verdicts) if self._drafts[file].tell(line, message)}

    def _imports_flaws(self, index: int) -> bool:
        """Whether a file that this one reads, however indirectly, is told to be flawed itself."""
        return any(self._drafts[other].flaws for other in self._reached(index) - {index})

    def _reached(self, index: int) -> set[int]:
        reached, ahead = {index}, [index]
        while ahead:
            new = self._imports.get(ahead.pop(), set()) - reached - {_NOWHERE}
            reached |= new
            ahead += new
        return reached


def _copy(index: int) -> str:
    return f"f{index}.capnp"


def _link(draft: Draft, paths: dict[str, int]) -> Iterator[int]:
    """The definitions that a file imports, or _NOWHERE for a name that leads to none."""
    tokens = draft.scan.tokens
    for index, (word, name) in enumerate(pairwise(tokens)):
        if word.kind != "name" or word.text not in {"import", "embed"} or name.kind not in {"string", "raw"}:
            continue
        target = name.text[1:-1] if name.kind == "string" else name.text[1:]
        if word.text == "import" and target in _STANDARD:
            continue
        found = find(draft.path, target, paths) if word.text == "import" else None
        if found is not None:
            draft.words[index + 1] = f'"{_copy(found)}"'
            yield found
            continue
        yield _NOWHERE
        if len(draft.flaws) < MAX_FLAWS:
            why = why_lost(draft.path, target, paths) if word.text == "import" else _EMBED
            draft.flaws.append(draft.scan.text.flaw(name.start, name.end, why))
