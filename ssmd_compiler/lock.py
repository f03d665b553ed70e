"""ssmd.lock.json: what `generated/` holds, from which inputs, by which compiler, as of which date.

It is the seal of a publication: written last, and a tree whose files differ from it was not finished. It also says
which files ssmd owns; whatever it does not name is somebody else's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["FILE", "Group", "Lock", "LockError", "ordered", "read_lock"]

FILE: Final = "ssmd.lock.json"
API_VERSION: Final = "ssmd.lock/v1"


class LockError(ValueError):
    """A lock file that cannot be understood: torn, edited, or of a newer ssmd."""


class Group(msgspec.Struct, frozen=True):
    """The files generated for one environment (None: for the workspace), and the inputs they came from."""

    environment: str | None
    inputs: tuple[str, ...]
    outputs: dict[str, str]


class Lock(msgspec.Struct, frozen=True):
    """The whole record. Paths are relative to the workspace (inputs) and to `generated/` (outputs)."""

    compiler: str
    as_of: str
    inputs: dict[str, str]
    groups: tuple[Group, ...]
    api_version: str = msgspec.field(name="apiVersion", default=API_VERSION)

    @property
    def outputs(self) -> dict[str, str]:
        """sha256 of every output, by path."""
        return {path: digest for group in self.groups for path, digest in group.outputs.items()}

    def beyond(self, other: Lock) -> set[str]:
        """The outputs that this lock has and `other` has not."""
        same = {id(group) for group in other.groups}
        changed = {path for group in self.groups if id(group) not in same for path in group.outputs}
        return changed - other.outputs.keys() if changed else changed

    def encode(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def same_but_date(self, other: Lock) -> bool:
        """Whether both seal the same inputs and outputs, compiled on whatever day."""
        return msgspec.structs.replace(self, as_of="") == msgspec.structs.replace(other, as_of="")

    def with_groups_of(self, old: Lock, environments: Collection[str]) -> Lock:
        """This lock for `environments` and the workspace, `old` for every other environment it knows."""
        mine = {group.environment: group for group in self.groups if group.environment in {*environments, None}}
        kept = {group.environment: group for group in old.groups if group.environment not in mine}
        merged = {**kept, **mine}
        return msgspec.structs.replace(self, groups=ordered(merged.values()))


def ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    """By environment, the workspace's own last."""
    return tuple(sorted(groups, key=lambda group: (group.environment is None, group.environment or "")))


@lru_cache(maxsize=1)
def read_lock(content: bytes) -> Lock:
    """The lock in `content`. Raises `LockError`. The same bytes give the same object, so that `is` can tell."""
    try:
        lock = msgspec.json.decode(content, type=Lock)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise LockError(f"it is not a lock file: {problem}") from None
    if lock.api_version != API_VERSION:
        raise LockError("it was written by another major version of ssmd")
    return lock
