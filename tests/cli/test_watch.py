"""`ssmd compile --watch`, the real program: it compiles at once, again after a change, and ends on Ctrl-C."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ssmd_compiler.cli.watch import follow

HERE = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds until a test gives up; it asserts what is said, not when."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("exchanges", "environments", "schemas"):
        shutil.copytree(HERE / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def watching(workspace: Path):
    command = [sys.executable, "-m", "ssmd_compiler", "compile", "--watch", "--config-dir", str(workspace)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def said(process: subprocess.Popen[bytes], last: bytes) -> bytes:
    """What it prints until the line `last`."""
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while last not in heard:
            assert selector.select(PATIENCE), f"nothing after {heard!r}"
            more = os.read(process.stdout.fileno(), 65536)
            assert more, f"it ended after {heard!r}"
            heard += more
    return heard


def put(path: Path, text: str) -> None:
    """All at once, so that nobody sees half of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.rename(path)


WAITING = b"watching for changes; Ctrl-C ends it\n"


def test_it_follows_changes_and_ends_on_an_interrupt(workspace, watching):
    assert b"compiled 6 environments" in said(watching, WAITING)
    assert (workspace / "generated/kalshi-dev/spec.json").exists()

    path = workspace / "environments/kalshi-dev.yaml"
    whole = path.read_text()
    put(path, whole.replace("feed: kalshi", "feed: kalsi"))
    assert b"error[SSMD201]" in said(watching, WAITING)

    put(path, whole)
    assert b"compiled 6 environments" in said(watching, WAITING)

    path.unlink()
    assert b"compiled 5 environments" in said(watching, WAITING)
    assert not (workspace / "generated/kalshi-dev").exists()

    os.killpg(watching.pid, signal.SIGINT)
    assert b"interrupted" in said(watching, b"interrupted\n")
    assert watching.wait(PATIENCE) == 130


def test_it_does_not_end_for_what_it_cannot_do(workspace, watching):
    said(watching, WAITING)
    shutil.rmtree(workspace / "generated")
    (workspace / "generated").write_text("in the way")
    put(workspace / "ssmd.yaml", "namespace: ssmd\n")
    assert b"Error: " in said(watching, WAITING)
    (workspace / "generated").unlink()
    put(workspace / "ssmd.yaml", "namespace: ssmd  # again\n")
    assert b"compiled 6 environments" in said(watching, WAITING)


def test_it_goes_without_check(workspace):
    command = [sys.executable, "-m", "ssmd_compiler", "compile", "--watch", "--check", "--config-dir", str(workspace)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, b"--check looks once" in done.stderr) == (2, True)


class Idle(Exception):  # noqa: N818 -- it is how a test ends, no failure
    """Instead of waiting for the next change."""


def acted(workspace: Path, monkeypatch: pytest.MonkeyPatch, act, *reports: Path) -> int:
    """How often it acts until it waits; a loop is left after a few."""
    times = []

    def once() -> int:
        times.append(1)
        act(f"{len(times)}\n".encode())
        return 0 if len(times) < 3 else idle()

    def idle(*_):
        raise Idle

    monkeypatch.setattr("ssmd_compiler.cli.watch.time.sleep", idle)
    with pytest.raises(Idle):
        follow(workspace, once, reports)
    return len(times)


def test_what_it_writes_itself_is_no_change(workspace, tmp_path_factory, monkeypatch):
    linked = tmp_path_factory.mktemp("link") / "workspace"
    linked.symlink_to(workspace)
    report = workspace / "report.json"
    assert acted(linked, monkeypatch, report.write_bytes, linked / "report.json") == 1
    assert acted(workspace, monkeypatch, report.write_bytes) == 3, "control: of another file it would be"


def test_what_it_says_into_a_file_is_no_change(workspace, monkeypatch):
    kept, log = os.dup(1), os.open(workspace / "watch.log", os.O_WRONLY | os.O_CREAT)
    try:
        os.dup2(log, 1)
        assert acted(workspace, monkeypatch, lambda text: os.write(1, text)) == 1
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(log)
