"""A workspace on disk whose files are known by their stamps: a digest is read off, not worked out, while it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.cache.stamps import NO_STAMP, stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ssmd_compiler.source.tree import DirectoryTree

__all__ = ["StampedTree"]

_MADE: Final = frozenset({".ssmd/", "generated/"})
"""What a first compilation adds to the workspace itself: no source."""


class StampedTree:
    """A `Tree` that remembers which folders were listed, and knows digests by `known`: path -> stamp, sha256."""

    def __init__(self, tree: DirectoryTree, known: Mapping[str, tuple[bytes, str]]) -> None:
        self._tree, self._known = tree, known
        self.listed: dict[str, list[str]] = {}

    @property
    def root(self) -> Path:
        return self._tree.root

    def names(self, folder: str) -> list[str]:
        found = self._tree.names(folder)
        self.listed[folder] = found if folder else [name for name in found if name not in _MADE]
        return found

    def listing(self, folder: str) -> list[str]:
        """The names in `folder`, as they are remembered in `listed`."""
        self.names(folder)
        return self.listed[folder]

    def read(self, path: str) -> bytes:
        return self._tree.read(path)

    def read_unlinked(self, path: str) -> bytes:
        return self._tree.read_unlinked(path)

    def digest(self, path: str) -> str:
        known, digest = self._known.get(path, (NO_STAMP, ""))
        if known != NO_STAMP and stamp_of(f"{self._tree.root}/{path}") == known:
            return digest
        return self._tree.digest(path)
