"""Fixes applied to a tree, as far as they are safe: what is mended, what is not, and why. Nothing is written here.

A fix is kept when compiling with it finds nothing that was not found before. What a later stage finds because an
earlier one went through was there all along: it is no fault of the fix. `generated/` is never touched.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ssmd_compiler import edits
from ssmd_compiler.checks.table import TABLE, code_of
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.generated import FOLDER
from ssmd_compiler.link import LinkedEnvironment
from ssmd_compiler.record import replace
from ssmd_compiler.source import Refused, Tree, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ssmd_compiler.diagnostics import Diagnostic

__all__ = ["Fixed", "Unfixed", "fix"]

MOST_COMPILATIONS: Final = 100
"""After so many the rest is left: fixes that do harm are searched for by halves."""


MOST_TURNS: Final = 4
"""Times that what one fix brings is mended by others."""


@dataclass(frozen=True, slots=True)
class Unfixed:
    """A finding with a fix that was not kept, and why."""

    found: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """The files with their content before and after, how many findings are mended, and what was not."""

    files: Mapping[str, tuple[bytes, bytes]]
    count: int
    unfixed: tuple[Unfixed, ...]


def fix(tree: Tree, options: Options, wanted: Callable[[str], bool]) -> Fixed:
    """Apply the fixes of everything found in the files that are `wanted`, until nothing more can be mended."""
    work = _Work(tree, options, wanted)
    work.run()
    files = {path: (work.before[path], content) for path, content in work.patched.files.items()}
    changed = {path: pair for path, pair in files.items() if pair[0] != pair[1]}
    return Fixed(changed, work.count, tuple(work.unfixed.values()))


@dataclass(frozen=True, slots=True)
class _Patched:
    """A tree in which some files have another content."""

    below: Tree
    files: dict[str, bytes]

    def names(self, folder: str) -> list[str]:
        return self.below.names(folder)

    def read(self, path: str) -> bytes:
        return self.files[path] if path in self.files else self.below.read(path)

    def digest(self, path: str) -> str:
        return sha256(self.files[path]) if path in self.files else self.below.digest(path)

    def read_unlinked(self, path: str) -> bytes:
        return self.files[path] if path in self.files else self.below.read_unlinked(path)


@dataclass(frozen=True, slots=True)
class _Trial:
    """Files with some fixes in them, what they compile to, and what is found there that was not before."""

    files: Mapping[str, bytes]
    taken: tuple[Diagnostic, ...]
    after: Compilation
    harm: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Work:
    """Rounds of: take the fixes there are, compile with them, keep them or find the one that does harm."""

    tree: Tree
    options: Options
    wanted: Callable[[str], bool]
    patched: _Patched = field(init=False)
    before: dict[str, bytes] = field(default_factory=dict)
    count: int = 0
    unfixed: dict[tuple[str, str, str], Unfixed] = field(default_factory=dict)
    compilations: int = 0

    def __post_init__(self) -> None:
        self.patched = _Patched(self.tree, {})

    def run(self) -> None:
        compiled = self._compile({}, None)
        size = len(compiled.diagnostics)
        while batch := self._candidates(compiled)[: max(size, 1)]:
            if self.compilations >= MOST_COMPILATIONS:
                self._leave(batch, "too many fixes do not go together; run it again")
                return
            trial = self._trial(compiled, batch)
            if not trial.taken:
                self._leave(batch, "it does not fit the file")
            elif not trial.harm:
                self.patched.files.update(trial.files)
                self.count += len(trial.taken)
                compiled, size = trial.after, size * 2
            elif len(batch) == 1:
                self._leave(batch, f"it would bring {' and '.join(sorted({one.code for one in trial.harm}))}")
            else:
                size = len(batch) // 2

    def _trial(self, compiled: Compilation, batch: Sequence[Diagnostic]) -> _Trial:
        """A batch applied, and what that brings mended as well where it can be: below a misspelt field all is new."""
        trial = _Trial({}, (), compiled, ())
        for _ in range(MOST_TURNS):
            files, taken = self._applied(batch, trial.files)
            if not taken:
                return trial
            files, all_taken = {**trial.files, **files}, (*trial.taken, *taken)
            after = self._compile(files, compiled)
            trial = _Trial(files, all_taken, after, tuple(_harm(compiled, after, all_taken)))
            keys = set(map(_key, trial.harm))
            batch = [one for one in self._candidates(after) if _key(one) in keys]
            if not batch:
                break
        return trial

    def _compile(self, files: Mapping[str, bytes], last: Compilation | None) -> Compilation:
        self.compilations += 1
        tree = _Patched(self.tree, {**self.patched.files, **files})
        known = last.traces if last is not None else self.options.known
        return compile(tree, replace(self.options, known=known))

    def _candidates(self, compiled: Compilation) -> list[Diagnostic]:
        """The findings with a fix that has not been tried in vain."""
        return [
            one for one in compiled.diagnostics if one.fix and _key(one) not in self.unfixed and self._may_change(one)
        ]

    def _may_change(self, one: Diagnostic) -> bool:
        paths = {edit.span.path for edit in one.fix}
        if one.hidden or not all(map(self.wanted, paths)) or any(path.startswith(f"{FOLDER}/") for path in paths):
            return False
        for path in paths - self.before.keys():
            try:
                self.before[path] = self.tree.read_unlinked(path)
            except (Refused, FileNotFoundError) as problem:
                self._leave([one], getattr(problem, "detail", "the file is gone"))
                return False
        return True

    def _leave(self, batch: Iterable[Diagnostic], reason: str) -> None:
        self.unfixed.update((_key(one), Unfixed(one, reason)) for one in batch)

    def _applied(
        self, batch: Sequence[Diagnostic], tried: Mapping[str, bytes]
    ) -> tuple[dict[str, bytes], list[Diagnostic]]:
        """The files with the fixes of a batch in them, and the findings whose fixes those are."""
        files: dict[str, bytes] = {}
        taken: list[Diagnostic] = []
        by_path: dict[str, list[Diagnostic]] = {}
        for one in batch:
            paths = {edit.span.path for edit in one.fix}
            if len(paths) == 1:
                by_path.setdefault(paths.pop(), []).append(one)
        for path, found in by_path.items():
            text = (tried.get(path) or self.patched.files.get(path, self.before[path])).decode()
            applied = edits.apply(text, [one.fix for one in found])
            files[path] = applied.text.encode()
            taken += (one for index, one in enumerate(found) if index not in applied.dropped)
        return files, taken


def _key(one: Diagnostic) -> tuple[str, str, str]:
    """What a finding is, wherever edits above have moved it."""
    return (one.span.path, one.code, one.message)


def _harm(before: Compilation, after: Compilation, taken: Sequence[Diagnostic]) -> list[Diagnostic]:
    """What is found with the fixes and was not without, except by stages that could not look before."""
    allowed = Counter(map(_key, before.diagnostics))
    harm = []
    for one in after.diagnostics:
        if allowed[_key(one)]:
            allowed[_key(one)] -= 1
        elif not _revealed(one, taken):
            harm.append(one)
    return harm


def _revealed(one: Diagnostic, taken: Sequence[Diagnostic]) -> bool:
    """Whether a finding is of a later stage than what was mended in its file, or else anywhere."""
    here = [fixed for fixed in taken if fixed.span.path == one.span.path] or taken
    return any(_STAGE[one.code] > _STAGE[fixed.code] for fixed in here)


def _stages() -> dict[str, int]:
    """Of each code, how far a document must be right before its check looks at it."""
    order = list(TABLE)
    found: dict[str, int] = {}
    for index, names in enumerate(TABLE.values()):
        depth = index if index < 2 else 2 if index <= order.index(LinkedEnvironment) else 3
        for code in map(code_of, names):
            found[code] = min(found.get(code, depth), depth)
    return found


_STAGE: Final = _stages()
