"""The file that is being written: one trading day's, until it is sealed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from ssmd_runtime.storage.files import (
    StorageError,
    append,
    check_in_place,
    data_sync,
    open_to_append,
    storage_error,
    sync_directory,
)
from ssmd_runtime.storage.inspection import Contents

if TYPE_CHECKING:
    from pathlib import Path

    from ssmd_runtime.storage.layout import DayFiles

__all__ = ["Segment"]


class Segment:
    """An open file of whole records; `size` in bytes. Never used after `seal` but by who seals it."""

    def __init__(self, day: DayFiles, path: Path, contents: Contents | None = None) -> None:
        self.day = day
        self.path = path
        self.contents = contents or Contents()
        self.descriptor = open_to_append(path)
        self.size = os.fstat(self.descriptor).st_size
        self._syncing = threading.Lock()
        self._unsynced: StorageError | None = None

    def append(self, block: bytes) -> None:
        """A block of whole records, all of it or nothing."""
        append(self.descriptor, block, self.path, self.size)
        self.size += len(block)

    def count(self, records: int, first: str, last: str) -> None:
        """Notes what was appended: so many records, received between `first` and `last`."""
        contents = self.contents
        contents.records += records
        contents.first_ts = contents.first_ts or first
        contents.last_ts = last

    def sync(self) -> None:
        """fdatasync, from any thread. Once it has failed it fails for ever: the kernel tells each failure only once."""
        with self._syncing:
            if self._unsynced is not None:
                raise self._unsynced
            try:
                data_sync(self.descriptor, self.path)
            except StorageError as problem:
                self._unsynced = problem
                raise

    def check(self) -> None:
        """Raises where the file was removed, replaced or cut by somebody else; no sync succeeds afterwards."""
        try:
            check_in_place(self.descriptor, self.path, self.size)
        except StorageError as problem:
            with self._syncing:
                self._unsynced = self._unsynced or problem
            raise

    def seal(self) -> Path:
        """Makes the content durable, then gives the file its sealed name, durably; the descriptor stays open."""
        self.sync()
        sealed = self.day.next_sealed(compressed=self.path.suffix == ".zst")
        try:
            self.path.rename(sealed)
            sync_directory(sealed.parent)
        except OSError as problem:
            raise storage_error("seal", self.path, problem) from None
        return sealed

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1
