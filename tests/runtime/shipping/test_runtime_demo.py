"""`make demo` shows what it says, leaves its data, and leaves no process behind."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DEMO = [sys.executable, str(ROOT / "tools/demo/demo.py")]
COUNTS = re.compile(r"[\d,]+ messages   [\d,]+/s   \d+ gaps   [\d,]+ bytes on disk")


def world(folder: Path, seconds: str) -> dict[str, str]:
    return os.environ | {"DEMO_DIR": str(folder), "DEMO_SECONDS": seconds, "DEMO_RATE": "500"}


def still_served(said: str) -> list[str]:
    """Which of the two ports that were told still answer."""
    found = re.findall(r"//127\.0\.0\.1:(\d+)/", said)
    assert len(found) == 2
    return [port for port in found if answers(int(port))]


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_it_captures_for_some_seconds(tmp_path: Path) -> None:
    done = subprocess.run(DEMO, env=world(tmp_path, "2"), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(COUNTS.fullmatch(line) for line in lines)
    assert "\r" not in done.stdout
    (told,) = [line for line in lines if " records: " in line]
    records, _, path = told.partition(" records: ")
    written = Path(path).read_bytes().splitlines()
    assert int(records.replace(",", "")) == len(written) > 0
    assert still_served(done.stdout) == []
    for command in lines[-2:]:
        shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "kraken" in shown.stdout


def test_nobody_reads_on(tmp_path: Path) -> None:
    """As in `make demo | head -1`: it ends, with nothing to complain about, and so do the processes it started."""
    with subprocess.Popen(DEMO, env=world(tmp_path, "600"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stdout.readline().startswith(b"compiled ")
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(60) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_ends_sooner_and_still_tells(number: signal.Signals, tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(DEMO, env=world(tmp_path, "600"), stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        said = ""
        try:
            while not COUNTS.search(said) and (line := process.stdout.readline()):
                said += line
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    assert " records: " in out
    assert still_served(said) == []


def test_on_a_terminal_one_line_is_written_again_and_again(tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    with subprocess.Popen(DEMO, env=world(tmp_path, "2"), stdout=inner, stderr=inner) as process:
        os.close(inner)
        said = b""
        while True:
            try:
                said += os.read(outer, 4096)
            except OSError:  # how a terminal ends on Linux
                break
    os.close(outer)
    assert process.returncode == 0
    (counting,) = [line for line in said.decode().split("\r\n") if "\x1b[K" in line]
    assert len(COUNTS.findall(counting)) > 2


def test_what_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("")
    done = subprocess.run(DEMO, env=world(tmp_path, "1"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("demo: ")
