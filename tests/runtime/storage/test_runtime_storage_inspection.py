"""Files read back: torn anywhere, damaged anywhere; what is whole is found, what is not is told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from ssmd_runtime.storage.codec import Plain, Zstandard
from ssmd_runtime.storage.envelope import Line, frame_of
from ssmd_runtime.storage.inspection import Contents, frame_length, inspect
from storage_specs import ENVELOPE, NOON

FRAMES = [[b'{"n":%d,"pad":"%s"}' % (n, b"ab" * n) for n in range(k * 3, k * 3 + 3)] for k in range(4)]
BLOCKS = [ENVELOPE.lines(frames, NOON) for frames in FRAMES]
ALL = [frame for frames in FRAMES for frame in frames]


def seen(path: Path) -> tuple[Contents, list[bytes]]:
    lines: list[Line] = []
    contents = inspect(path, lines.extend)
    assert contents.records == len(lines)
    assert contents.whole + contents.torn == path.stat().st_size
    return contents, [frame_of(line) for line in lines]


def written(tmp_path: Path, content: bytes, name: str = "a.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


# Frames of Zstandard


@given(
    st.binary(max_size=400_000) | st.integers(1, 600_000).map(lambda n: b"ab" * n),
    st.fixed_dictionaries({"write_checksum": st.booleans(), "write_content_size": st.booleans()}),
)
@settings(max_examples=60, deadline=None)
def test_a_frame_is_as_long_as_zstandard_says(content: bytes, options: dict[str, bool]):
    frame = zstandard.ZstdCompressor(**options).compress(content)
    assert frame_length(frame, 0) == len(frame)
    assert frame_length(frame + b"more", 0) == len(frame)
    assert frame_length(b"before" + frame, 6) == len(frame)
    for short in {0, 1, 4, 5, len(frame) // 2, len(frame) - 1}:
        assert frame_length(frame[:short], 0) == 0


@given(st.binary(max_size=200))
def test_any_bytes_have_a_length_or_not(content: bytes):
    assert abs(frame_length(content, 0)) <= max(len(content), 1) or frame_length(content, 0) == 0


# Torn


def test_a_plain_file_torn_at_any_byte(tmp_path: Path):
    content = b"".join(BLOCKS)
    for length in range(len(content) + 1):
        contents, frames = seen(written(tmp_path, content[:length]))
        assert contents.whole == content.rfind(b"\n", 0, length) + 1
        assert frames == ALL[: content.count(b"\n", 0, length)]
        assert contents.damage == []


def test_a_compressed_file_torn_at_any_byte(tmp_path: Path):
    encoded = [Zstandard().encode(block) for block in BLOCKS]
    content = b"".join(encoded)
    ends = [sum(map(len, encoded[:n])) for n in range(len(encoded) + 1)]
    for length in range(len(content) + 1):
        contents, frames = seen(written(tmp_path, content[:length], "a.jsonl.zst"))
        whole = max(n for n, end in enumerate(ends) if end <= length)
        assert (contents.whole, contents.torn) == (ends[whole], length - ends[whole])
        assert frames == ALL[: whole * 3]
        assert contents.damage == []


# Damaged


def test_a_compressed_file_damaged_at_any_byte(tmp_path: Path):
    """Every other frame is found, and the damaged one is told, or torn where nothing whole follows."""
    encoded = [Zstandard().encode(block) for block in BLOCKS]
    content = b"".join(encoded)
    ends = [sum(map(len, encoded[: n + 1])) for n in range(len(encoded))]
    for place in range(len(content)):
        hit = next(n for n, end in enumerate(ends) if place < end)
        for flip in (0x01, 0x80, 0xFF):
            broken = bytearray(content)
            broken[place] ^= flip
            contents, frames = seen(written(tmp_path, bytes(broken), "a.jsonl.zst"))
            assert frames in (ALL[: hit * 3] + ALL[hit * 3 + 3 :], ALL), (place, flip)
            if frames != ALL:  # a frame header's unused bit changes nothing
                told = sum(damage.bytes for damage in contents.damage) + contents.torn
                assert told == len(encoded[hit]), (place, flip)
                assert contents.torn == 0 or hit == len(encoded) - 1


def test_a_length_that_reaches_over_what_follows_hides_nothing(tmp_path: Path):
    encoded = [Zstandard().encode(block) for block in BLOCKS]
    first = bytearray(encoded[0])
    header = zstandard.frame_header_size(bytes(first))
    long = int.from_bytes(first[header : header + 3], "little") + (len(encoded[1]) << 3)
    first[header : header + 3] = long.to_bytes(3, "little")
    contents, frames = seen(written(tmp_path, bytes(first) + b"".join(encoded[1:]), "a.jsonl.zst"))
    assert frames == ALL[3:]
    assert [(damage.offset, damage.bytes) for damage in contents.damage] == [(0, len(first))]


def test_frames_larger_than_a_read_are_found_behind_damage(tmp_path: Path):
    import random

    chance = random.Random(1)
    blocks = [ENVELOPE.lines([b'"%s"' % chance.randbytes(900_000).hex().encode()], NOON) for _ in range(4)]
    encoded = [Zstandard().encode(block) for block in blocks]
    broken = bytearray(b"".join(encoded))
    broken[len(encoded[0]) + 4] ^= 0x40
    contents, frames = seen(written(tmp_path, bytes(broken), "a.jsonl.zst"))
    assert len(frames) == 3
    assert [(damage.offset, damage.bytes) for damage in contents.damage] == [(len(encoded[0]), len(encoded[1]))]


def test_damage_in_the_middle_of_a_plain_file_is_told_with_its_place(tmp_path: Path):
    lines = b"".join(BLOCKS).splitlines(keepends=True)
    for number in range(len(lines)):
        broken = [*lines[:number], b"\x00" * (len(lines[number]) - 1) + b"\n", *lines[number + 1 :]]
        contents, frames = seen(written(tmp_path, b"".join(broken)))
        assert frames == ALL[:number] + ALL[number + 1 :]
        (damage,) = contents.damage
        assert (damage.offset, damage.bytes) == (sum(map(len, lines[:number])), len(lines[number]))
        assert (damage.after_ts is None) == (number == 0)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_is_passed_over(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    """Bytes put anywhere: what is not found again as a record is counted as damage or torn."""
    codec, name = data.draw(st.sampled_from([(Plain(), "a.jsonl"), (Zstandard(), "a.jsonl.zst")]))
    content = b"".join(codec.encode(block) for block in BLOCKS)
    place = data.draw(st.integers(0, len(content)))
    rubbish = data.draw(st.binary(min_size=1, max_size=60))
    gone = data.draw(st.integers(0, 30))
    broken = content[:place] + rubbish + content[place + gone :]
    path = written(tmp_path_factory.mktemp("d"), broken, name)
    contents, frames = seen(path)
    if name == "a.jsonl":  # text that still is a record nobody can tell from one: the manifest's digest does
        assert contents.records + contents.damaged == broken.count(b"\n")
        return
    missing = [frame for frame in ALL if frame not in frames]
    assert not missing or contents.damaged or contents.torn
    assert [frame for frame in frames if frame not in ALL] == []


def test_many_places_are_counted_and_some_of_them_told(tmp_path: Path):
    contents, frames = seen(written(tmp_path, b"{}\n" * 500 + BLOCKS[0]))
    assert (contents.damaged, len(contents.damage), len(frames)) == (500, 100, 3)


def test_a_line_nested_deeper_than_can_be_read_here_is_a_record(tmp_path: Path):
    deep = b"[" * 50_000 + b"]" * 50_000
    with pytest.raises(RecursionError):
        msgspec.json.decode(deep)
    contents, frames = seen(written(tmp_path, ENVELOPE.lines([b"1", deep, b"2"], NOON)))
    assert frames == [b"1", deep, b"2"]
    assert contents.damaged == 0
