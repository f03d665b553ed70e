"""Reports in files: whole or not at all, one without the other, and what stdin stands for."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from ssmd_compiler.cli import run

ROOT = Path(__file__).parents[2]
BASE = ROOT / "tests" / "scenarios" / "bases" / "minimal"
DATE = ("--as-of", "2025-06-01")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a finding, and the current directory in it."""
    shutil.copytree(BASE, tmp_path / "w")
    environment = tmp_path / "w" / "environments" / "dev.yaml"
    environment.write_text(environment.read_text().replace("feed: kalshi", "feed: kalsi"))
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def validate(*arguments: str) -> int:
    return run(["validate", *DATE, *arguments])


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if "ssmd-report" in path.name]


def test_a_report_takes_the_place_of_the_one_before(workspace: Path) -> None:
    out = workspace / "out.json"
    out.write_text("old" * 10_000)
    out.chmod(0o640)
    before = out.stat().st_ino
    assert validate("--format", f"json={out}") == 1
    assert out.read_text().startswith("{\n")
    assert out.read_text().endswith("}\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert out.stat().st_ino != before, "it was written over"
    assert leftovers(workspace) == []


def test_a_new_report_has_the_rights_that_any_new_file_has(workspace: Path) -> None:
    (workspace / "any").touch()
    validate("--format", "json=out.json")
    assert (workspace / "out.json").stat().st_mode == (workspace / "any").stat().st_mode


def test_a_link_stays_a_link(workspace: Path) -> None:
    (workspace / "real.json").touch()
    (workspace / "out.json").symlink_to("real.json")
    validate("--format", "json=out.json")
    assert (workspace / "out.json").is_symlink()
    assert (workspace / "real.json").read_text().startswith("{\n")


def test_what_cannot_be_finished_leaves_the_old_report(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "out.json").write_text("old")
    with mock.patch.object(Path, "replace", side_effect=OSError(28, "No space left on device")):
        assert validate("--format", "json=out.json", "--format", "text") == 2
    assert (workspace / "out.json").read_text() == "old"
    assert leftovers(workspace) == []
    shown = capsys.readouterr()
    assert shown.err == "Error: cannot write `out.json`: no space left on device\n"
    assert "SSMD201" in shown.out


def test_one_that_cannot_be_written_keeps_none_from_being(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    formats = ["sarif=no/such.sarif", "junit=out.xml", "gitlab=/dev/full", "checkstyle=other.xml"]
    assert validate(*(part for one in formats for part in ("--format", one))) == 2
    assert (workspace / "out.xml").read_text().endswith("</testsuites>\n")
    assert (workspace / "other.xml").read_text().endswith("</checkstyle>\n")
    assert capsys.readouterr().err.count("cannot write") == 2


def test_devices_and_pipes_are_written_to(workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    reader = subprocess.Popen(["cat", "pipe"], cwd=workspace, stdout=subprocess.PIPE)
    try:
        assert validate("--format", "json=/dev/null", "--format", "gitlab=pipe") == 1
        assert reader.communicate(timeout=30)[0].startswith(b"[\n")
    finally:
        reader.kill()
    assert stat.S_ISFIFO((workspace / "pipe").stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_two_names_of_one_file_are_one(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "b").symlink_to("a")
    assert validate("--format", "json=a", "--format", "sarif=b") == 2
    assert "two formats in one file, `b`" in capsys.readouterr().err
    assert not (workspace / "a").exists()


@pytest.mark.parametrize("command", [["validate"], ["compile"], ["compile", "--check"]])
def test_programs_that_read_standard_output_find_nothing_else_there(
    command: list[str], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    environment = workspace / "environments" / "dev.yaml"
    environment.write_text(environment.read_text().replace("feed: kalsi", "feed: kalshi"))
    run([*command, *DATE, "-v", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["summary"]["checked"] == 3


# Standard input


def piped(content: bytes, *arguments: str) -> int:
    with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(content))):
        return validate("-", *arguments)


@pytest.mark.parametrize("command", ["validate", "fmt"])
def test_a_path_is_seen_from_the_current_folder(
    command: str, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace / "environments")
    for path in ("dev.yaml", "../environments/dev.yaml", str(workspace / "environments/dev.yaml")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name: [")))
        assert run([command, "-", "--stdin-path", path]) == 1
        shown = capsys.readouterr()
        assert "--> environments/dev.yaml:1:" in shown.out + shown.err


def test_more_than_a_file_may_hold_is_a_finding(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert piped(b"#" * (1 << 20) + b"# ", "--stdin-path", "environments/dev.yaml") == 1
    assert "error[SSMD002]: more than 1048576 bytes" in capsys.readouterr().out


def test_an_endless_stream_ends(workspace: Path) -> None:
    line = f"yes | {sys.executable} -m ssmd_compiler validate - --stdin-path environments/dev.yaml"
    done = subprocess.run(
        ["sh", "-c", line], cwd=workspace, capture_output=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 1
    assert b"SSMD002" in done.stdout


def test_what_is_piped_is_nowhere_written(workspace: Path) -> None:
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    piped(b"name: new\n", "--stdin-path", "environments/new.yaml")
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


def test_a_secret_that_is_piped_is_not_shown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (workspace / "environments" / "dev.yaml").read_bytes().replace(b"kalsi", b"kalshi")
    secret = text.replace(b"credentials: $key:kalshi", b"credentials: canary-hunter2")
    assert secret != text
    for name in ("text", "json", "sarif", "github", "gitlab", "junit", "checkstyle"):
        assert piped(secret, "--stdin-path", "environments/dev.yaml", "--format", name) == 1
        out, err = capsys.readouterr()
        assert "SSMD505" in out
        assert "canary" not in out + err


# The documentation

PAGE = (ROOT / "docs" / "reports.md").read_text()
COMMANDS = re.findall(r"\bssmd ((?:validate|compile)\b[^\n`&|]*)", PAGE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_works(command: str, workspace: Path) -> None:
    environment = workspace / "environments" / "dev.yaml"
    environment.write_text(environment.read_text().replace("feed: kalsi", "feed: kalshi"))
    assert run(["compile"]) == 0
    arguments = command.split()
    content = environment.read_bytes() if "-" in arguments else b""
    with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(content))):
        assert run([one for one in arguments if one != "<"][: arguments.index("<") if "<" in arguments else None]) == 0
    for file in re.findall(r"--format \w+=(\S+)", command):
        assert (workspace / file).read_text()
