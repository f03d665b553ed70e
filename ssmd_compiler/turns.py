"""Work that several processes share: who is free takes the next turn. A pipe holds the turns, and a read takes one."""

from __future__ import annotations

import os
from struct import Struct
from typing import Final

__all__ = ["MOST", "Turns"]

MOST: Final = 16_384
"""Turns that fit into a pipe of the usual 64 KiB."""
_TURN: Final = Struct("<I")


class Turns:
    """The numbers from 0 to `count` - 1, each taken once, by this process or by a fork of it."""

    def __init__(self, count: int) -> None:
        self._reader, writer = os.pipe()
        try:
            os.write(writer, b"".join(map(_TURN.pack, range(count))))
        finally:
            os.close(writer)

    def take(self) -> int | None:
        """The next turn, or None when all are taken."""
        taken = os.read(self._reader, _TURN.size)
        return int(_TURN.unpack(taken)[0]) if taken else None

    def close(self) -> None:
        os.close(self._reader)
