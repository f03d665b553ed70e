"""Start-up time is a feature: what is imported before a command runs is a list, not a clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ssmd_compiler import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAVY = {"pydantic", "jinja2", "yaml", "msgspec", "jsonschema", "capnp", "multiprocessing", "asyncio", "httpx"}


SPARED = {"email", "importlib.metadata", "socket", "multiprocessing", "concurrent.futures", "importlib.resources"}
"""What pydantic, or an earlier version of ours, loads for nothing."""


def imported(*arguments: str, cwd: Path, before: str = "") -> set[str]:
    """The modules that are loaded once `ssmd ARGUMENTS` has answered."""
    code = (
        f"import os, sys\nfrom ssmd_compiler import cli\nos._exit = sys.exit\n{before}\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"], ["-V"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert not imported(*arguments, cwd=tmp_path) & HEAVY


def test_version_does_not_even_load_click(tmp_path: Path) -> None:
    assert "click" not in imported("--version", cwd=tmp_path)


def test_signals_are_answered_before_much_is_imported() -> None:
    loaded = "import sys; before = {*sys.modules}; import ssmd_compiler.cli; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not (HEAVY | {"click", "pathlib", "typing"}) & {*done.stdout.split()}


def test_control_a_command_that_compiles_loads_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "ssmd_compiler", "init"], cwd=tmp_path, check=True, capture_output=True)
    assert {"pydantic", "jinja2", "yaml", "msgspec"} <= imported("compile", cwd=tmp_path)


def test_a_command_that_compiles_loads_no_more(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "ssmd_compiler", "init"], cwd=tmp_path, check=True, capture_output=True)
    assert not imported("compile", cwd=tmp_path) & SPARED


def test_control_pydantic_looks_for_plugins_unless_it_is_told_that_there_are_none(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "ssmd_compiler", "init"], cwd=tmp_path, check=True, capture_output=True)
    assert "importlib.metadata" in imported("compile", cwd=tmp_path, before="cli._without_plugins = lambda: None")


def test_checks_are_imported_when_they_have_something_to_look_at(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "ssmd_compiler", "init"], cwd=tmp_path, check=True, capture_output=True)
    loaded = {name.rpartition(".")[2] for name in imported("compile", cwd=tmp_path) if ".checks.ssmd" in name}
    assert "ssmd201_unknown_feed" in loaded
    assert "ssmd005_syntax" not in loaded


def test_what_else_pydantic_wants_of_that_module_is_there(tmp_path: Path) -> None:
    """The name stands for one that a later version may have."""
    asked = "cli._without_plugins(); from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP as group, get_plugins; group"
    assert "pydantic.plugin._loader" in imported("--version", cwd=tmp_path, before=asked)


@pytest.fixture
def _signals() -> Iterator[None]:
    """What answers them is as it was."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def interrupted() -> int:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("answer", "code", "quick"),
    [
        (lambda: 0, 0, True),
        (lambda: 1, 1, True),
        (lambda: 3, 3, False),
        (interrupted, 130, False),
    ],
    ids=["clean", "findings", "a bug", "Ctrl-C"],
)
def test_only_who_is_finished_leaves_without_taking_leave(
    answer: Callable[[], int],
    code: int,
    quick: bool,  # noqa: FBT001 -- which of the two ways
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Threads that work on after Ctrl-C, or after a bug, clear away their temporary folders at the end of Python."""
    left: list[int] = []
    monkeypatch.setattr(cli, "_answer", lambda _argv: answer())
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(sys, "__stdout__", sys.stdout)
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    assert leaving.value.code == code
    assert left == ([code] if quick else [])


@pytest.mark.usefixtures("_signals")
def test_who_has_other_threads_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    going = threading.Event()
    thread = threading.Thread(target=going.wait)
    thread.start()
    monkeypatch.setattr(cli, "_answer", lambda _argv: 0)
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(sys, "__stdout__", sys.stdout)
    try:
        with pytest.raises(SystemExit):
            cli.main()
    finally:
        going.set()
        thread.join()
    assert left == []
