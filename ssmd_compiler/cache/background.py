"""Folder stamps taken by a child process, while this one imports and reads: on two processors they cost no time."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Final

import msgspec

from ssmd_compiler.cache.stamps import folder_stamps

__all__ = ["Background"]

FEWEST: Final = 100
"""Folders below which a child costs more than it saves."""


class Background:
    """Stamps of folders, asked for now, wanted later."""

    def __init__(self, root: str, names: list[str]) -> None:
        self._root, self._names = root, names
        self._child = self._start() if len(names) >= FEWEST and hasattr(os, "fork") else None

    def result(self) -> dict[str, tuple[bytes, int]]:
        """As `folder_stamps` gives them; call it once."""
        if self._child is not None:
            try:
                return self._collect(*self._child)
            except (OSError, msgspec.MsgspecError):
                pass  # the child was killed: do its work here
        return folder_stamps(self._root, self._names)

    def _start(self) -> tuple[int, int] | None:
        reader, writer = os.pipe()
        try:
            child = os.fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            return None
        if not child:
            self._serve(writer)
        os.close(writer)
        return child, reader

    def _serve(self, writer: int) -> None:
        """What the child does, and all that it does."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with contextlib.suppress(BaseException), os.fdopen(writer, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode(folder_stamps(self._root, self._names)))
        os._exit(0)

    def _collect(self, child: int, reader: int) -> dict[str, tuple[bytes, int]]:
        try:
            with os.fdopen(reader, "rb") as pipe:
                return msgspec.msgpack.decode(pipe.read(), type=dict[str, tuple[bytes, int]])
        finally:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
