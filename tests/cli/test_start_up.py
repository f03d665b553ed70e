"""Start-up time is a feature: what is imported before a command runs is a list, not a clock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"pydantic", "jinja2", "yaml", "msgspec", "jsonschema", "capnp", "multiprocessing", "asyncio", "httpx"}


def imported(*arguments: str, cwd: Path) -> set[str]:
    """The top-level modules that are loaded once `ssmd ARGUMENTS` has answered."""
    code = (
        "import sys\nfrom ssmd_compiler.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"], ["-V"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert not imported(*arguments, cwd=tmp_path) & HEAVY


def test_version_does_not_even_load_click(tmp_path: Path) -> None:
    assert "click" not in imported("--version", cwd=tmp_path)


def test_control_a_command_that_compiles_loads_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "ssmd_compiler", "init"], cwd=tmp_path, check=True, capture_output=True)
    assert {"pydantic", "jinja2", "yaml", "msgspec"} <= imported("compile", cwd=tmp_path)
