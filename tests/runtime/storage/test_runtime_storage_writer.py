"""The writer: what is sealed when, what a manifest says, what a start finds, what is refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from ssmd_runtime.reliability.gaps import Gap
from ssmd_runtime.storage import files
from ssmd_runtime.storage.files import StorageError
from ssmd_runtime.storage.manifest import read
from ssmd_runtime.storage.writer import JsonlWriter
from storage_specs import DAY, ENVELOPE, NOON, give, seal, spec_in, started

CODECS = ["none", "zstd"]
TODAY = "2026-09-22"


def names(root: Path, day: str = TODAY) -> list[str]:
    return sorted(path.name for path in (root / day).iterdir())


def content(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
        return reader.read()
    return data


def frames(path: Path) -> list[Any]:
    return [json.loads(line)["data"] for line in content(path).splitlines()]


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_appended_is_there(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec))
    give(writer, [b"1", b"2"])
    give(writer, [b"3"])
    assert (writer.records, writer.durable_records) == (3, 0)
    point = writer.sync_point()
    assert point is not None
    point.sync()
    writer.durable(point)
    assert (writer.durable_records, writer.unsynced_bytes, writer.sync_point()) == (3, 0, None)
    assert frames(writer.path) == [1, 2, 3]
    writer.close()


@pytest.mark.parametrize("codec", CODECS)
def test_a_file_is_sealed_before_it_grows_past_its_size(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec, max_bytes=500))
    for n in range(12):
        give(writer, [b'"%s"' % os.urandom(60).hex().encode()], NOON + n)
        writer.flush()
    seal(writer)
    writer.close()
    sealed = sorted((tmp_path / TODAY).glob("kraken.0*.jsonl*"))
    assert len(sealed) >= 3
    assert all(path.stat().st_size <= 500 for path in sealed)
    assert [path.name.split(".")[1] for path in sealed] == [f"{n:04d}" for n in range(1, len(sealed) + 1)]
    assert sum(len(frames(path)) for path in [*sealed, writer.path]) == 12


def test_a_block_larger_than_a_file_may_be_is_a_file_of_its_own(tmp_path: Path):
    writer = started(spec_in(tmp_path, max_bytes=100))
    for _ in range(2):
        give(writer, [b'"%s"' % (b"x" * 500)])
    assert len(writer.jobs) == 1
    writer.close()


@pytest.mark.parametrize("codec", CODECS)
def test_a_manifest_says_what_the_file_holds(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec), sequences=lambda: {"trade:BTC/USD": 7})
    give(writer, [b"1"], NOON)
    give(writer, [b"2", b"3"], NOON + 1_000_000_000)
    within = Gap(id="a", ts="2026-09-22T12:00:01Z", feed="kraken", reason="sequence", from_ts="2026-09-22T12:00:00Z")
    later = Gap(id="b", ts="2026-09-22T13:00:00Z", feed="kraken", reason="sequence", from_ts="2026-09-22T13:00:00Z")
    writer.gap([within, later], NOON)
    give(writer, [b"4"], NOON + DAY)
    (sealed,) = seal(writer)
    writer.close()
    suffix = ".zst" if codec == "zstd" else ""
    data = sealed.read_bytes()
    said = json.loads((tmp_path / TODAY / "kraken.0001.manifest.json").read_bytes())
    gaps = said.pop("gaps")
    assert [gap["id"] for gap in gaps] == ["a"]
    assert said == {
        "apiVersion": "ssmd.manifest/v1",
        "environment": "kraken-prod",
        "feed": "kraken",
        "shard": None,
        "day": TODAY,
        "file": f"kraken.0001.jsonl{suffix}",
        "compression": codec,
        "records": 3,
        "bytes": len(data),
        "first_ts": "2026-09-22T12:00:00.000000Z",
        "last_ts": "2026-09-22T12:00:01.000000Z",
        "sequences": {"trade:BTC/USD": 7},
        "gap_count": 1,
        "damage": [],
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert read(tmp_path / TODAY / "kraken.0001.manifest.json").records == 3


@pytest.mark.parametrize("codec", CODECS)
def test_a_new_day_is_a_new_file(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec))
    give(writer, [b"1"], NOON)
    give(writer, [b"2"], NOON + DAY)
    assert writer.durable_records == 1
    seal(writer)
    give(writer, [b"3"], NOON + 3 * DAY)
    seal(writer)
    writer.close()
    ending = ".jsonl.zst" if codec == "zstd" else ".jsonl"
    assert set(names(tmp_path)) == {f"kraken.0001{ending}", "kraken.0001.manifest.json"}
    assert frames(tmp_path / "2026-09-23" / f"kraken.0001{ending}") == [2]
    assert frames(tmp_path / "2026-09-25" / f"kraken{ending}") == [3]


def test_a_day_without_a_record_leaves_no_file(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"], NOON + DAY)
    writer.close()
    assert names(tmp_path) == []
    assert writer.jobs == []


@pytest.mark.parametrize("codec", CODECS)
def test_a_restart_goes_on_in_the_same_file(tmp_path: Path, codec: str):
    for n in range(3):
        writer = started(spec_in(tmp_path, codec=codec))
        give(writer, [b"%d" % n], NOON + n)
        writer.close()
    assert frames(writer.path) == [0, 1, 2]
    writer = started(spec_in(tmp_path, codec=codec))
    give(writer, [b"3"], NOON + DAY)
    (sealed,) = seal(writer)
    assert read(sealed.parent / "kraken.0001.manifest.json").records == 3
    writer.close()


@pytest.mark.parametrize("codec", CODECS)
def test_a_torn_tail_is_cut_before_anything_is_appended(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec))
    for n in range(2):
        give(writer, [b"%d" % n])
        writer.flush()
    writer.close()
    whole = writer.path.read_bytes()
    for length in range(len(whole)):
        writer.path.write_bytes(whole[:length])
        again = started(spec_in(tmp_path, codec=codec))
        give(again, [b"9"])
        again.close()
        assert frames(again.path)[-1] == 9
        assert [0, 1][: len(frames(again.path)) - 1] == frames(again.path)[:-1]


def test_yesterdays_file_and_another_codecs_are_sealed_at_the_start(tmp_path: Path):
    for codec, now in (("none", NOON), ("zstd", NOON), ("none", NOON + DAY)):
        writer = started(spec_in(tmp_path, codec=codec), now)
        seal(writer)
        give(writer, [b'"%s"' % codec.encode()], now)
        writer.close()
    assert names(tmp_path) == [
        "kraken.0001.jsonl",
        "kraken.0001.manifest.json",
        "kraken.0002.jsonl.zst",
        "kraken.0002.manifest.json",
    ]
    assert frames(tmp_path / TODAY / "kraken.0001.jsonl") == ["none"]
    assert frames(tmp_path / TODAY / "kraken.0002.jsonl.zst") == ["zstd"]


def test_an_interrupted_seal_is_finished(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    give(writer, [b"2"], NOON + DAY)
    writer.close()  # the manifest of the first day was never written
    (tmp_path / TODAY / ".kraken.0001.manifest.json.tmp").write_bytes(b'{"half')
    again = started(spec_in(tmp_path), NOON + DAY)
    seal(again)
    again.close()
    assert names(tmp_path) == ["kraken.0001.jsonl", "kraken.0001.manifest.json"]
    assert read(tmp_path / TODAY / "kraken.0001.manifest.json").records == 1


def test_a_manifest_that_cannot_be_read_is_written_anew(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    give(writer, [b"2"], NOON + DAY)
    seal(writer)
    writer.close()
    manifest = tmp_path / TODAY / "kraken.0001.manifest.json"
    right = manifest.read_bytes()
    manifest.write_bytes(right[:-20])
    (tmp_path / TODAY / ".kraken.0009.manifest.json.tmp").write_bytes(b'{"half')
    again = restart(tmp_path, NOON + DAY)
    assert manifest.read_bytes() == right
    assert names(tmp_path) == ["kraken.0001.jsonl", "kraken.0001.manifest.json"]
    assert again.last_ts == "2026-09-23T12:00:00.000000Z"


def restart(root: Path, now: int, **spec: Any) -> Any:
    """A run that captures nothing; what it found."""
    writer = JsonlWriter(spec_in(root, **spec), now)
    found = writer.recover()
    found.note()
    seal(writer)
    writer.close()
    return found


def test_a_start_reads_the_manifests_of_an_earlier_one(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    give(writer, [b"2"], NOON + DAY)
    seal(writer)
    writer.close()
    found = restart(tmp_path, NOON + 5 * DAY)
    assert (found.earlier, found.last_ts) == (True, "2026-09-23T12:00:00.000000Z")


def test_a_run_that_left_nothing_is_known_to_have_been(tmp_path: Path):
    assert restart(tmp_path, NOON).earlier is False
    assert restart(tmp_path, NOON).earlier is True


@pytest.mark.parametrize("codec", CODECS)
def test_a_damaged_file_is_sealed_with_its_damage(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec))
    for n in range(3):
        give(writer, [b'{"n":%d}' % n])
        writer.flush()
    writer.close()
    data = bytearray(writer.path.read_bytes())
    place = len(data) // 2
    data[place : place + 2] = b"\x00\x00"
    writer.path.write_bytes(data)
    assert len(restart(tmp_path, NOON, codec=codec).damaged) == 1
    manifest = read(tmp_path / TODAY / "kraken.0001.manifest.json")
    assert (manifest.records, len(manifest.damage)) == (2, 1)
    assert content(writer.path) == b""


def test_a_second_writer_is_refused_and_another_shard_is_not(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    with pytest.raises(StorageError, match="another collector writes kraken in"):
        started(spec_in(tmp_path))
    other = started(spec_in(tmp_path, stem="kraken-1"))
    give(writer, [b"1"])
    give(other, [b"2"])
    writer.close()
    started(spec_in(tmp_path)).close()
    other.close()


def test_stems_do_not_mix(tmp_path: Path):
    for stem in ("kraken", "kraken-1", "kraken-10"):
        writer = started(spec_in(tmp_path, stem=stem))
        give(writer, [b'"%s"' % stem.encode()])
        give(writer, [b'"%s"' % stem.encode()], NOON + DAY)
        seal(writer)
        writer.close()
    for stem in ("kraken", "kraken-1", "kraken-10"):
        assert frames(tmp_path / TODAY / f"{stem}.0001.jsonl") == [stem]
        assert frames(tmp_path / "2026-09-23" / f"{stem}.jsonl") == [stem]


def test_a_path_that_is_a_file_is_refused_in_one_line(tmp_path: Path):
    (tmp_path / "data").write_text("precious")
    with pytest.raises(StorageError, match="cannot write in "):
        started(spec_in(tmp_path / "data"))
    with pytest.raises(StorageError, match="Not a directory"):
        started(spec_in(tmp_path / "data" / "deeper"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        started(spec_in(tmp_path / "data"))


@pytest.mark.parametrize("name", ["kraken.jsonl", "kraken.jsonl.zst"])
def test_a_link_in_the_files_place_is_refused_and_its_target_left_alone(tmp_path: Path, name: str):
    (tmp_path / "other").write_bytes(b"no line break: this would be cut")
    (tmp_path / TODAY).mkdir()
    (tmp_path / TODAY / name).symlink_to(tmp_path / "other")
    with pytest.raises(StorageError, match="not a regular file"):
        started(spec_in(tmp_path))
    assert (tmp_path / "other").read_bytes() == b"no line break: this would be cut"


def test_a_pipe_in_the_files_place_is_refused(tmp_path: Path):
    (tmp_path / TODAY).mkdir()
    os.mkfifo(tmp_path / TODAY / "kraken.jsonl")
    with pytest.raises(StorageError, match="not a regular file"):
        started(spec_in(tmp_path))


def test_a_link_in_the_days_place_is_refused(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / TODAY).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="not a directory"):
        started(spec_in(tmp_path))


# A disk that says no


class Disk:
    """`os.write` with room for so many more bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        real = os.write

        def write(descriptor: int, block: bytes) -> int:
            taken = min(self.room, len(block))
            if block and not taken:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.room -= taken
            return real(descriptor, bytes(block[:taken]))

        monkeypatch.setattr(files.os, "write", write)


@pytest.mark.parametrize("room", [0, 1, 10, 100])
@pytest.mark.parametrize("codec", CODECS)
def test_a_full_disk_takes_all_of_a_block_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, room: int
):
    writer = started(spec_in(tmp_path, codec=codec))
    give(writer, [b"1"])
    writer.flush()
    before = writer.path.read_bytes()
    frame = b'"%s"' % os.urandom(300).hex().encode()
    disk = Disk(monkeypatch, room)
    with pytest.raises(StorageError) as caught:  # noqa: PT012 -- one of the two writes
        give(writer, [frame])
        writer.flush()
    assert caught.value.full
    assert writer.path.read_bytes() == before
    disk.room = 1 << 20
    if codec == "none":
        give(writer, [frame])
    writer.flush()
    writer.close()
    assert frames(writer.path) == [1, json.loads(frame)]


def test_what_could_not_be_taken_back_is_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    writer = started(spec_in(tmp_path))
    Disk(monkeypatch, 5)

    def ftruncate(descriptor: int, size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files.os, "ftruncate", ftruncate)
    with pytest.raises(StorageError, match="cannot take back half a write") as caught:
        give(writer, [b"1"])
    assert not caught.value.full


def test_a_failed_sync_is_never_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The kernel tells of a failure once: a second sync that goes well would prove nothing."""
    calls = []

    def fdatasync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files.os, "fdatasync", fdatasync)
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    point = writer.sync_point()
    assert point is not None
    with pytest.raises(StorageError, match="may be lost"):
        point.sync()
    with pytest.raises(StorageError, match="may be lost"):
        give(writer, [b"2"], NOON + DAY)  # a new day seals the file, and would sync it
    assert len(calls) == 1
    assert writer.durable_records == 0


def test_names_are_made_durable_even_where_the_file_is_there_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    started(spec_in(tmp_path / "deep" / "data")).close()
    synced: list[Path] = []
    real = files.sync_directory
    monkeypatch.setattr(files, "sync_directory", lambda path: (synced.append(path), real(path)))
    started(spec_in(tmp_path / "deep" / "data")).close()
    assert {tmp_path / "deep/data", tmp_path / "deep/data" / TODAY} <= set(synced)
    synced.clear()
    started(spec_in(tmp_path / "other" / "data")).close()
    assert {tmp_path, tmp_path / "other", tmp_path / "other/data"} <= set(synced)


def test_frames_with_odd_shapes_do_not_hide_the_others_from_the_last_time(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    now = NOON + 5
    block = ENVELOPE.flagged(b"\xff", "utf8", now)
    writer.append(block, 1, ENVELOPE.stamp(now).decode() + "Z", now)
    writer.close()
    assert restart(tmp_path, NOON).last_ts == "2026-09-22T12:00:00.000000Z"


@pytest.mark.parametrize("codec", CODECS)
def test_a_quiet_file_is_sealed_when_its_day_is_over(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec))
    give(writer, [b"1"])
    writer.tick(NOON + 1)
    assert writer.jobs == []
    writer.tick(NOON + DAY)
    (sealed,) = seal(writer)
    assert frames(sealed) == [1]
    assert writer.durable_records == 1
    give(writer, [b"2"], NOON + DAY)
    writer.close()
    assert frames(tmp_path / "2026-09-23" / sealed.name.replace(".0001", "")) == [2]


@pytest.mark.parametrize("name", [f"{TODAY}/kraken.jsonl", f"{TODAY}/kraken.gaps.jsonl", ".kraken.lock"])
@pytest.mark.parametrize("harm", ["removed", "replaced", "cut"])
def test_what_is_taken_away_while_it_is_written_is_told(tmp_path: Path, name: str, harm: str):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    writer.gap([Gap(id="a", ts="2026-09-22T12:00:01Z", feed="kraken", reason="sequence")], NOON)
    writer.tick(NOON)
    path = tmp_path / name
    content = path.read_bytes()
    if harm == "cut":
        os.truncate(path, 0)
    else:
        path.unlink()
    if harm == "replaced":
        path.write_bytes(content)
    if harm == "cut" and not content:
        writer.tick(NOON)  # there is nothing in a lock
        return
    with pytest.raises(StorageError, match=rf"{path.name} was .* while it was written"):
        writer.tick(NOON)


def test_nothing_is_acknowledged_in_a_file_that_was_removed(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    writer.path.unlink()
    with pytest.raises(StorageError, match="removed"):
        writer.tick(NOON)
    with pytest.raises(StorageError, match="removed"):
        writer.close()
    assert writer.durable_records == 0


def test_yesterdays_files_may_be_taken_away(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    give(writer, [b"1"])
    writer.gap([Gap(id="a", ts="2026-09-22T12:00:01Z", feed="kraken", reason="sequence")], NOON)
    writer.tick(NOON + DAY)
    seal(writer)
    for path in (tmp_path / TODAY).iterdir():
        path.unlink()
    writer.tick(NOON + DAY)
    writer.close()


def sealed_days(root: Path, codec: str = "none") -> list[Path]:
    """Two sealed files of one day, with three records each."""
    writer = started(spec_in(root, codec=codec, max_bytes=300))
    for n in range(6):
        give(writer, [b'"%s"' % (bytes([97 + n]) * 20 + os.urandom(30).hex().encode())], NOON + n * 1_000_000_000)
        writer.flush()
    writer.tick(NOON + DAY)
    done = seal(writer)
    writer.close()
    return done


@pytest.mark.parametrize("codec", CODECS)
def test_a_sealed_file_that_lost_its_end_is_told_once(tmp_path: Path, codec: str):
    first, *_ = sealed_days(tmp_path, codec)
    was = read(tmp_path / TODAY / "kraken.0001.manifest.json")
    os.truncate(first, was.bytes - 10)
    found = restart(tmp_path, NOON + DAY, codec=codec)
    ((path, damage, detail),) = found.damaged
    assert (path, damage.offset, damage.bytes) == (first, was.bytes - 10, 10)
    assert detail == f"kraken.0001.jsonl{'.zst' if codec == 'zstd' else ''}: 10 bytes from {was.bytes - 10} on are gone"
    assert (damage.after_ts or "") < (damage.before_ts or "") <= (was.last_ts or "")
    now = read(tmp_path / TODAY / "kraken.0001.manifest.json")
    assert (now.sha256, now.bytes, now.damage) == (was.sha256, was.bytes, [damage])
    assert restart(tmp_path, NOON + DAY, codec=codec).damaged == []


def test_a_sealed_file_that_is_missing_is_told_once_and_its_number_is_not_used_again(tmp_path: Path):
    *_, last = sealed_days(tmp_path)
    manifest = last.with_name(last.name.replace(".jsonl", ".manifest.json"))
    was = read(manifest)
    last.unlink()
    ((path, damage, detail),) = restart(tmp_path, NOON + DAY).damaged
    assert (path, damage.bytes) == (last, was.bytes)
    assert (damage.after_ts, damage.before_ts) == (was.first_ts, was.last_ts)
    assert detail == f"{last.name}: is missing, and its {was.bytes} bytes with it"
    assert restart(tmp_path, NOON + DAY).damaged == []
    writer = started(spec_in(tmp_path), NOON)
    give(writer, [b"1"])
    writer.tick(NOON + DAY)
    (sealed,) = seal(writer)
    writer.close()
    assert sealed.name > last.name
    assert read(manifest).sha256 == was.sha256


def test_a_sealed_file_that_grew_is_told(tmp_path: Path):
    first, *_ = sealed_days(tmp_path)
    was = first.stat().st_size
    with first.open("ab") as file:
        file.write(b"more")
    ((_, damage, detail),) = restart(tmp_path, NOON + DAY).damaged
    assert (damage.offset, damage.bytes) == (was, 4)
    assert detail == f"{first.name}: 4 bytes from {was} on came after it was sealed"


@pytest.mark.parametrize("codec", CODECS)
def test_damage_is_between_two_records(tmp_path: Path, codec: str):
    writer = started(spec_in(tmp_path, codec=codec))
    for n in range(3):
        give(writer, [b'{"n":%d}' % n], NOON + n * 1_000_000_000)
        writer.flush()
    writer.close()
    data = bytearray(writer.path.read_bytes())
    place = len(data) // 2
    data[place : place + 2] = b"\x00\x00"
    writer.path.write_bytes(data)
    ((_, damage, _),) = restart(tmp_path, NOON, codec=codec).damaged
    assert (damage.after_ts, damage.before_ts) == ("2026-09-22T12:00:00.000000Z", "2026-09-22T12:00:02.000000Z")


def test_a_start_is_told_what_is_open_since_the_last_run(tmp_path: Path):
    writer = started(spec_in(tmp_path))
    ts, reasons = "2026-09-22T12:00:00Z", ["stopped", "disconnected", "stale", "connect_failed", "restart", "refused"]
    opened = [Gap(id=reason, ts=ts, feed="kraken", reason=reason, received=7) for reason in reasons]
    closed = Gap(id="closed", ts=ts, feed="kraken", reason="disconnected")
    writer.gap([*opened, closed, msgspec.structs.replace(closed, to_ts=ts)], NOON)
    writer.close()
    with (tmp_path / TODAY / "kraken.gaps.jsonl").open("ab") as file:
        file.write(b"not JSON\n{}\n")
    for later in (0, 0, 1, 5):  # a run without data hands them on, from one day to another
        found = restart(tmp_path, NOON + later * DAY)
        assert found.earlier
        assert found.open_gaps == opened[:-1]
    assert len((tmp_path / TODAY / "kraken.gaps.jsonl").read_bytes().splitlines()) == 10
    assert len((tmp_path / "2026-09-27/kraken.gaps.jsonl").read_bytes().splitlines()) == 5


@pytest.mark.parametrize("how", ["tick", "append", "gap"])
def test_what_is_open_over_midnight_stands_in_the_new_days_file_too(tmp_path: Path, how: str):
    writer, ts = started(spec_in(tmp_path)), "2026-09-22T12:00:00Z"
    opened = [Gap(id=name, ts=ts, feed="kraken", reason="stale") for name in ("a", "b")]
    writer.gap(opened, NOON)
    if how == "tick":
        writer.tick(NOON + DAY)
    elif how == "append":
        give(writer, [b"1"], NOON + DAY)
    writer.gap([msgspec.structs.replace(opened[0], to_ts=ts)], NOON + DAY)
    writer.tick(NOON + DAY)
    writer.close()
    found = restart(tmp_path, NOON + DAY)
    assert (found.gaps_day, found.open_gaps) == ("2026-09-23", opened[1:])
