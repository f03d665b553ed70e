"""Folder stamps taken by a child process, while this one imports and reads; whoever is free takes the next folders."""

from __future__ import annotations

import contextlib
import os
from typing import Final

import msgspec

from ssmd_compiler.cache.stamps import folder_stamps
from ssmd_compiler.turns import Turns, fork

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
        self._child: tuple[int, int] | None = None
        self._turns: Turns | None = None
        if len(names) >= FEWEST and hasattr(os, "fork"):
            with contextlib.suppress(OSError):
                self._turns = Turns(len(names), _AT_ONCE)
                self._child = self._start(self._turns)

    def result(self) -> Stamps:
        """As `folder_stamps` gives them; call it once."""
        if self._turns is None:
            return folder_stamps(self._root, self._names)
        mine = self._taken(self._turns)
        self._turns.close()
        theirs = self._collect(*self._child) if self._child is not None else {}
        # A child that was killed leaves its part to this process.
        return mine | theirs | folder_stamps(self._root, self._names_without(mine, theirs))

    def _names_without(self, mine: Stamps, theirs: Stamps) -> list[str]:
        return [name for name in self._names if name not in mine and name not in theirs]

    def _taken(self, turns: Turns) -> Stamps:
        found: Stamps = {}
        while turn := turns.take():
            found |= folder_stamps(self._root, self._names[turn.start : turn.stop])
        return found

    def _start(self, turns: Turns) -> tuple[int, int]:
        reader, writer = os.pipe()
        try:
            child = fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            raise
        if not child:
            self._serve(turns, writer)
        os.close(writer)
        return child, reader

    def _serve(self, turns: Turns, writer: int) -> None:
        """What the child does, and all that it does."""
        with contextlib.suppress(BaseException):
            content = msgspec.msgpack.encode(self._taken(turns))
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(content)
        os._exit(0)

    def _collect(self, child: int, reader: int) -> Stamps:
        try:
            with os.fdopen(reader, "rb") as pipe:
                return msgspec.msgpack.decode(pipe.read(), type=Stamps)
        except (OSError, msgspec.MsgspecError):
            return {}  # it was killed
        finally:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
