"""Folder stamps taken by a child process, while this one imports and reads; whoever is free takes the next folders."""

from __future__ import annotations

import contextlib
import os
from typing import Final

import msgspec

from ssmd_compiler.cache.stamps import folder_stamps
from ssmd_compiler.forks import Fork, Turns, forked

__all__ = ["Background"]

FEWEST: Final = 100
"""Folders below which a child costs more than it saves."""

_AT_ONCE: Final = 16
"""Folders in a turn."""

Stamps = dict[str, tuple[bytes, int]]


class Background:
    """Stamps of folders, asked for now, wanted later."""

    def __init__(self, root: str, names: list[str]) -> None:
        self._root, self._names = root, names
        self._child: Fork | None = None
        self._turns: Turns | None = None
        if len(names) >= FEWEST and hasattr(os, "fork"):
            with contextlib.suppress(OSError):
                self._turns = Turns(len(names), _AT_ONCE)
                self._child = forked(self._serve)

    def result(self) -> Stamps:
        """As `folder_stamps` gives them; call it once."""
        if self._turns is None:
            return folder_stamps(self._root, self._names)
        mine = self._taken(self._turns)
        self._turns.close()
        found = mine | (self._collect(self._child) if self._child is not None else {})
        # A child that was killed leaves its part to this process.
        return found | folder_stamps(self._root, [name for name in self._names if name not in found])

    def _taken(self, turns: Turns) -> Stamps:
        found: Stamps = {}
        while turn := turns.take():
            found |= folder_stamps(self._root, self._names[turn.start : turn.stop])
        return found

    def _serve(self, writer: int) -> None:
        """What the child does, and all that it does."""
        assert self._turns is not None  # noqa: S101 -- made before the fork
        content = msgspec.msgpack.encode(self._taken(self._turns))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(content)

    def _collect(self, child: Fork) -> Stamps:
        try:
            return msgspec.msgpack.decode(child.said(), type=Stamps)
        except (OSError, msgspec.MsgspecError):
            return {}  # it was killed
        finally:
            child.end()
