"""Syncs beside the event loop: what is acknowledged when, in each mode, and never after a failure."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from ssmd_runtime.storage import files
from ssmd_runtime.storage.files import StorageError
from ssmd_runtime.storage.syncing import Syncer
from ssmd_runtime.storage.writer import JsonlWriter
from storage_specs import DAY, NOON, give, spec_in, started

MODES = ["batch", "interval", "none"]
CODECS = ["none", "zstd"]


class Listener:
    def __init__(self) -> None:
        self.syncs = 0
        self.files: list[str] = []
        self.failures: list[str] = []

    def synced(self, seconds: float) -> None:
        self.syncs += 1

    def sealed(self, path: Path) -> None:
        self.files.append(path.name)

    def full(self, problem: StorageError) -> None:
        pass

    def failed(self, problem: StorageError) -> None:
        self.failures.append(str(problem))


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(work(), 20))


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


def parts(tmp_path: Path, codec: str, sync: str, **more: Any) -> tuple[JsonlWriter, Syncer, Listener]:
    spec = spec_in(tmp_path, codec=codec, sync=sync, **more)
    writer, listener = started(spec), Listener()
    return writer, Syncer(writer, spec.storage, listener), listener


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("sync", MODES)
def test_what_was_appended_is_acknowledged_soon(tmp_path: Path, codec: str, sync: str):
    async def work() -> None:
        writer, syncer, listener = parts(tmp_path, codec, sync)
        for n in range(20):
            give(writer, [b"%d" % n])
            syncer.appended()
            await asyncio.sleep(0)
        await until(lambda: writer.durable_records == 20)
        assert (listener.syncs > 0) is (sync != "none")
        await syncer.close()
        assert listener.failures == []

    run(work)


@pytest.mark.parametrize("sync", ["batch", "interval"])
def test_batches_that_come_during_a_sync_share_the_next(tmp_path: Path, sync: str, monkeypatch: pytest.MonkeyPatch):
    async def work() -> None:
        writer, syncer, listener = parts(tmp_path, "none", sync)
        for n in range(500):
            give(writer, [b"%d" % n])
            syncer.appended()
        await until(lambda: writer.durable_records == 500)
        assert listener.syncs <= 3
        await syncer.close()

    run(work)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("sync", MODES)
def test_close_keeps_everything(tmp_path: Path, codec: str, sync: str):
    async def work() -> None:
        writer, syncer, listener = parts(tmp_path, codec, sync)
        give(writer, [b"1"])
        give(writer, [b"2"], NOON + DAY)  # a file of its own, which only the end writes
        await syncer.close()
        assert writer.durable_records == 2
        assert listener.files == [f"kraken.0001.jsonl{'.zst' if codec == 'zstd' else ''}"]

    run(work)
    assert len(list(tmp_path.glob("*/*.manifest.json"))) == 1
    assert len(list(tmp_path.glob("*/kraken.jsonl*"))) == 1


@pytest.mark.parametrize("sync", ["batch", "interval"])
def test_after_a_failed_sync_nothing_is_acknowledged_and_nothing_synced(
    tmp_path: Path, sync: str, monkeypatch: pytest.MonkeyPatch
):
    calls = []

    def fdatasync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files.os, "fdatasync", fdatasync)

    async def work() -> None:
        writer, syncer, listener = parts(tmp_path, "none", sync)
        for n in range(1000):
            give(writer, [b"%d" % n])
            syncer.appended()
            await asyncio.sleep(0.001)
            if listener.failures:
                break
        acknowledged = writer.durable_records
        for n in range(5):
            give(writer, [b"%d" % n])
            syncer.appended()
            await asyncio.sleep(0.005)
        with pytest.raises(StorageError):
            give(writer, [b"x"], NOON + DAY)
        await syncer.close()
        assert (len(calls), writer.durable_records) == (3, acknowledged)
        assert acknowledged < writer.records
        assert len(listener.failures) == 1
        assert "cannot sync" in listener.failures[0]

    run(work)


def test_a_manifest_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The data of a sealed file are safe: a disk that is full just then ends nothing."""
    full = [True]
    real = os.write

    def write(descriptor: int, block: bytes) -> int:
        if full[0] and b"ssmd.manifest" in bytes(block):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, block)

    monkeypatch.setattr(files.os, "write", write)
    monkeypatch.setattr("ssmd_runtime.storage.syncing._FULL_SECONDS", 0.01)

    async def work() -> None:
        writer, syncer, listener = parts(tmp_path, "none", "interval")
        give(writer, [b"1"])
        give(writer, [b"2"], NOON + DAY)
        syncer.appended()
        await asyncio.sleep(0.05)
        assert (listener.files, listener.failures) == ([], [])
        full[0] = False
        await until(lambda: listener.files == ["kraken.0001.jsonl"])
        await syncer.close()
        assert listener.failures == []

    run(work)


def test_a_full_disk_is_no_failure_for_what_is_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    full = [True]
    real = os.write

    def write(descriptor: int, block: bytes) -> int:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, block)

    async def work() -> None:
        writer, syncer, listener = parts(tmp_path, "zstd", "interval")
        monkeypatch.setattr(files.os, "write", write)
        give(writer, [b"1"])
        syncer.appended()
        await asyncio.sleep(0.02)
        assert (listener.failures, writer.durable_records) == ([], 0)
        full[0] = False
        await until(lambda: writer.durable_records == 1)
        await syncer.close()
        assert listener.failures == []

    run(work)
