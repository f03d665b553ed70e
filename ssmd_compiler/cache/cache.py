"""The cache's face: compare the workspace with the last compilation, and keep what a compilation found out."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from ssmd_compiler.cache import stamps, store
from ssmd_compiler.cache.background import Background
from ssmd_compiler.cache.tree import StampedTree
from ssmd_compiler.diagnostics import Diagnostic
from ssmd_compiler.lock import FILE, Group, Lock, LockError, read_lock
from ssmd_compiler.source.tree import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.compiler import Compilation
    from ssmd_compiler.source.tree import DirectoryTree
    from ssmd_compiler.units import Traces

__all__ = ["Cache", "Comparison", "Proof"]

GENERATED: Final = "generated"
_INDEX: Final = "index"
_TRACES: Final = "traces"
_LONGEST_WAIT: Final = 0.1
"""Seconds to wait for the file system's clock to tick, so that what was just written has a stamp."""


class Index(msgspec.Struct, frozen=True, array_like=True):
    """What the workspace looked like when all was compiled and published."""

    compiler: str
    root: tuple[int, int]
    as_of: str
    mode: str
    listed: dict[str, list[str]]
    """Folder -> the names in it, of each folder that was looked through."""
    sources: dict[str, tuple[bytes, str]]
    """Source -> its stamp, and its sha256."""
    folders: dict[str, bytes]
    """Folder of `generated/` -> the stamp of its files."""
    checked: int
    outputs: int
    environments: tuple[str, ...]
    findings: bytes
    """The warnings, as MessagePack."""
    proof: bytes = b""
    """What `validate` had to say of that very state, as MessagePack."""


class Proof(msgspec.Struct, frozen=True, array_like=True):
    """What was found in the sources and in `generated/`, the files of what is allowed, and how many were checked."""

    found: tuple[Diagnostic, ...]
    allowed: tuple[str, ...]
    checked: int


@dataclass
class Comparison:
    """The workspace beside the last compilation."""

    tree: StampedTree
    as_of: str
    mode: str
    compiler: str
    began: int = 0
    """The file system's time before anything was read; 0 where it cannot be had."""
    index: Index | None = None
    folder: Background | None = field(default=None, repr=False)
    stored: bytes | None = field(default=None, repr=False)

    @cached_property
    def same_sources(self) -> bool:
        """Whether every folder that was looked through, and every source, is as it was."""
        index = self.index
        if index is None or (index.as_of, index.mode) != (self.as_of, self.mode):
            return False
        try:
            return all(self.tree.listing(folder) == names for folder, names in index.listed.items()) and all(
                self.tree.digest(path) == digest for path, (_, digest) in index.sources.items()
            )
        except (Refused, OSError):
            return False  # what cannot be read any more is told by compiling

    @cached_property
    def intact(self) -> frozenset[str]:
        """The folders of `generated/` in which no file has changed since."""
        index = self.index
        if index is None or self.folder is None:
            return frozenset()
        found = self.folder.result()
        known = index.folders.items()
        return frozenset(name for name, held in known if held and name in found and found[name][0] == held)

    @property
    def nothing_to_do(self) -> bool:
        """Whether compiling would find and write what is there already."""
        return self.same_sources and self.index is not None and self.intact == self.index.folders.keys()

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What the last compilation had to say."""
        found = self.index.findings if self.index is not None else b""
        return msgspec.msgpack.decode(found, type=tuple[Diagnostic, ...]) if found else ()

    @property
    def proof(self) -> Proof | None:
        """What `validate` had to say, if it was asked."""
        found = self.index.proof if self.index is not None else b""
        return msgspec.msgpack.decode(found, type=Proof) if found else None

    def known(self) -> Traces:
        """What need not be compiled again, if its answers still hold: of environments, those whose files are intact."""
        from ssmd_compiler.cache.records import restored

        if self.index is None or self.stored is None:
            return {}
        groups = self._groups() if "" in self.intact else {}
        return restored(self.stored, groups)

    def _groups(self) -> dict[str, Group]:
        try:
            lock = read_lock(self.tree.read_unlinked(f"{GENERATED}/{FILE}"))
        except (OSError, LockError, Exception):  # noqa: BLE001 -- whatever is wrong with it, it is not to be relied on
            return {}
        return {group.environment: group for group in lock.groups if group.environment in self.intact}


class Cache:
    """The cache of one workspace. Where it cannot be read or written there is none, and nothing else changes."""

    def __init__(self, tree: DirectoryTree, *, use: bool = True) -> None:
        self._tree, self._use = tree, use

    def compare(self, as_of: str, mode: str = "") -> Comparison:
        """Look at the disk. `mode` is whatever else a compilation depends on."""
        plain = Comparison(StampedTree(self._tree, {}), as_of, mode, "")
        if not self._use:
            return plain
        plain.began, plain.compiler = stamps.some_time_ago(), store.identity()
        try:
            with store.opened(self._tree.root) as folder:
                return self._compare(plain, folder)
        except OSError:
            return plain

    def _compare(self, plain: Comparison, folder: int) -> Comparison:
        plain.began = stamps.clock(folder)
        content = store.read(folder, _INDEX)
        try:
            index = msgspec.msgpack.decode(content or b"", type=Index)
        except (msgspec.MsgspecError, ValueError):
            return plain
        if index.compiler != plain.compiler or index.root != self._root():
            return plain
        plain.index, plain.stored = index, store.read(folder, _TRACES)
        plain.tree = StampedTree(self._tree, index.sources)
        plain.folder = Background(f"{self._tree.root}/{GENERATED}", list(index.folders))
        return plain

    def keep(self, before: Comparison, compiled: Compilation) -> None:
        """Remember a compilation that was published, and that `before` was taken for."""
        if not self._use or not before.began:
            return
        with contextlib.suppress(OSError), store.opened(self._tree.root, make=True) as folder:
            from ssmd_compiler.cache.records import packed

            store.write(folder, _TRACES, packed(compiled.traces))
            index = self._index(before, compiled, folder)
            store.write(folder, _INDEX, msgspec.msgpack.encode(index))

    def keep_proof(self, before: Comparison, compiled: Compilation, proof: Proof) -> None:
        """Remember what was found in a workspace in which there is nothing to do.

        Not so when a source was edited since `before` was taken: what was found is then not about that state.
        """
        if before.index is None:
            return
        sources = dict(self._sources(compiled.lock, before.began))
        if before.tree.listed != before.index.listed or _digests(sources) != _digests(before.index.sources):
            return
        with contextlib.suppress(OSError), store.opened(self._tree.root, make=True) as folder:
            from ssmd_compiler.cache.records import packed

            store.write(folder, _TRACES, packed(compiled.traces))
            index = msgspec.structs.replace(before.index, sources=sources, proof=msgspec.msgpack.encode(proof))
            store.write(folder, _INDEX, msgspec.msgpack.encode(index))

    def _index(self, before: Comparison, compiled: Compilation, folder: int) -> Index:
        return Index(
            compiler=before.compiler,
            root=self._root(),
            as_of=before.as_of,
            mode=before.mode,
            listed=before.tree.listed,
            sources=dict(self._sources(compiled.lock, before.began)),
            folders=self._folders(before, compiled, folder),
            checked=compiled.checked,
            outputs=sum(len(group.outputs) for group in compiled.lock.groups) + 1,
            environments=compiled.environments,
            findings=msgspec.msgpack.encode(compiled.diagnostics) if compiled.diagnostics else b"",
        )

    def _root(self) -> tuple[int, int]:
        status = self._tree.root.stat()
        return status.st_dev, status.st_ino

    def _sources(self, lock: Lock, began: int) -> Iterator[tuple[str, tuple[bytes, str]]]:
        """A source that was at rest when reading began was read as it is now."""
        for path, digest in lock.inputs.items():
            try:
                status = os.stat(f"{self._tree.root}/{path}")  # noqa: PTH116 -- a Path costs ten times this
            except OSError:
                continue
            yield path, (stamps.stamp(status) if stamps.at_rest(status, began) else stamps.NO_STAMP, digest)

    def _folders(self, before: Comparison, compiled: Compilation, folder: int) -> dict[str, bytes]:
        """The stamps of what was just published, once the clock has moved on."""
        made = {path.partition("/")[0] if "/" in path else "" for path in compiled.outputs} | {""}
        known = before.index.folders if before.index is not None else {}
        names = {path.rpartition("/")[0] for group in compiled.lock.groups for path in group.outputs} | {""}
        kept = {name: known[name] for name in names - made if name in before.intact}
        return {**kept, **_stamped(f"{self._tree.root}/{GENERATED}", sorted(names - kept.keys()), folder)}


def _digests(sources: dict[str, tuple[bytes, str]]) -> dict[str, str]:
    return {path: digest for path, (_, digest) in sources.items()}


def _stamped(root: str, names: list[str], clock_folder: int) -> dict[str, bytes]:
    """The stamps of folders: at once of those at rest when we began, a moment later of what was just put in place."""
    began = stamps.clock(clock_folder)
    found = Background(root, names).result()
    held = {name: stamp for name, (stamp, latest) in found.items() if latest + stamps.tick(began) < began}
    hasty = found.keys() - held.keys()
    if not hasty:
        return held
    now = stamps.clock(clock_folder)
    wait = (max(found[name][1] for name in hasty) + stamps.tick(now) - now) / 1e9 + 0.001
    if wait > _LONGEST_WAIT:
        return {**held, **dict.fromkeys(hasty, stamps.NO_STAMP)}
    time.sleep(max(wait, 0))
    again = stamps.folder_stamps(root, hasty)
    return held | {
        name: stamp if (stamp, latest) == found[name] else stamps.NO_STAMP for name, (stamp, latest) in again.items()
    }
