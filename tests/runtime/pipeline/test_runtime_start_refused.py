"""What cannot work is refused before anything connects: one clear line each on stderr, nothing on stdout, exit code 2."""

from __future__ import annotations

import fcntl
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from starting import Nobody, closed_port, command, nobody, ran, spec_file


def refused(spec: Path, *options: str, exchange: Nobody | None = None) -> list[str]:
    """The lines on stderr, of a run that neither started nor called the exchange."""
    with nobody() as own:
        asked = exchange or own
        done = ran(command(spec, asked.port, *options))
        assert (done.returncode, done.stdout) == (2, ""), done
        assert not asked.called
    assert all(line.startswith("ssmd-runtime: ") for line in done.stderr.splitlines())
    return [line.removeprefix("ssmd-runtime: ") for line in done.stderr.splitlines()]


def test_control_a_good_spec_calls(tmp_path: Path) -> None:
    """Called, and cut off: with `exit` and no further attempt the collector ends."""
    spec = spec_file(tmp_path, on_disconnect="exit", retry__max_attempts=1)
    done = ran(command(spec, closed_port(), "--data-dir", str(tmp_path / "data")))
    assert (done.returncode, done.stderr) == (1, "")
    events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert events == ["listening", "connect_failed", "ending", "stopped"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "this is not a collector spec: Input data was truncated"),
        ("kind: Environment\n", "this is not a collector spec: JSON is malformed: invalid character (byte 0)"),
        ("[]", "this is not a collector spec: Expected `object`, got `array`"),
        ("{}", "this is not a collector spec: apiVersion is not ssmd.collector/v1"),
        (b"\xff\xfe", "this is not a collector spec: JSON is malformed: invalid character (byte 0)"),
        (
            '{"apiVersion":"ssmd.collector/v2"}',
            "this spec is v2, newer than this runtime reads (v1): update ssmd-runtime",
        ),
        (
            '{"apiVersion":"ssmd.collector/v1"}',
            "this collector spec is malformed: Object missing required field `environment`",
        ),
    ],
)
def test_what_is_no_spec_of_this_version(content: str | bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert refused(path) == [f"{path}: {told}"]


def test_a_spec_that_cannot_be_read(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.json") == [f"cannot read {tmp_path}/no.json: No such file or directory"]
    assert refused(tmp_path) == [f"cannot read {tmp_path}: Is a directory"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"feed__exchange": "nasdaq"}, "no exchange named nasdaq: this runtime knows binance, "),
        ({"rotation__timezone": "Mars/Olympus"}, "rotation: there is no time zone 'Mars/Olympus'"),
        ({"rotation__day_start": "25:00"}, "rotation: day_start is no time of day: '25:00'"),
        ({"feed__type": "multicast"}, "the feed is of type multicast, which this runtime does not receive"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_this_runtime_cannot_execute(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    (line,) = refused(spec_file(tmp_path, **changes), "--data-dir", str(tmp_path / "data"))
    assert line.startswith(told)
    assert not (tmp_path / "data").exists()


def test_everything_that_publishes_and_uploads_is_told_at_once(tmp_path: Path) -> None:
    lines = refused(spec_file(tmp_path, "polymarket"), "--data-dir", str(tmp_path / "data"))
    assert [line.partition(",")[0] for line in lines] == ["transport is nats", "storage is s3"]
    assert all("--files-only" in line for line in lines)


def test_every_missing_field_of_a_key_is_told(tmp_path: Path) -> None:
    lines = refused(spec_file(tmp_path, "kalshi-dev"), "--files-only", "--data-dir", str(tmp_path / "data"))
    assert len(lines) == 2
    assert all(line.startswith("key kalshi: field api_") for line in lines)


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(spec_file(tmp_path, storage__path=f"{tmp_path}/file")) == [
        f"cannot write in {tmp_path}/file: Not a directory"
    ]
    assert refused(spec_file(tmp_path), "--data-dir", "/proc/ssmd") == [
        "cannot write in /proc/ssmd: No such file or directory"
    ]


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lines = refused(spec_file(tmp_path), "--data-dir", str(tmp_path / "data"), "--http-port", str(port))
    assert len(lines) == 1
    assert lines[0].startswith(f"cannot listen on port {port}: ")
    assert "in use" in lines[0]


def test_another_collector_writes_the_same_files(tmp_path: Path) -> None:
    with (tmp_path / ".binance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = refused(spec_file(tmp_path), "--data-dir", str(tmp_path))
    assert lines == [f"another collector writes binance in {tmp_path}"]


def test_markets_are_asked_for_only_when_all_else_is_well(tmp_path: Path) -> None:
    """Discovery calls the exchange: a taken port or a locked folder is told before."""
    changes = {"auth": {"method": "none", "key": None}, "retry__max_attempts": 1}
    with nobody() as exchange, socket.create_server(("127.0.0.1", 0)) as taken:
        spec = spec_file(tmp_path, "kalshi-dev", **changes)
        assert json.loads(spec.read_text())["subscriptions"]["discovery"] is not None
        options = ["--files-only", "--data-dir", str(tmp_path / "data")]
        port = taken.getsockname()[1]
        (line,) = refused(spec, *options, "--http-port", str(port), exchange=exchange)
        assert line.startswith(f"cannot listen on port {port}: ")
        with (tmp_path / "data/.kalshi.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (line,) = refused(spec, *options, exchange=exchange)
        assert line.startswith("another collector writes kalshi in ")


@pytest.mark.parametrize("options", [["--http-port", "65536"], ["--http-port", "x"], ["--nonsense"]], ids=" ".join)
def test_options_that_are_none(options: list[str], tmp_path: Path) -> None:
    with nobody() as exchange:
        done = ran(command(spec_file(tmp_path), exchange.port, *options))
        assert (done.returncode, done.stdout, exchange.called) == (2, "", False)
    assert done.stderr.splitlines()[-1].startswith("ssmd-runtime")
