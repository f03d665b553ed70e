"""Dead letters: nothing that was appended is lost or hidden, whatever else happens to the file."""

from __future__ import annotations

import datetime
import errno
import fcntl
import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime.reliability import dead_letters, letters
from ssmd_runtime.reliability.dead_letters import DeadLetters, DeadLettersFull, files
from ssmd_runtime.reliability.payloads import line_of

SECOND = 1_000_000_000
NOW = 1_767_225_600 * SECOND  # 2026-01-01


def made(number: int = 0, payload: bytes = b'{"a": 1}', **said) -> letters.Letter:
    said = {"identity": f"{number:016x}", "error": "the broker said no", "now_ns": NOW + number * SECOND} | said
    times = {"attempts": 5, "first_attempt_ns": NOW - SECOND, "last_attempt_ns": NOW}
    return letters.letter("connector", "dev.raw.trade", payload, **times, **said)


@pytest.fixture
def file(tmp_path) -> DeadLetters:
    return DeadLetters(tmp_path, "connector")


def test_a_letter_comes_back_as_it_was(file, tmp_path):
    file.append(made(1, error="broker:\n  no"))
    assert file.contents().letters == (made(1, error="broker: no"),)
    record = json.loads((tmp_path / "dlq" / "connector.jsonl").read_text())
    assert record == {
        "id": "0000000000000001",
        "ts": "2026-01-01T00:00:01.000000Z",
        "component": "connector",
        "subject": "dev.raw.trade",
        "payload": '{"a": 1}',
        "encoding": "text",
        "error": "broker: no",
        "attempts": 5,
        "first_attempt": "2025-12-31T23:59:59.000000Z",
        "last_attempt": "2026-01-01T00:00:00.000000Z",
    }


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_every_payload_comes_back_in_its_bytes(payload):
    encoded = letters.encode(made(payload=payload))
    assert encoded.count(b"\n") == 1
    found = letters.read(encoded)
    assert isinstance(found, letters.Letter)
    assert found.content == payload


@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.dictionaries(st.text(), st.integers()).map(lambda it: json.dumps(it, indent=1).encode()),
    )
)
def test_a_payload_is_written_out_as_one_line_of_json(payload):
    line = line_of(payload)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    said = json.loads(line)
    try:
        expected = json.loads(payload)
    except ValueError:
        return
    if payload.isascii():
        assert said == expected or said != said


def test_two_letters_have_two_identities():
    assert made(identity=None).id != made(identity=None).id


@pytest.mark.parametrize("torn", [b'{"id":"x', b'{"replayed":"0000000000000001","ts":"t"}', b"\xff"])
def test_a_torn_tail_is_told_and_harms_no_letter_after_it(file, torn):
    file.append(made(1))
    with file.path.open("ab") as stream:
        stream.write(torn)
    (damage,) = file.contents().damage
    assert (damage.line, damage.torn) == (2, True)
    assert file.contents().replayed == {}
    file.append(made(2))
    contents = file.contents()
    assert [one.id[-1] for one in contents.letters] == ["1", "2"]
    assert [one.line for one in contents.damage if one.torn] == []


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 20_000,
        letters.encode(made(1)).replace(b'"text"', b'"base64"').strip(),
        letters.encode(made(1)).replace(b"01.000000Z", b"01").strip(),
        letters.encode(made(1)).replace(b"2026-01-01T00:00:01.000000Z", b"yesterday").strip(),
    ],
)
def test_a_line_that_is_none_is_told_and_the_rest_is_read(file, line):
    file.append(made(1))
    with file.path.open("ab") as stream:
        stream.write(line + b"\n")
    file.append(made(2))
    contents = file.contents()
    assert [one.line for one in contents.damage] == [2]
    assert len(contents.letters) == 2


def test_nothing_is_there_before_the_first_letter(file, tmp_path):
    assert file.contents().letters == ()
    assert files(tmp_path) == {}
    assert file.purge(datetime.datetime.now(datetime.UTC)) == 0
    assert not file.path.exists()


def test_the_files_of_a_storage_path(file, tmp_path):
    file.append(made(1))
    for name in ("Not a component.jsonl", "other.txt"):
        (tmp_path / "dlq" / name).touch()
    assert [(name, one.path) for name, one in files(tmp_path).items()] == [("connector", file.path)]


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a" * 64])
def test_a_component_names_no_other_place(tmp_path, name):
    with pytest.raises(ValueError, match="component"):
        DeadLetters(tmp_path, name)


def test_a_link_in_the_place_of_the_file_is_refused(file, tmp_path):
    (tmp_path / "dlq").mkdir()
    (tmp_path / "other").write_bytes(b"")
    file.path.symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic"):
        file.append(made(1))
    assert (tmp_path / "other").read_bytes() == b""


@pytest.mark.parametrize("use", ["contents", "append", "purge"])
def test_what_is_no_file_of_ours_is_refused(file, use):
    """Nobody waits for the end of a FIFO, or reads what does not fit into memory."""
    arguments = {"contents": (), "append": (made(1),), "purge": (before(9),)}[use]
    file.path.parent.mkdir()
    os.mkfifo(file.path)
    with pytest.raises(OSError, match="not a regular file"):
        getattr(file, use)(*arguments)
    file.path.unlink()
    with file.path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises((OSError, DeadLettersFull), match=r"too long|at most"):
        getattr(file, use)(*arguments)


def test_a_full_file_takes_no_letter_and_loses_none(tmp_path):
    size = len(letters.encode(made(1)))
    file = DeadLetters(tmp_path, "connector", most_bytes=2 * size)
    for number in (1, 2):
        file.append(made(number))
    before = file.path.read_bytes()
    with pytest.raises(DeadLettersFull, match="bytes"):
        file.append(made(3))
    assert file.path.read_bytes() == before
    file.mark(made(1).id, NOW)
    assert file.contents().when_replayed(made(1))


def test_it_is_on_disk_when_append_returns(file, monkeypatch):
    synced = []
    for name in ("fdatasync", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda fd, real=real: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))
        )
    file.append(made(1))
    folder = file.path.parent
    assert synced == [str(folder.parent), str(file.path), str(folder)]


def test_a_write_that_fails_halfway_leaves_nothing(file, monkeypatch):
    file.append(made(1))
    before = file.path.read_bytes()
    real = os.write
    calls = []

    def full(descriptor, content):
        calls.append(None)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, content[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="space"):
        file.append(made(2))
    assert file.path.read_bytes() == before


# Replaying


def test_what_was_replayed_is_marked_when_it_was_handed_on(file):
    file.append(made(1))
    handed = []
    file.replay(made(1), handed.append, NOW + SECOND)
    assert handed == [made(1)]
    assert file.contents().when_replayed(made(1)) == "2026-01-01T00:00:01.000000Z"


def test_what_could_not_be_handed_on_is_not_marked(file):
    file.append(made(1))

    def refuse(_):
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        file.replay(made(1), refuse, NOW)
    assert file.contents().when_replayed(made(1)) is None


# Purging


def before(number: int) -> datetime.datetime:
    return made(number).given_up


def test_purging_keeps_what_is_younger_with_its_marks(file):
    for number in range(4):
        file.append(made(number))
    for number in (0, 2):
        file.mark(made(number).id, NOW)
    with file.path.open("ab") as stream:
        stream.write(b"damaged\n")
    file.path.chmod(0o600)
    assert file.purge(before(2)) == 2
    contents = file.contents()
    assert contents.letters == (made(2), made(3))
    assert contents.replayed == {made(2).id: letters.moment(NOW)}
    assert [one.line for one in contents.damage] == [4]
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert list(file.path.parent.iterdir()) == [file.path]


def test_purging_of_nothing_leaves_the_file_alone(file):
    file.append(made(1))
    was = file.path.stat().st_ino
    assert file.purge(before(1)) == 0
    assert file.path.stat().st_ino == was


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_purge_that_fails_leaves_the_old_file(file, monkeypatch, call):
    file.append(made(1))
    old = file.path.read_bytes()

    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (type(file.path), "replace")), refuse)
    with pytest.raises(OSError, match="Input"):
        file.purge(before(9))
    assert file.path.read_bytes() == old
    assert list(file.path.parent.iterdir()) == [file.path]


def test_who_waited_for_the_lock_writes_into_the_new_file(file, monkeypatch):
    """An appender that has opened the old file, and gets its lock after the purge has replaced it."""
    file.append(made(1))
    real, raced = fcntl.flock, []

    def flock(descriptor, operation):
        if not raced:
            raced.append(None)
            assert DeadLetters(file.path.parent.parent, "connector").purge(before(9)) == 1
        real(descriptor, operation)

    monkeypatch.setattr(dead_letters.fcntl, "flock", flock)
    file.append(made(2))
    assert file.contents().letters == (made(2),)


def _append(path, component, start, number):
    file = DeadLetters(path, component)
    start.wait()
    for one in range(number):
        file.append(made(one, identity=None, now_ns=NOW + 10**6 * SECOND))


def test_nothing_is_lost_between_processes_that_append_and_one_that_purges(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    writers = [context.Process(target=_append, args=(tmp_path, "connector", start, 60)) for _ in range(2)]
    for writer in writers:
        writer.start()
    file = DeadLetters(tmp_path, "connector")
    old = made(1)
    start.wait()
    purged = 0
    for _ in range(40):
        file.append(old)
        purged += file.purge(before(2))
    for writer in writers:
        writer.join()
    contents = file.contents()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert (purged, len(contents.letters), contents.damage) == (40, 120, ())


def test_a_reader_waits_for_a_writer(file):
    file.append(made(1))
    found = []
    with file._locked():
        reader = threading.Thread(target=lambda: found.append(file.contents()))
        reader.start()
        reader.join(0.1)
        assert found == []
    reader.join()
    assert len(found) == 1
