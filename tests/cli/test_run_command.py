"""`ssmd run` becomes the runtime: what that refuses, and what it captures. Scenarios hold what the compiler refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ["--config-dir", str(ROOT), "--http-port", "0"]


def ssmd_run(*arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    world = {name: value for name, value in os.environ.items() if not name.startswith("KALSHI_")}
    command = [Path(sys.executable).parent / "ssmd", "run", *arguments]
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, text=True, env=world)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["polymarket"], ["transport is nats", "storage is s3"]),
        (["kraken-prod", "--shard", "bitcoin"], ["transport is nats", "storage is s3"]),
        (["kalshi-dev"], ["key kalshi: field api_key", "key kalshi: field api_secret"]),
        (["binance", "--data-dir", "/proc/ssmd"], ["cannot write in /proc/ssmd"]),
    ],
    ids=lambda value: value[0],
)
def test_what_the_runtime_refuses_is_told_a_line_each(arguments: list[str], told: list[str]) -> None:
    with ssmd_run(*arguments, *HERE) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) == len(told)
    assert all(line.startswith(f"ssmd-runtime: {start}") for line, start in zip(lines, told, strict=True)), lines


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ["--config-dir", str(ROOT), "--data-dir", str(tmp_path), "--http-port", port]
        with ssmd_run("binance", *options) as process:
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"ssmd-runtime: cannot listen on port {port}: ")
    assert err.count("\n") == 1


SIGNALLED = """
import os, sys
number, execv = int(sys.argv.pop(1)), os.execv

def signalled(*arguments):
    os.kill(os.getpid(), number)
    execv(*arguments)

os.execv = signalled
from ssmd_compiler.cli import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_ends_while_it_becomes_the_runtime(number: signal.Signals, tmp_path: Path) -> None:
    """The signal waits until the runtime can answer it."""
    arguments = ["run", "binance", *HERE, "--data-dir", str(tmp_path / "d"), "--endpoint", "ws://127.0.0.1:1/stream"]
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(int(number)), *arguments], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_captures_until_it_is_told_to_stop(number: signal.Signals, tmp_path: Path) -> None:
    simulate = [Path(sys.executable).parent / "ssmd-runtime", "simulate", "binance", "--rate", "500"]
    pipe, silence = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(simulate, stdout=pipe, stdin=silence, text=True) as simulator:
        assert simulator.stdout is not None
        url = simulator.stdout.readline().split()[-1]
        try:
            with ssmd_run("binance", *HERE, "--data-dir", str(tmp_path), "--endpoint", url) as process:
                try:
                    while process.poll() is None and not any(path.stat().st_size for path in tmp_path.glob("*/*.zst")):
                        time.sleep(0.02)
                    process.send_signal(number)
                    out, err = process.communicate(timeout=60)
                finally:
                    process.kill()
        finally:
            simulator.terminate()
    assert (process.returncode, err) == (0, "")
    last = json.loads(out.splitlines()[-1])
    assert last["event"] == "stopped"
    assert last["durable"] == last["messages"] > 0
    assert list(tmp_path.glob("*/binance.jsonl.zst"))
