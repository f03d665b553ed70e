"""Appends lines durably: one file a trading day and feed, sealed by day and by size. No thread and no event loop.

    append(block)   on its way: written to the file, or gathered for the next compressed frame
    sync_point()    what a sync makes durable, to be carried out anywhere (`SyncPoint.sync`), then told with `durable`

Acknowledged means `durable_records`: everything up to there survives SIGKILL and, after a sync, the loss of power. What
may be lost in each mode is told in docs/durability.md. A failed sync is final: nothing is acknowledged after it.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ssmd_runtime.storage import manifest as manifests
from ssmd_runtime.storage.codec import BLOCK_BYTES, codec_of
from ssmd_runtime.storage.files import StorageError, check_in_place, make_directory, storage_error
from ssmd_runtime.storage.gap_log import GapLog, gaps_between, left_open
from ssmd_runtime.storage.layout import DayFiles, Layout
from ssmd_runtime.storage.manifest import Manifest
from ssmd_runtime.storage.recovery import Recovered, recover
from ssmd_runtime.storage.segment import Segment
from ssmd_runtime.storage.trading_day import TradingDays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_runtime.reliability.gaps import Gap
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.storage.envelope import Line
    from ssmd_runtime.storage.inspection import Contents

__all__ = ["JsonlWriter", "SealJob", "SyncPoint"]


@dataclass(frozen=True, slots=True)
class SyncPoint:
    """A sync to carry out: afterwards `records` records are durable."""

    segment: Segment
    records: int
    bytes: int

    def sync(self) -> None:
        self.segment.sync()


@dataclass(frozen=True, slots=True)
class SealJob:
    """What is left to do for a sealed file, on any thread: its manifest."""

    spec: CollectorSpec
    day: DayFiles
    sealed: Path
    contents: Contents
    sequences: dict[str, int]
    segment: Segment | None = None

    def run(self) -> Path:
        """Writes the manifest and returns the sealed file."""
        if self.segment is not None:
            self.segment.close()
        digest, length = manifests.sha256_of(self.sealed)
        contents = self.contents
        count, gaps = gaps_between(self.day.gaps, contents.first_ts, contents.last_ts, manifests.MOST_GAPS)
        content = Manifest(
            environment=self.spec.environment,
            feed=self.spec.feed.name,
            shard=self.spec.shard,
            day=self.day.name,
            file=self.sealed.name,
            compression="zstd" if self.sealed.suffix == ".zst" else "none",
            records=contents.records,
            bytes=length,
            first_ts=contents.first_ts,
            last_ts=contents.last_ts,
            sequences=self.sequences,
            gap_count=count,
            gaps=gaps,
            damage=contents.damage,
            sha256=digest,
        )
        manifests.write(self.day.manifest(self.sealed), content)
        return self.sealed


class JsonlWriter:
    """The files of one spec. Every method raises `StorageError` where the storage fails.

    `sequences` gives the next number of every counter, for manifests.
    """

    def __init__(
        self,
        spec: CollectorSpec,
        now_ns: int,
        *,
        sequences: Callable[[], dict[str, int]] = dict,
        root: Path | None = None,
    ) -> None:
        self._spec = spec
        self._days = TradingDays(spec.rotation)
        self._layout = Layout(root or Path(spec.storage.path), spec.storage.file_stem)
        self._codec = codec_of(spec.storage)
        self._sequences = sequences
        self._gaps = GapLog()
        self._day = self._days.at(now_ns)
        self._lock = _locked(self._layout)
        self._segment: Segment | None = None
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._gathered_records = 0
        self._gathered_stamps = ("", "")
        self._synced = spec.storage.sync != "none"
        self.jobs: list[SealJob] = []
        self.records = 0
        self.written_records = 0
        self.durable_records = 0
        self.written_bytes = 0
        self.durable_bytes = 0

    @property
    def unsynced_bytes(self) -> int:
        """Bytes that are not durable yet: in the kernel, or waiting for the next compressed frame."""
        return self.written_bytes - self.durable_bytes + self._gathered_bytes

    @property
    def gathered_bytes(self) -> int:
        """Bytes that wait for the next compressed frame."""
        return self._gathered_bytes

    @property
    def path(self) -> Path:
        """The file that is being written, or will be."""
        return self._files.active(compressed=self._codec.compressed)

    @property
    def _files(self) -> DayFiles:
        return self._layout.day(self._day.name)

    def recover(self, visit: Callable[[list[Line]], None] | None = None) -> Recovered:
        """Repairs what the last run left, and opens today's file. Call it once, first."""
        found = recover(self._layout, self._day.name, compressed=self._codec.compressed, visit=visit)
        self.jobs += [SealJob(self._spec, day, path, contents, {}) for day, path, contents in found.to_seal]
        self._segment = Segment(self._files, self.path, found.contents)
        if found.open_gaps and found.gaps_day != self._day.name:
            self._gaps.write(self._files, found.open_gaps)  # the last file has them all: this run may see no data
        return found

    def append(self, block: bytes, records: int, stamp: str, now_ns: int) -> None:
        """Whole lines, received at `now_ns` (nanoseconds), `stamp` in RFC 3339.

        Where it raises, nothing of the block was taken: it may be given again.
        """
        if now_ns >= self._day.until_ns:
            self._roll(now_ns)
        if not self._codec.gather:
            self._write(block, records, (stamp, stamp))
        else:
            if self._gathered_bytes + len(block) > BLOCK_BYTES:
                self.flush()
            self._gathered_stamps = (self._gathered_stamps[0] if self._gathered else stamp, stamp)
            self._gathered.append(block)
            self._gathered_bytes += len(block)
            self._gathered_records += records
        self.records += records

    def flush(self) -> None:
        """Writes what was gathered."""
        if self._gathered:
            self._write(b"".join(self._gathered), self._gathered_records, self._gathered_stamps)
            self._gathered.clear()
            self._gathered_bytes = self._gathered_records = 0

    def gap(self, gaps: Sequence[Gap], now_ns: int) -> None:
        """Gap records, durable when this returns."""
        if now_ns >= self._day.until_ns:
            self._roll(now_ns)
        self._gaps.write(self._layout.day(self._days.at(now_ns).name), gaps)

    def sync_point(self) -> SyncPoint | None:
        """What to sync to make durable everything appended so far; None: everything is."""
        self.flush()
        if self._segment is None or self.durable_records == self.written_records:
            return None
        return SyncPoint(self._segment, self.written_records, self.written_bytes)

    def durable(self, point: SyncPoint) -> None:
        """`point` was synced."""
        self.durable_records = max(self.durable_records, point.records)
        self.durable_bytes = max(self.durable_bytes, point.bytes)

    def tick(self, now_ns: int) -> None:
        """Every few seconds: seals the file of a day that is over, and looks whether all files are in their places.

        Never while an earlier block waits for room: it would come after its day.
        """
        if now_ns >= self._day.until_ns:
            self._roll(now_ns)
        if self._segment is not None:
            self._segment.check()
        self._gaps.check()
        check_in_place(self._lock, self._layout.lock, 0)

    def close(self) -> None:
        """Writes and syncs everything; the file stays as it is for the next start."""
        point = self.sync_point()  # it may open a file: what was gathered since the last one was sealed
        if point is not None:
            point.sync()
            self.durable(point)
        if self._segment is not None:
            self._segment.close()
            self._segment = None
        self._gaps.close()
        os.close(self._lock)

    def _write(self, block: bytes, records: int, stamps: tuple[str, str]) -> None:
        encoded = self._codec.encode(block)
        current = self._segment
        if current is not None and current.size and current.size + len(encoded) > self._spec.rotation.max_bytes:
            self._seal(current)
        segment = self._segment or self._open()
        segment.append(encoded)
        segment.count(records, *stamps)
        self.written_bytes += len(encoded)
        self.written_records += records
        if not self._synced:
            self._all_durable()

    def _all_durable(self) -> None:
        self.durable_records, self.durable_bytes = self.written_records, self.written_bytes

    def _roll(self, now_ns: int) -> None:
        """A new trading day: the old file is sealed, where it holds anything, and gaps that are open are handed on.

        So the last gaps file has all that is open, and a start need not read the others.
        """
        self.flush()
        if self._segment is not None:
            self._seal(self._segment)
        day = self._days.at(now_ns)
        waiting = left_open(self._files.gaps)
        self._gaps.close()
        if waiting:
            self._gaps.write(self._layout.day(day.name), waiting)
        self._day = day

    def _open(self) -> Segment:
        self._segment = Segment(self._files, self.path)
        return self._segment

    def _seal(self, segment: Segment) -> None:
        """Seals a file; the next one is opened with the next record."""
        if segment.size:
            sealed = segment.seal()
            self._all_durable()
            self.jobs.append(
                SealJob(self._spec, segment.day, sealed, segment.contents, self._sequences(), segment=segment)
            )
        else:
            segment.path.unlink(missing_ok=True)
            segment.close()
        self._segment = None


def _locked(layout: Layout) -> int:
    """Held as long as this process writes: two writers of one file would mix their lines."""
    try:
        make_directory(layout.root)
        descriptor = os.open(layout.lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    except OSError as problem:
        raise storage_error("write in", layout.root, problem) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StorageError(f"another collector writes {layout.stem} in {layout.root}") from None
    except OSError as problem:
        os.close(descriptor)
        raise storage_error("lock", layout.lock, problem) from None
    return descriptor
