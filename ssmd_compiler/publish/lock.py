"""One publisher at a time: a lock on the directory itself, which dies with its holder and leaves no file behind.

Refuses a file system that cannot lock a directory (some network ones), rather than publish without the guarantee.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ssmd_compiler.publish.directories import open_root
from ssmd_compiler.publish.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ssmd_compiler.publish.errors import Place

__all__ = ["locked"]

_PAUSE = 0.02


@contextmanager
def locked(directory: Path, wait: float, place: Place) -> Iterator[int]:
    """A descriptor of the directory, exclusively ours until the block ends."""
    root = open_root(directory, place)
    try:
        _acquire(root, time.monotonic() + wait, wait, place)
        _same(root, directory, place)
        yield root
    finally:
        os.close(root)


def _acquire(root: int, deadline: float, wait: float, place: Place) -> None:
    while not _try(root, place):
        if time.monotonic() >= deadline:
            raise Busy(f"{place.directory}: another compiler has been publishing here for {wait:g} s; try again")
        time.sleep(_PAUSE)


def _try(root: int, place: Place) -> bool:
    try:
        fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise place.refuse("", f"cannot be locked: {error.strerror}; publish to a local file system") from error
    return True


def _same(root: int, directory: Path, place: Place) -> None:
    # Who waited may hold a directory that was meanwhile deleted or replaced, and would publish into nowhere.
    if not os.path.samestat(os.fstat(root), directory.stat(follow_symlinks=False)):
        raise place.refuse("", "was replaced while waiting for it; compile again")
