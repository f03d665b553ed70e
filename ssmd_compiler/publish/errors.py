"""What a publish says when it cannot go on: one line for a person, with the place, the system's reason and a remedy."""

from __future__ import annotations

import enum
import errno
from dataclasses import dataclass

__all__ = ["Busy", "Overtaken", "Place", "PublishError", "State"]

_REMEDY = {
    errno.EACCES: "check who owns it and what its mode allows",
    errno.EPERM: "check its owner and its attributes",
    errno.EROFS: "publish to a file system that is mounted for writing",
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space or raise the quota",
    errno.EIO: "the disk reports errors: check it before you trust it",
    errno.ENOENT: "let nothing else work on it",
    errno.ELOOP: "replace the symbolic link by what it should be",
    errno.EXDEV: "keep the whole directory on one file system",
}


class State(enum.StrEnum):
    """What has become of the tree, in the words of an error."""

    UNCHANGED = "nothing was changed"
    TORN = "the tree may be torn: `ssmd validate` tells, and the next compile repairs it"
    COMPLETE = "the new tree is complete"


class PublishError(Exception):
    """A publish that did not happen, or, when `torn`, one that stopped half-way and that the seal gives away."""

    def __init__(self, message: str, *, torn: bool = False) -> None:
        super().__init__(message)
        self.torn = torn


class Busy(PublishError):  # noqa: N818 - says what is the matter, as BlockingIOError does
    """Another publisher holds the directory."""


class Overtaken(PublishError):  # noqa: N818 - the same
    """Another publisher has changed the directory since this one's outputs were worked out."""


@dataclass(slots=True)
class Place:
    """Where a publish stands: what it is working on, and what has become of the tree."""

    directory: str
    path: str = ""
    state: State = State.UNCHANGED

    def refuse(self, path: str, why: str) -> PublishError:
        return PublishError(f"{self._shown(path)}: {why} ({self.state})", torn=self.state is State.TORN)

    def explain(self, error: OSError) -> PublishError:
        reason = error.strerror or str(error)
        remedy = _REMEDY.get(error.errno or 0, "see to that")
        return self.refuse(self.path, f"{reason}; {remedy} and compile again")

    def _shown(self, path: str) -> str:
        return f"{self.directory}/{path}" if path else self.directory
