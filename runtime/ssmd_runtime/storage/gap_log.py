"""Writes gap records, durably, into the file of the day."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from ssmd_runtime.reliability.gaps import UNTIL_DATA, Gap
from ssmd_runtime.storage.files import append, check_in_place, data_sync, open_to_append, storage_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ssmd_runtime.storage.layout import DayFiles

__all__ = ["GapLog", "gaps_between", "left_open"]


class GapLog:
    """Appends to the gaps file of whatever day it is told; the file appears with its first record."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._descriptor = -1
        self._size = 0

    def write(self, day: DayFiles, gaps: Sequence[Gap]) -> None:
        """The records, on disk when this returns."""
        if day.gaps != self._path:
            self.close()
            self._descriptor = open_to_append(day.gaps)
            self._size = _cut_torn_line(day.gaps)
            self._path = day.gaps
        block = b"".join(msgspec.json.encode(gap) + b"\n" for gap in gaps)
        append(self._descriptor, block, day.gaps, self._size)
        self._size += len(block)
        data_sync(self._descriptor, day.gaps)

    def check(self) -> None:
        """Raises where the file was removed, replaced or cut by somebody else."""
        if self._path is not None:
            check_in_place(self._descriptor, self._path, self._size)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._path = -1, None


def left_open(path: Path) -> list[Gap]:
    """The gaps of a file that end with the next data and have not ended; what cannot be read is passed over."""
    found: dict[str, Gap] = {}
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    gap = msgspec.json.decode(line, type=Gap)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue
                if gap.to_ts is None and gap.reason in UNTIL_DATA:
                    found[gap.id] = gap
                else:
                    found.pop(gap.id, None)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise storage_error("read", path, problem) from None
    return list(found.values())


def gaps_between(
    path: Path, first_ts: str | None, last_ts: str | None, most: int
) -> tuple[int, list[dict[str, object]]]:
    """How many gap records a file holds for a time, and the first `most` of them; the last line of an id counts."""
    found: dict[str, dict[str, object]] = {}
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    record = msgspec.json.decode(line, type=dict[str, object])
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue
                if _within(record, first_ts, last_ts):
                    found[str(record.get("id"))] = record
    except OSError:
        return 0, []
    return len(found), list(found.values())[:most]


def _within(record: dict[str, object], first_ts: str | None, last_ts: str | None) -> bool:
    """Whether a gap touches the time of a file: it starts before the file's end and ends after its start."""
    starts = str(record.get("from_ts") or record.get("ts") or "")
    ends = str(record.get("to_ts") or record.get("ts") or "")
    return (last_ts is None or starts <= last_ts) and (first_ts is None or ends >= first_ts)


def _cut_torn_line(path: Path) -> int:
    try:
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(path, whole)
    except OSError as problem:
        raise storage_error("read", path, problem) from None
    return whole
