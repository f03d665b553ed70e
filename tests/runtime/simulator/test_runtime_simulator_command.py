"""`simulate` as a command: what it prints, how it is ordered about, how it ends."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulating import SUBSCRIBE
from ssmd_runtime.simulator.command import main
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

RUN = "import sys; from ssmd_runtime.simulator.command import main; sys.exit(main(sys.argv[1:]))"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN, *arguments]


@contextlib.contextmanager
def started(*arguments: str, stdin: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command(*arguments), stdin=stdin, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on ws://127.0.0.1:"), line
    return line.split()[-1]


def heard(client: ClientConnection) -> Iterator[str | bytes]:
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield client.recv()


def test_it_serves_obeys_and_ends(tmp_path: Path) -> None:
    log, port = tmp_path / "log.jsonl", tmp_path / "port"
    with started("kalshi", "--rate", "0", "--log", str(log), "--port-file", str(port)) as process:
        url = url_of(process)
        assert url == f"ws://127.0.0.1:{port.read_text().strip()}/trade-api/ws/v2"
        assert process.stdin is not None
        assert process.stdout is not None
        with connect(url, compression=None) as client:
            client.send(json.dumps(SUBSCRIBE["kalshi"]))
            client.recv()
            process.stdin.write("flood 20\ndance\nclose 1012\n")
            process.stdin.flush()
            frames = list(heard(client))
            assert client.close_code == 1012
        # The flood goes on beside: what arrived before the close is the log's beginning.
        assert frames == [json.loads(line)["frame"] for line in log.read_text().splitlines()][: len(frames)]
        process.stdin.write("status\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["accepted"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "ssmd-runtime simulate: unknown order `dance`\n"


def test_ctrl_c_ends_it_and_a_script_runs(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("after 5 frames: close 1001\n")
    with started("binance", "--rate", "1000", "--script", str(script), stdin=subprocess.DEVNULL) as process:
        with connect(url_of(process) + "?streams=btcusdt@trade", compression=None) as client:
            assert len(list(heard(client))) >= 5
            assert client.close_code == 1001
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["kalsi"], "unknown exchange `kalsi`; did you mean `kalshi`?"),
        (["kraken", "--port", "65536"], "argument --port: `65536` is no port"),
        (["kraken", "--rate", "fast"], "argument --rate: `fast` is no number"),
        ([], "the following arguments are required: EXCHANGE"),
        (["kraken", "--host", "0.0.0.0"], "0.0.0.0 is not loopback; `--anywhere` allows it"),
        (["kalshi", "--public-key", "{here}/absent"], "cannot read {here}/absent: No such file or directory"),
        (["kalshi", "--public-key", "{here}/bad"], "{here}/bad: not a public key in PEM"),
        (["kraken", "--script", "{here}"], "cannot read {here}: Is a directory"),
        (["kraken", "--script", "{here}/bad"], "{here}/bad: line 1: a step is written"),
        (["kraken", "--replay", "{here}/absent"], "cannot read {here}/absent: No such file or directory"),
        (["kraken", "--replay", "{here}/bad"], "{here}/bad: line 1: "),
        (["kraken", "--log", "{here}/no/log"], "cannot write {here}/no/log: No such file or directory"),
        (["kraken", "--log", "/dev/full", "--port-file", "{here}/no/port"], "cannot write {here}/no/port"),
        (["kraken", "--port", "{port}"], "cannot listen on 127.0.0.1:{port}: Address already in use"),
    ],
)
def test_what_it_cannot_do_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (tmp_path / "bad").write_text("nonsense\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        known = {"here": str(tmp_path), "port": str(taken.getsockname()[1])}
        given = [argument.format(**known) for argument in arguments]
        assert main(given) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("ssmd-runtime simulate: " + told.format(**known))
    assert shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize("name", ["replay", "script", "public-key"])
@pytest.mark.parametrize("log", ["read", "./there/../read", "link", "hard"])
def test_what_it_reads_is_never_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, log: str
) -> None:
    frame, step = '{"ts":"2026-01-01T00:00:00.000000Z","feed":"kraken","data":{}}', "after 5 frames: close 1001"
    before = f"{step if name == 'script' else frame}\n"
    (tmp_path / "there").mkdir()
    (tmp_path / "read").write_text(before)
    (tmp_path / "link").symlink_to("read")
    (tmp_path / "hard").hardlink_to(tmp_path / "read")
    path = f"{tmp_path}/{log}"
    assert main(["kraken", f"--{name}", str(tmp_path / "read"), "--log", path]) == 2
    told = f"--log {Path(path)} is the file of --{name}, and would replace it\n"
    assert capsys.readouterr().err == f"ssmd-runtime simulate: {told}"
    assert (tmp_path / "read").read_text() == before


def test_a_refusal_as_a_process_has_no_traceback() -> None:
    done = subprocess.run(command("kalsi"), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    assert done.returncode == 2
    assert done.stderr == "ssmd-runtime simulate: unknown exchange `kalsi`; did you mean `kalshi`?\n"


def test_a_full_disk_ends_it() -> None:
    with started("binance", "--rate", "1000", "--log", "/dev/full") as process:
        with contextlib.suppress(ConnectionClosed), connect(url_of(process) + "?streams=btcusdt@trade") as client:
            client.recv()
        assert process.wait(10) == 2
        assert process.stderr is not None
        assert process.stderr.read() == "ssmd-runtime simulate: cannot write /dev/full: No space left on device\n"


def test_help_names_the_orders(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "half-open" in capsys.readouterr().out
