"""Work that several processes share: forks of this one, and turns, of which whoever is free takes the next.

A pipe holds the turns, and a read takes one. A file would do as well, if the kernel moved the place in it along for one
reader at a time; for a memfd it does not.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fork", "Turns", "forked"]

_TURN: Final = Struct("<I")
_CHUNK: Final = 1 << 20
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


@dataclass(slots=True)
class Fork:
    """Another process that does a part of a command's work, and the pipe by which it tells of it."""

    pid: int
    reader: int

    def said(self) -> bytes:
        """All that it has to say, once it has said it."""
        found = bytearray()
        while more := os.read(self.reader, _CHUNK):
            found += more
        return bytes(found)

    def end(self) -> None:
        """End it: it has nothing more to say, or nobody listens any more."""
        os.close(self.reader)
        with suppress(ChildProcessError):  # somebody has asked the system to forget children at once
            if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


def forked(serve: Callable[[int], None]) -> Fork:
    """A fork that does `serve`, with the end of a pipe to write to, and nothing else. Raises OSError.

    It never hears Ctrl-C, which goes to all: the process that began answers it. What `serve` raises ends it in silence.
    """
    reader, writer = os.pipe()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    if not pid:
        with suppress(BaseException):
            os.close(reader)
            serve(writer)
        os._exit(0)
    os.close(writer)
    return Fork(pid, reader)
