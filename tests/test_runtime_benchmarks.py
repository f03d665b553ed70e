"""The runtime's benchmark, tiny: every row that needs no installation runs, and what a contestant lost is noticed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = "floor-raw,floor-framed,picows,websockets,receive,none,interval,batch,zstd,over-websockets"


@pytest.fixture(autouse=True)
def modules(monkeypatch):
    """The benchmarks' own modules, for this test alone."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_all_of_it(tmp_path):
    arguments = ["--frames", "3000", "--rounds", "1", "--only", NAMES, "--rates", "1000", "--seconds", "0.1"]
    arguments += ["--directory", tmp_path, "--json", tmp_path / "figures.json"]
    command = [sys.executable, ROOT / "benchmarks/runtime_speed.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert list(figures["speed"]) == NAMES.split(",")
    assert all(len(row["runs"]) == 1 for row in figures["speed"].values())
    assert {row["mode"]: len(row["durable"]) for row in figures["latency"]}["`sync: none`"] == 0
    assert all(row["asked"] == 1000 and len(row["written"]) == 3 for row in figures["latency"])
    assert "python benchmarks/runtime_speed.py --frames 3000" in done.stdout
    number = r"[\d,.]+"
    assert re.search(rf"(?m)^\| ssmd, durable JSONL, `sync: batch` \|( {number} \|){{8}}$", done.stdout)
    assert re.search(rf"(?m)^\| `sync: none` \|.*\| {number} / {number} / {number} \| never \|$", done.stdout)
    assert re.search(rf"(?m)^\| `sync: batch` \|.*(\| {number} / {number} / {number} ){{2}}\|$", done.stdout)
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_a_contestant_that_loses_a_frame_fails_the_run(tmp_path):
    from runtime_rounds import RuntimeBenchmarkError, flooded, run
    from runtime_rows import Row

    def stored(directory):
        return (directory / "framed.jsonl").read_bytes().count(b"\n")

    with flooded(100, tmp_path) as flood:
        with run(flood, Row("floor-framed", "", stored), 100) as (cost, _):
            assert cost["frames"] == 100
        lossy = Row("floor-framed", "", lambda directory: stored(directory) - 1)
        with pytest.raises(RuntimeBenchmarkError, match="got 100 and kept 99 of 100"), run(flood, lossy, 100):
            pass
        with (
            pytest.raises(RuntimeBenchmarkError, match="got 100 and kept 101 of 101"),
            run(flood, Row("floor-framed", "", lambda _: 101), 101),
        ):
            pass


def test_a_delay_is_from_the_send_to_the_first_note_that_covers_the_record(tmp_path):
    from runtime_latency import _since, percentile, sent_times

    sent = [1_000_000, 2_000_000, 3_000_000]
    assert list(_since(sent, [(2, 4_000_000), (2, 9_000_000), (3, 5_500_000)])) == [3.0, 2.0, 2.5]
    assert list(_since(sent, [(1, 2_000_000)])) == [1.0]
    assert [percentile([1.0, 2.0, 3.0, 4.0], part) for part in (0.5, 0.99)] == [3.0, 4.0]

    lines = [b'{"data":{"seq":%d,"msg":{"ts":%d}}}\n' % (number, number * 10) for number in (1, 2, 3)]
    data = tmp_path / "kalshi.jsonl"
    data.write_bytes(b"".join(lines))
    assert sent_times(tmp_path) == [10, 20, 30]
    data.write_bytes(lines[0] + lines[2])
    with pytest.raises(AssertionError, match="not all of them"):
        sent_times(tmp_path)


def test_frames_are_of_one_size_and_numbered():
    from runtime_flood import SIZE, trade
    from runtime_floors import cut

    wire = trade(1, 1_773_331_880) + trade(999_999, 1_773_331_880_000_000_000)
    frames, rest, closed = cut(wire + b"\x81")
    assert ([len(frame) for frame in frames], rest, closed) == ([SIZE, SIZE], b"\x81", False)
    assert [json.loads(frame)["seq"] for frame in frames] == [1, 999_999]
    assert cut(wire[:-1])[1] == wire[224:-1]
    assert cut(b"\x88\x02\x03\xe8")[2]
