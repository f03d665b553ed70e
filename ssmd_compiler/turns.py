"""Work that several processes share: who is free takes the next turn. A pipe holds the turns, and a read takes one.

A file would do as well, if the kernel moved the place in it along for one reader at a time; for a memfd it does not.
"""

from __future__ import annotations

import os
import signal
from struct import Struct
from typing import Final

__all__ = ["Turns", "fork"]

_TURN: Final = Struct("<I")
_LEAST: Final = 4096
"""Bytes that any pipe holds; how many more depends on the system, and on what pipes its user has already."""


class Turns:
    """The numbers from 0 to `count` - 1, some at once, each taken once, by this process or by a fork of it."""

    def __init__(self, count: int, at_once: int = 1) -> None:
        self._reader, writer = os.pipe()
        try:
            room = _capacity(writer) // _TURN.size
            self._count, self._at_once = count, max(at_once, -(-count // room))
            os.write(writer, b"".join(map(_TURN.pack, range(0, count, self._at_once))))
        finally:
            os.close(writer)

    def take(self) -> range:
        """The next numbers; none when all are taken."""
        taken = os.read(self._reader, _TURN.size)
        if not taken:
            return range(0)
        first = _TURN.unpack(taken)[0]
        return range(first, min(first + self._at_once, self._count))

    def close(self) -> None:
        os.close(self._reader)


def _capacity(pipe: int) -> int:
    try:
        import fcntl

        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    except (ImportError, AttributeError, OSError):
        return _LEAST


def fork() -> int:
    """As `os.fork`, for work in a command's stead: Ctrl-C goes to all, and the one that began answers it."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
