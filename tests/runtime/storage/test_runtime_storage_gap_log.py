"""Gap records: durable, in the file of the day, repaired when they were torn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ssmd_runtime.reliability.gaps import Gap
from ssmd_runtime.storage.files import StorageError
from ssmd_runtime.storage.gap_log import GapLog, gaps_between
from ssmd_runtime.storage.layout import Layout


def gap(name: str, start: str | None = "2026-01-01T10", end: str | None = "2026-01-01T11") -> Gap:
    return Gap(id=name, ts="2026-01-01T11", feed="kraken", reason="sequence", from_ts=start, to_ts=end)


def test_they_go_to_the_day_that_is_told(tmp_path: Path):
    log, layout = GapLog(), Layout(tmp_path, "kraken")
    for day in ("2026-01-01", "2026-01-02", "2026-01-01"):
        log.write(layout.day(day), [gap(day)])
    log.close()
    assert len((tmp_path / "2026-01-01/kraken.gaps.jsonl").read_bytes().splitlines()) == 2
    (line,) = (tmp_path / "2026-01-02/kraken.gaps.jsonl").read_bytes().splitlines()
    assert json.loads(line)["id"] == "2026-01-02"


def test_a_torn_line_is_cut_at_every_byte(tmp_path: Path):
    day = Layout(tmp_path, "kraken").day("2026-01-01")
    log = GapLog()
    log.write(day, [gap("a"), gap("b")])
    log.close()
    content = day.gaps.read_bytes()
    for length in range(len(content)):
        day.gaps.write_bytes(content[:length])
        log = GapLog()
        log.write(day, [gap("c")])
        log.close()
        ids = [json.loads(line)["id"] for line in day.gaps.read_bytes().splitlines()]
        assert ids == [*["a", "b"][: content.count(b"\n", 0, length)], "c"]


def test_the_last_line_of_an_id_counts_and_time_chooses(tmp_path: Path):
    day = Layout(tmp_path, "kraken").day("2026-01-01")
    log = GapLog()
    log.write(day, [gap("open", end=None), gap("before", end="2026-01-01T10"), gap("after", "2026-01-01T15", None)])
    log.write(day, [gap("open", end="2026-01-01T12")])
    log.close()
    count, found = gaps_between(day.gaps, "2026-01-01T11", "2026-01-01T14", 10)
    assert (count, [one["id"] for one in found]) == (1, ["open"])
    assert found[0]["to_ts"] == "2026-01-01T12"
    assert gaps_between(day.gaps, None, None, 1)[0] == 3
    assert gaps_between(tmp_path / "none", None, None, 1) == (0, [])


def test_a_link_in_its_place_is_refused(tmp_path: Path):
    day = Layout(tmp_path, "kraken").day("2026-01-01")
    day.directory.mkdir()
    (tmp_path / "other").write_text("precious")
    day.gaps.symlink_to(tmp_path / "other")
    with pytest.raises(StorageError, match="not a regular file"):
        GapLog().write(day, [gap("a")])
    assert (tmp_path / "other").read_text() == "precious"
