"""The data path: every frame that comes is in the file, in order, byte for byte, and counted once."""

from __future__ import annotations

import base64
import errno
import itertools
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.exchanges.protocol import Session
from ssmd_runtime.pipeline.capture import Capture
from ssmd_runtime.reliability.sequences import SequenceTracker
from ssmd_runtime.storage import files
from ssmd_runtime.storage.envelope import Line
from ssmd_runtime.storage.files import StorageError
from ssmd_runtime.storage.writer import JsonlWriter
from ssmd_runtime.telemetry import Telemetry

ROOT = Path(__file__).resolve().parents[3]
NOON = 1_790_078_400 * 1_000_000_000
SPECS = {"kraken": "kraken-prod", "kalshi": "kalshi-dev", "polymarket": "polymarket", "binance": "binance"}


class Bench:
    """A capture on a folder; `read` gives (flag, frame) of every line on disk."""

    def __init__(self, root: Path, exchange: str = "kraken") -> None:
        base = specs.decode((ROOT / "generated" / SPECS[exchange] / "spec.json").read_bytes())
        storage = msgspec.structs.replace(
            base.storage, type="local", path=str(root), sync="batch", compression="none", file_stem=exchange
        )
        spec = msgspec.structs.replace(
            base, storage=storage, rotation=specs.Rotation(max_bytes=1 << 40, timezone="UTC")
        )
        session: type[Session] = exchange_named(exchange).session
        self.root = root
        self.session = session
        self.writer = JsonlWriter(spec, NOON)
        self.writer.recover()
        self.tracker = SequenceTracker(spec, session)
        self.telemetry = Telemetry(spec.feed.name)
        self.full: list[str] = []
        clock = itertools.count(NOON, 1000)
        self.capture = Capture(
            spec,
            session,
            self.writer,
            self.tracker,
            self.telemetry,
            clock_ns=lambda: next(clock),
            appended=lambda: None,
            full=lambda problem: self.full.append(str(problem)),
        )

    def read(self) -> list[tuple[str | None, bytes]]:
        found = []
        for line in self.writer.path.read_bytes().split(b"\n")[:-1]:
            said = json.loads(line)  # every line is JSON, whoever reads it
            flag = said.get("flag")
            if flag is None:
                frame = line.partition(b',"data":')[2][:-1]
            else:
                frame = base64.b64decode(said["data"]) if flag in {"utf8", "binary"} else said["data"].encode()
            found.append((flag, frame))
        return found

    def gaps(self) -> list[dict[str, Any]]:
        path = next(iter(self.root.glob("*/*.gaps.jsonl")), None)
        return [] if path is None else [json.loads(line) for line in path.read_bytes().splitlines()]


NUMBER = st.integers(0, 50)
TRADE = st.builds(
    lambda symbol, number, extra: json.dumps(
        {"channel": "trade", "type": "update", "data": [{"symbol": symbol, "trade_id": number, "x": extra}]}
    ).encode(),
    st.sampled_from(["BTC/USD", "ETH/USD"]),
    NUMBER,
    st.text(max_size=5),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'"a"', b'"channel"', b'"trade"', b"01", b"1", b"-", b".5", b"1e",
     b"NaN", b"true", b"null", b"\n", b"\r", b" ", b"\t", b"\x00", b"\x01", b"\\ud800", b"\\u00", b"\xff", b"\xc3\x28",
     b"\xef\xbb\xbf", "é".encode(), b"{}", b"[]", b'{"a":1}']
)  # fmt: skip
NEAR = st.lists(PIECES, max_size=10).map(b"".join)


@st.composite
def _changed(draw: st.DrawFn) -> bytes:
    """JSON with a piece put somewhere, or a part taken out."""
    frame = draw(TRADE | JSON.map(lambda value: json.dumps(value).encode()))
    at = draw(st.integers(0, len(frame)))
    return frame[:at] + draw(PIECES | st.just(b"")) + frame[at + draw(st.integers(0, 3)) :]


FRAMES = TRADE | JSON.map(lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass"))
FRAMES |= NEAR | _changed() | st.binary(max_size=20) | st.sampled_from(
    [b"", b"PONG", b"[" * 3000 + b"]" * 3000, b'{"data":' * 400 + b"1" + b"}" * 400, b'{"x":"' + b"y" * 70_000 + b'"}']
)  # fmt: skip


@given(st.lists(st.lists(FRAMES, min_size=1, max_size=6), max_size=5), st.sampled_from(sorted(SPECS)))
@example([[b'{"a":', b"1}", b"{}{}"]], "kalshi")
@example([[b'{"channel":', b'"trade"}', b"{} {}"]], "kraken")
@example([[b'{"a":[1]', b',"b":2}', b"{}{}"]], "kraken")
@example([[b"\xc3", b"\xa9"]], "kraken")
@example([[b""], [b"", b"{}"]], "kraken")
@settings(max_examples=250, deadline=None)
def test_every_frame_is_on_disk_once(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], exchange: str
):
    bench = Bench(tmp_path_factory.mktemp("d"), exchange)
    data = control = 0
    for batch in batches:
        taken = bench.capture.take(1, batch)
        data += taken.data
        control += len(taken.control)
        assert [frame for _, frame in taken.control] == [
            frame for frame in batch if frame in dict(taken.control).values()
        ]
    frames = [frame for batch in batches for frame in batch]
    found = bench.read()
    assert [frame for _, frame in found] == frames
    assert data + control == len(frames)
    assert sum(bench.telemetry.messages.values()) == data
    assert bench.writer.records == len(frames)
    for flag, frame in found:
        if flag is None:
            json.loads(frame, parse_constant=_no_constant)
    bench.writer.close()


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


@given(st.lists(FRAMES, min_size=1, max_size=4), st.sampled_from(sorted(SPECS)))
@settings(max_examples=300, deadline=None)
def test_what_the_partial_decode_takes_is_json(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes], exchange: str
):
    """It looks at a few members alone, and passes over the rest: that must be JSON all the same."""
    capture = _CAPTURES.get(exchange)
    if capture is None:
        capture = _CAPTURES[exchange] = Bench(tmp_path_factory.mktemp("d"), exchange).capture
    if capture._decoded(frames) is not None:
        for frame in frames:
            assert b"\n" not in frame
            json.loads(frame.decode(), parse_constant=_no_constant)


_CAPTURES: dict[str, Capture] = {}


@pytest.mark.parametrize(
    ("frame", "flag"),
    [
        (b'{"x":01}', "not_json"),
        (b'{"x":NaN}', "not_json"),
        (b'{"x":"\x01"}', "not_json"),
        (b"{} {}", "not_json"),
        (b'{"x":1}}', "not_json"),
        (b"", "not_json"),
        (b"PONG", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"[" * 50_000 + b"]" * 50_000, "not_json"),
        (b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "not_json"),
        (b'{"x":"\xff"}', "utf8"),
        (b'{"x":\n1}', "newline"),
        (b'{"x":"a\nb"}', "newline"),
        (b"\n", "newline"),
        (b"\xff\n", "utf8"),
        (b'{"x":1,"x":2}', None),
        (b'{"x":1}\r', None),
        (b" [1]\t", None),
        (b"5", None),
        (b'{"channel":5}', None),
        (b'{"x":1e999}', None),
        (b'{"x":123456789012345678901234567890}', None),
    ],
)
def test_odd_frames_are_flagged_and_do_not_touch_their_neighbours(tmp_path: Path, frame: bytes, flag: str | None):
    bench = Bench(tmp_path)
    good = b'{"channel":"trade","data":[{"symbol":"BTC/USD","trade_id":1}]}'
    bench.capture.take(1, [good, frame, good])
    assert bench.read() == [(None, good), (flag, frame), (None, good)]
    assert bench.telemetry.messages["trade"] == 2


def test_a_binary_frame_is_kept(tmp_path: Path):
    bench = Bench(tmp_path)
    taken = bench.capture.take_binary(bytes(range(256)))
    assert bench.read() == [("binary", bytes(range(256)))]
    assert (taken.data, bench.telemetry.messages["other"], bench.telemetry.errors["binary"]) == (1, 1, 1)


def test_a_pong_is_control_where_the_exchange_sends_it_as_text(tmp_path: Path):
    bench = Bench(tmp_path, "polymarket")
    taken = bench.capture.take(1, [b"PONG"])
    assert (taken.data, [frame for _, frame in taken.control]) == (0, [b"PONG"])
    assert sum(bench.telemetry.errors.values()) == 0


def trade(number: int, symbol: str = "BTC/USD") -> bytes:
    return b'{"channel":"trade","data":[{"symbol":"%s","trade_id":%d}]}' % (symbol.encode(), number)


def test_a_jump_is_declared_before_the_frame_that_showed_it(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.capture.take(1, [trade(1)])
    bench.capture.take(2, [trade(9, "ETH/USD")])
    bench.capture.take(1, [trade(2), trade(5), trade(6)])
    (gap,) = bench.gaps()
    assert (gap["reason"], gap["symbol"], gap["expected"], gap["got"]) == ("sequence", "BTC/USD", 3, 5)
    assert (gap["from_ts"], gap["to_ts"]) == (None, gap["ts"])
    assert bench.telemetry.gaps == {"sequence": 1}


def test_a_number_inside_of_a_frame_with_line_breaks_counts(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.capture.take(1, [trade(1), trade(2).replace(b",", b",\n"), trade(3)])
    assert bench.gaps() == []


def test_numbers_go_on_from_an_earlier_run(tmp_path: Path):
    first = Bench(tmp_path)
    first.capture.take(1, [trade(1), trade(2), b'{"channel":5}', trade(3).replace(b",", b",\n")])
    first.writer.close()
    second = Bench(tmp_path)
    lines = [msgspec.json.decode(line, type=Line) for line in first.writer.path.read_bytes().splitlines()]
    second.capture.remember(lines)
    second.capture.take(1, [trade(6)])
    (gap,) = second.gaps()
    assert (gap["expected"], gap["got"]) == (4, 6)


class Disk:
    """`os.write` that fails as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.problem: int | None = None
        real = os.write

        def write(descriptor: int, block: bytes) -> int:
            if self.problem is not None:
                raise OSError(self.problem, os.strerror(self.problem))
            return real(descriptor, block)

        monkeypatch.setattr(files.os, "write", write)


def test_a_full_disk_holds_everything_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bench, disk = Bench(tmp_path), Disk(monkeypatch)
    bench.capture.take(1, [trade(1)])
    disk.problem = errno.ENOSPC
    bench.capture.take(1, [trade(2)])
    bench.capture.take(1, [trade(7)])
    bench.capture.gap("disconnected", connection=1)
    assert len(bench.full) == 1
    assert bench.telemetry.queue_bytes > 0
    assert not bench.capture.retry()
    disk.problem = None
    bench.capture.take(1, [trade(8)])
    assert [frame for _, frame in bench.read()] == [trade(1)]
    assert bench.capture.retry()
    assert [frame for _, frame in bench.read()] == [trade(1), trade(2), trade(7), trade(8)]
    assert [gap["reason"] for gap in bench.gaps()] == ["sequence", "disconnected"]
    assert bench.telemetry.queue_bytes == 0


def test_after_a_failed_write_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What came behind the lost batch would make a hole that nobody told of."""
    bench, disk = Bench(tmp_path), Disk(monkeypatch)
    bench.capture.take(1, [trade(1)])
    disk.problem = errno.EIO
    with pytest.raises(StorageError):
        bench.capture.take(1, [trade(2)])
    disk.problem = None
    with pytest.raises(StorageError):
        bench.capture.take(1, [trade(3)])
    assert [frame for _, frame in bench.read()] == [trade(1)]


def test_numbers_of_any_size_end_nothing(tmp_path: Path):
    bench = Bench(tmp_path)
    for number in (5, 2**63 - 1, 2**63, 2**64, 10**30, -5, -(10**30), 6):
        bench.capture.take(1, [trade(number)])
    assert len(bench.read()) == 8
    assert all(gap["got"] is not None for gap in bench.gaps())
