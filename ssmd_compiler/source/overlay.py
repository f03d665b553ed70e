"""A tree in which one file is another: what an editor holds unsaved, in the place of what is on disk.

Everything else is the tree below. The limits of a file hold for this one as for any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssmd_compiler.source.faults import FaultKind
from ssmd_compiler.source.limits import MAX_FILE_BYTES
from ssmd_compiler.source.tree import Refused, Tree, sha256

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["OverlayTree", "read_bounded"]


def read_bounded(stream: BinaryIO) -> bytes:
    """All of a stream; of one that is too large, just enough to see that it is."""
    content = b""
    while len(content) <= MAX_FILE_BYTES and (more := stream.read(MAX_FILE_BYTES + 1 - len(content))):
        content += more
    return content


@dataclass(frozen=True, slots=True)
class OverlayTree:
    """`below`, with `content` at `path`, whether or not there is a file."""

    below: Tree
    path: str
    content: bytes

    def names(self, folder: str) -> list[str]:
        prefix = f"{folder}/" if folder else ""
        names = self.below.names(folder)
        if not self.path.startswith(prefix):
            return names
        head, slash, _ = self.path[len(prefix) :].partition("/")
        return sorted({*names, f"{head}{slash}"})

    def read(self, path: str) -> bytes:
        if path != self.path:
            return self.below.read(path)
        if len(self.content) > MAX_FILE_BYTES:
            raise Refused(FaultKind.TOO_LARGE, f"more than {MAX_FILE_BYTES}")
        return self.content

    def digest(self, path: str) -> str:
        return self.below.digest(path) if path != self.path else sha256(self.read(path))

    def read_unlinked(self, path: str) -> bytes:
        return self.below.read_unlinked(path) if path != self.path else self.read(path)
