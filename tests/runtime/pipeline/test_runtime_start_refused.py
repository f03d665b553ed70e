"""What cannot work is refused before anything connects: one clear line each on stderr, nothing on stdout, exit code 2."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from ssmd_runtime.pipeline.preflight import Options, StartError, adapted
from ssmd_runtime.spec import decode
from starting import ROOT, Nobody, closed_port, command, nobody, ran, spec_file


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


NO_URL = "is no ws:// or wss:// URL with a host, a port from 1 to 65535 where it says one, and no spaces"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"http__port": 65536}, "http.port is 65536: at most 65535 is possible"),
        ({"http__port": -1}, "http.port is -1: at least 0 is needed"),
        ({"storage__path": "/da\0ta"}, "storage.path holds control characters"),
        ({"storage__path": "/da\nta"}, "storage.path holds control characters"),
        ({"storage__path": ""}, "storage.path is empty"),
        ({"storage__file_stem": ""}, "storage.file_stem '' begins no file name: "),
        ({"storage__file_stem": "a/b"}, "storage.file_stem 'a/b' begins no file name: "),
        ({"storage__file_stem": "../b"}, "storage.file_stem '../b' begins no file name: "),
        ({"storage__file_stem": ".b"}, "storage.file_stem '.b' begins no file name: "),
        ({"storage__file_stem": "a\u2028b"}, "storage.file_stem 'a\\u2028b' begins no file name: "),
        ({"storage__sync_interval_ms": 0}, "storage.sync_interval_ms is 0: at least 1 is needed"),
        ({"endpoint": ""}, f"endpoint {NO_URL}"),
        ({"endpoint": "https://example.com/"}, f"endpoint {NO_URL}"),
        ({"endpoint": "wss:///stream"}, f"endpoint {NO_URL}"),
        ({"endpoint": "wss://example.com:0/"}, f"endpoint {NO_URL}"),
        ({"endpoint": "wss://example.com:65536/"}, f"endpoint {NO_URL}"),
        ({"endpoint": "wss://[::1/"}, f"endpoint {NO_URL}"),
        ({"endpoint": "wss://example.com/\r\nX: y"}, f"endpoint {NO_URL}"),
        ({"endpoint": "wss://example.com/a b"}, f"endpoint {NO_URL}"),
        ({"endpoint": f"wss://{'a' * 64}.com/"}, f"endpoint {NO_URL}"),
        ({"retry__max_attempts": 0}, "retry.max_attempts is 0: at least 1 is needed"),
        ({"retry__initial_delay_ms": -1}, "retry.initial_delay_ms is -1: at least 0 is needed"),
        ({"retry__max_delay_ms": -1}, "retry.max_delay_ms is -1: at least 0 is needed"),
        ({"retry__multiplier": 0.5}, "retry.multiplier is 0.5: at least 1 is needed"),
        ({"retry__jitter": 1.5}, "retry.jitter is 1.5: it must be from 0 to 1"),
        ({"retry__jitter": -0.1}, "retry.jitter is -0.1: it must be from 0 to 1"),
        ({"circuit_breaker__failure_threshold": 0}, "circuit_breaker.failure_threshold is 0: at least 1 is needed"),
        ({"circuit_breaker__success_threshold": 0}, "circuit_breaker.success_threshold is 0: at least 1 is needed"),
        ({"circuit_breaker__timeout_seconds": -1}, "circuit_breaker.timeout_seconds is -1: at least 1 is needed"),
        ({"liveness__ping_seconds": 0}, "liveness.ping_seconds is 0: at least 1 is needed"),
        ({"liveness__stale_seconds": -5}, "liveness.stale_seconds is -5: at least 1 is needed"),
        ({"liveness__stale_seconds": 30}, "liveness: ping_seconds (30) must be less than stale_seconds (30), "),
        ({"liveness__watchdog_seconds": 9}, "liveness.watchdog_seconds is 9: at least 10 is needed"),
        ({"liveness__watchdog_seconds": 2**31}, "liveness.watchdog_seconds is 2147483648: at most 2147483647 is "),
        ({"rotation__max_bytes": 4095}, "rotation.max_bytes is 4095: at least 4096 is needed"),
        ({"buffer__max_bytes": 65535}, "buffer.max_bytes is 65535: at least 65536 is needed"),
        ({"subscriptions__channels": []}, "subscriptions: there are no channels, so nothing would ever be sent"),
        ({"subscriptions__instruments": ["A", ""]}, "subscriptions.instruments: one of them is empty"),
        ({"subscriptions__instruments": ["A", "B", "A"]}, "subscriptions.instruments: 'A' is there more than once"),
        *[
            ({f"subscriptions__limits__{name}": limit}, f"subscriptions.limits.{name} is {limit}: at least 1 is needed")
            for name in ("max_symbols_per_connection", "rate_limit_per_second")
            for limit in (0, -1)
        ],
        ({"parser_config__ping_interval_seconds": 0}, "parser_config.ping_interval_seconds is 0: at least 1 is needed"),
        ({"parser_config__ping_interval_seconds": 1e-6}, "parser_config.ping_interval_seconds is 1e-06: at least 1 is"),
        (
            {"parser_config__ping_interval_seconds": -9},
            "parser_config.ping_interval_seconds is -9: at least 1 is needed",
        ),
        (
            {"parser_config__ping_interval_seconds": 1e300},
            "parser_config.ping_interval_seconds is 1e+300: at most 2147",
        ),
        (
            {"parser_config__ping_interval_seconds": "30"},
            "parser_config.ping_interval_seconds is no number of seconds: ",
        ),
        (
            {"parser_config__ping_interval_seconds": True},
            "parser_config.ping_interval_seconds is no number of seconds: ",
        ),
        (
            {"message_types__trade__timestamp_format": "julian"},
            "message type trade: timestamp_format is 'julian', and this runtime knows unix_seconds, ",
        ),
        (
            {"message_types__trade__sequence_scope": "per_day"},
            "message type trade: sequence_scope is 'per_day', and this runtime knows per_subscription, ",
        ),
    ],
    ids=lambda value: " ".join(map(repr, value.items()))[:60] if isinstance(value, dict) else "",
)
def test_what_no_collector_can_do(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    """In this process: forty starts would only repeat what the next test shows once."""
    with pytest.raises(StartError) as refusal:
        adapted(decode(spec_file(tmp_path, **changes).read_bytes()), Options())
    (line,) = refusal.value.lines
    assert line.startswith(told)
    assert line.isprintable()


def test_control_the_repositorys_specs_are_sound(tmp_path: Path) -> None:
    for path in sorted((ROOT / "generated").glob("*/spec*.json")):
        adapted(decode(path.read_bytes()), Options(data_dir=tmp_path, files_only=True))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    spec = spec_file(tmp_path, http__port=70000, storage__file_stem="", retry__max_attempts=0, feed__exchange="nasdaq")
    told = [line.split()[0] for line in refused(spec, "--data-dir", str(tmp_path / "data"))]
    assert told == ["storage.file_stem", "retry.max_attempts", "http.port", "no"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--endpoint", ""], f"--endpoint {NO_URL}"),
        (["--endpoint", "http://127.0.0.1:1/"], f"--endpoint {NO_URL}"),
        (["--http-host", "a" * 64], f"--http-host is no name or address of a host: '{'a' * 60}"[:60]),
        (["--http-host", "a..b"], "--http-host is no name or address of a host: 'a..b'"),
        (["--http-host", ""], "--http-host is no name or address of a host: ''"),
        (["--http-host", "a\udcff"], "--http-host is no name or address of a host: "),
    ],
    ids=lambda value: " ".join(value)[:30].encode("ascii", "replace").decode() if isinstance(value, list) else "",
)
def test_options_that_lead_nowhere(options: list[str], told: str, tmp_path: Path) -> None:
    (line,) = refused(spec_file(tmp_path), "--data-dir", str(tmp_path / "data"), *options)
    assert line.startswith(told)


def test_a_port_of_a_caller_in_this_process(tmp_path: Path) -> None:
    spec = decode(spec_file(tmp_path).read_bytes())
    with pytest.raises(StartError, match="--http-port is 65536: at most 65535 is possible"):
        adapted(spec, Options(http_port=65536))


def test_a_key_that_cannot_be_read_is_told_before_markets_are_asked_for(tmp_path: Path) -> None:
    key, secret = tmp_path / "key", tmp_path / "secret"
    key.write_text("an-id")
    secret.write_text("no PEM at all")
    fields = {"api_key": {"file": str(key)}, "api_secret": {"file": str(secret)}}
    spec = spec_file(tmp_path, "kalshi-dev", retry__max_attempts=1)
    content = json.loads(spec.read_text())
    assert content["subscriptions"]["discovery"] is not None
    for one in content["keys"]:
        one["fields"] = fields if one["name"] == content["auth"]["key"] else one["fields"]
    spec.write_text(json.dumps(content))
    with nobody() as exchange:
        done = ran(command(spec, exchange.port, "--files-only", "--data-dir", str(tmp_path / "data")))
        assert (done.returncode, exchange.called) == (2, False)
    assert {json.loads(line)["event"] for line in done.stdout.splitlines()} == {"key_read"}
    assert done.stderr == (
        "ssmd-runtime: kalshi: api_secret is no RSA private key in PEM (PKCS#1 or PKCS#8, without a passphrase)\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_spec_that_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        assert refused(path) == [f"cannot read {path}: it is no file, but a pipe or a device"]


def test_control_a_file_without_a_name_is_a_spec(tmp_path: Path) -> None:
    """As `ssmd run` hands it over: told what is wrong in it, so it was read."""
    with tempfile.TemporaryFile() as file:
        file.write(spec_file(tmp_path, feed__exchange="nasdaq").read_bytes())
        file.flush()
        arguments = command(Path(f"/dev/fd/{file.fileno()}"), closed_port(), "--data-dir", str(tmp_path / "data"))
        done = subprocess.run(
            arguments, capture_output=True, text=True, timeout=60, check=False, pass_fds=[file.fileno()]
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ssmd-runtime: no exchange named nasdaq: ")


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


@pytest.mark.parametrize(
    "options", [["--http-port", "65536"], ["--http-port", "x"], ["--data-dir", ""], ["--nonsense"]], ids=" ".join
)
def test_options_that_are_none(options: list[str], tmp_path: Path) -> None:
    with nobody() as exchange:
        done = ran(command(spec_file(tmp_path), exchange.port, *options))
        assert (done.returncode, done.stdout, exchange.called) == (2, "", False)
    assert done.stderr.splitlines()[-1].startswith("ssmd-runtime")
