"""How a collector ends when it is told to: in order the first time, at once the second time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starting import ROOT, closed_port, command, spec_file

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = [signal.SIGTERM, signal.SIGINT]
STUCK = """
import asyncio, sys
from ssmd_runtime import cli
from ssmd_runtime.storage.syncing import Syncer

async def close(self):
    print("closing", file=sys.stderr, flush=True)
    await asyncio.sleep(600)

Syncer.close = close
sys.exit(cli.main(sys.argv[1:]))
"""
SIGNALLED = """
import os, sys

class Signalled:
    @staticmethod
    def find_spec(name, *_):
        if name == sys.argv[1]:
            os.kill(os.getpid(), int(sys.argv[2]))

sys.meta_path.insert(0, Signalled)
from ssmd_runtime import cli
sys.exit(cli.main(sys.argv[3:]))
"""


def started(arguments: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, stdout=pipe, stderr=pipe, text=True, stdin=subprocess.DEVNULL)


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it still says until it ends; killed where it does not."""
    try:
        return process.communicate(timeout=20)
    finally:
        process.kill()


def called(listener: socket.socket, process: subprocess.Popen[str]) -> socket.socket:
    """The call that the process makes; it is killed where it makes none."""
    listener.settimeout(20)
    try:
        return listener.accept()[0]
    except TimeoutError:
        process.kill()
        raise


def until(process: subprocess.Popen[str], event: str) -> list[dict[str, Any]]:
    assert process.stdout is not None
    said: list[dict[str, Any]] = []
    try:
        while not said or said[-1]["event"] != event:
            said.append(json.loads(process.stdout.readline()))
    except ValueError:
        process.kill()
        raise
    return said


@contextmanager
def waiting_for_a_vault(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A collector whose keys are in a Vault that has been called and does not answer."""
    spec = spec_file(tmp_path, "kalshi-dev")
    content = json.loads(spec.read_text())
    for field in content["keys"][0]["fields"].values():
        field.update(env=None, file=None, vault="secret/data/kalshi#x")
    spec.write_text(json.dumps(content))
    with socket.create_server(("127.0.0.1", 0)) as vault:
        world = {"VAULT_ADDR": f"http://127.0.0.1:{vault.getsockname()[1]}", "VAULT_TOKEN": "x"}
        pipe = subprocess.PIPE
        arguments = command(spec, 1, "--files-only", "--data-dir", str(tmp_path / "d"))
        with (
            subprocess.Popen(
                arguments, stdout=pipe, stderr=pipe, text=True, env=os.environ | world, cwd=ROOT
            ) as process,
            called(vault, process),
        ):
            yield process


@contextmanager
def ignoring_ctrl_c() -> Iterator[None]:
    """What is started here ignores SIGINT from the beginning."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_it_ends_in_order(number: signal.Signals, tmp_path: Path) -> None:
    with started(command(spec_file(tmp_path), closed_port(), "--data-dir", str(tmp_path / "d"))) as process:
        until(process, "listening")
        process.send_signal(number)
        out, err = ended(process)
    assert (process.returncode, err) == (0, "")
    said = [json.loads(line) for line in out.splitlines()]
    assert [one["signal"] for one in said if one["event"] == "stopping"] == [number.name]
    assert said[-1]["event"] == "stopped"


@pytest.mark.parametrize("first", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("second", SIGNALS, ids=lambda number: number.name)
def test_a_second_signal_ends_it_at_once(first: signal.Signals, second: signal.Signals, tmp_path: Path) -> None:
    arguments = command(spec_file(tmp_path), closed_port(), "--data-dir", str(tmp_path / "d"))[3:]
    with started([sys.executable, "-c", STUCK, *arguments]) as process:
        until(process, "listening")
        process.send_signal(first)
        assert process.stderr is not None
        assert process.stderr.readline() == "closing\n"
        time.sleep(1.1)  # before that it is taken for an echo of the first
        process.send_signal(second)
        assert ended(process)[1] == ""
        assert process.returncode == 128 + second


def test_the_echo_of_a_signal_is_not_a_second_one(tmp_path: Path) -> None:
    """timeout(1) signals its child, and then the child's group: that is one wish."""
    with started(command(spec_file(tmp_path), closed_port(), "--data-dir", str(tmp_path / "d"))) as process:
        until(process, "listening")
        process.send_signal(signal.SIGTERM)
        until(process, "stopping")
        process.send_signal(signal.SIGTERM)
        assert ended(process)[1] == ""
        assert process.returncode == 0


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_it_ends_while_it_looks_for_markets(number: signal.Signals, tmp_path: Path) -> None:
    """The exchange takes the call and says nothing: it is not waited for."""
    changes = {"auth": {"method": "none", "key": None}}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        spec = spec_file(tmp_path, "kalshi-dev", **changes)
        arguments = command(spec, silent.getsockname()[1], "--files-only", "--data-dir", str(tmp_path / "d"))
        with started(arguments) as process:
            connection = called(silent, process)
            process.send_signal(number)
            out, err = ended(process)
            connection.close()
    assert (process.returncode, err) == (0, "")
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["stopping", "listening", "stopped"]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_it_ends_before_it_has_begun(number: signal.Signals, tmp_path: Path) -> None:
    """Keys from a Vault that does not answer: nothing was captured, so nothing was stopped in order."""
    with waiting_for_a_vault(tmp_path) as process:
        process.send_signal(number)
        out, err = ended(process)
    assert (process.returncode, out, err) == (128 + number, "", "")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("argparse", ["run"]),
        ("ssmd_runtime.spec", ["run"]),
        ("asyncio", ["run"]),
        ("ssmd_runtime.pipeline.collector", ["run"]),
        ("ssmd_runtime.simulator.command", ["simulate", "binance"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_ends_while_it_imports(module: str, arguments: list[str], number: signal.Signals, tmp_path: Path) -> None:
    if arguments == ["run"]:
        arguments = command(spec_file(tmp_path), closed_port(), "--data-dir", str(tmp_path / "d"))[3:]
    with started([sys.executable, "-c", SIGNALLED, module, str(int(number)), *arguments]) as process:
        out, err = ended(process)
    assert (process.returncode, out, err) == (128 + number, "", "")
    assert not (tmp_path / "d").exists()


def test_signals_are_answered_before_much_is_imported() -> None:
    loaded = "import sys; before = {*sys.modules}; import ssmd_runtime.cli; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"argparse", "asyncio", "logging", "msgspec", "pathlib", "typing"} & {*done.stdout.split()}


def test_sigterm_ends_it_where_ctrl_c_is_ignored(tmp_path: Path) -> None:
    """As `ssmd run ... &` in a script is started."""
    with ignoring_ctrl_c(), waiting_for_a_vault(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, err = ended(process)
    assert (process.returncode, out, err) == (128 + signal.SIGTERM, "", "")


def test_ctrl_c_stays_ignored_while_it_runs(tmp_path: Path) -> None:
    arguments = command(spec_file(tmp_path), closed_port(), "--data-dir", str(tmp_path / "d"))
    with ignoring_ctrl_c(), started(arguments) as process:
        until(process, "listening")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, err = ended(process)
    assert (process.returncode, err) == (0, "")
    assert [one["signal"] for one in map(json.loads, out.splitlines()) if one["event"] == "stopping"] == ["SIGTERM"]
