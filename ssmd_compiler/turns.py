"""Work that several processes share: who is free takes the next turn. A pipe holds the turns, and a read takes one."""

from __future__ import annotations

import os
from struct import Struct
from typing import Final

__all__ = ["Turns"]

_TURN: Final = Struct("<I")
_MOST: Final = 16_384
"""Turns that fit into a pipe of the usual 64 KiB."""


class Turns:
    """The numbers from 0 to `count` - 1, some at once, each taken once, by this process or by a fork of it."""

    def __init__(self, count: int, at_once: int = 1) -> None:
        self._count = count
        self._at_once = max(at_once, -(-count // _MOST))
        self._reader, writer = os.pipe()
        try:
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
