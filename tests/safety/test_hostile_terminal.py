"""Wherever ssmd is started from, and wherever its output goes: an exit code that means something, and no traceback."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import ENVIRONMENT, TEMPLATE, environment, make, plant, run, small_tree, snapshot, starter_tree

import ssmd_compiler

if TYPE_CHECKING:
    from jail import Jail

SECONDS = 60
HOME = Path(ssmd_compiler.__file__).parent.parent
SSMD = f"{sys.executable} -m ssmd_compiler"


def shell(line: str, cwd: Path, **env: str | None) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell, in which $SSMD is the program."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HOME), str(HOME / "runtime")]), "SSMD": SSMD, **env}
    known = {name: value for name, value in variables.items() if value is not None}
    return subprocess.run(["sh", "-c", line], cwd=cwd, env=known, capture_output=True, timeout=SECONDS, check=False)


@pytest.fixture
def faulty(workspace: Path) -> Path:
    """A workspace that has something to say, beyond ASCII."""
    plant(workspace, ENVIRONMENT, environment(feed="kräken漢\U0001f600", symbols="[A]"))
    return workspace


STREAMS = {
    "$SSMD validate | head -c 0": (1, 2),
    "$SSMD validate --format json | head -c 1 >/dev/null": (1, 2),
    "$SSMD validate >&-": (1, 2),
    "$SSMD validate --format json >&-": (1, 2),
    "$SSMD compile >&-": (1, 2),
    "$SSMD validate <&-": (1,),
    "$SSMD validate 2>&-": (1,),
    "$SSMD validate <&- >&- 2>&-": (1, 2),
    "$SSMD nothing 2>&-": (2,),
    "$SSMD validate >/dev/full": (2,),
    "$SSMD validate --format json >/dev/full": (2,),
    "$SSMD validate --format text=/dev/full": (2,),
    "$SSMD validate --format text=/nothing/at/all": (2,),
    "$SSMD validate --format text=.": (2,),
    "$SSMD explain >/dev/full": (2,),
    "$SSMD explain | head -n 1 >/dev/null": (0, 2),
    "$SSMD --help >/dev/full": (2,),
    "$SSMD --version >/dev/full": (2,),
    "$SSMD --version | true": (0, 2),
    "$SSMD --version >&-": (0, 2),
    "$SSMD nothing 2>/dev/full": (2,),
    "$SSMD validate & wait $!": (1,),
}


@pytest.mark.parametrize("line", STREAMS)
def test_streams_that_are_closed_or_full(line: str, faulty: Path) -> None:
    before = snapshot(faulty)
    program, pipe, reader = line.partition(" | ")
    done = shell(f"{{ {{ {program}; echo $? >&3; }}{pipe}{reader}; }} 3>code", faulty)
    code = int((faulty / "code").read_text())
    (faulty / "code").unlink()
    assert code in STREAMS[line], done.stderr
    assert b"Traceback" not in done.stderr
    assert b"internal error" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert snapshot(faulty) == before


SURROUNDINGS: dict[str, dict[str, str | None]] = {
    "LANG=C": {"LANG": "C", "LC_ALL": None},
    "POSIX": {"LC_ALL": "POSIX"},
    "C, and Python obeys": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "a locale that is not there": {"LC_ALL": "xx_XX.ISO-8859-1"},
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
    "UTF-16": {"PYTHONIOENCODING": "utf-16"},
    "20 columns": {"COLUMNS": "20"},
    "1 column": {"COLUMNS": "1"},
    "no columns": {"COLUMNS": "0"},
    "fewer than none": {"COLUMNS": "-5"},
    "words for columns": {"COLUMNS": "wide"},
    "endless columns": {"COLUMNS": "9" * 40},
    "no home": {"HOME": None},
    "a home that is not there": {"HOME": "/nothing"},
    "no temporary folder": {"TMPDIR": "/nothing"},
    "a zone that is none": {"TZ": "../../etc/passwd"},
    "a dumb terminal": {"TERM": "dumb", "NO_COLOR": None},
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_surroundings_of_every_kind(name: str, faulty: Path) -> None:
    done = shell("exec $SSMD validate", faulty, **SURROUNDINGS[name])
    assert done.returncode == 1, done.stderr
    assert done.stderr == b""
    said = done.stdout.decode("utf-16" if name == "UTF-16" else "utf-8", errors="replace")
    assert "SSMD201" in said
    assert "\x1b" not in said


def test_a_narrow_terminal_still_shows_the_place(faulty: Path) -> None:
    for columns in ("1", "20", "9999999"):
        assert b"^" in shell("exec $SSMD validate", faulty, COLUMNS=columns).stdout


def test_a_terminal_gets_colour_and_nothing_that_it_obeys_from_a_file(workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment(feed='"\\u0041"', description='"x"'))
    plant(workspace, "environments/\x1b]0;title\x07\u202e.yaml", environment(feed="nothing"))
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HOME), str(HOME / "runtime")]), "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen(
        [*SSMD.split(), "validate"], cwd=workspace, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # the terminal's other side is gone
            pass
        assert child.wait(SECONDS) == 1
    os.close(ours)
    assert b"\x1b[" in said
    assert b"\x1b]" not in said
    assert b"\x07" not in said
    assert "\u202e".encode() not in said


# Folders

ODD_NAMES = [
    "with space",
    "é漢",
    "a\nb",
    "$(id)",
    "'",
    '"',
    "-rf",
    "--help",
    "%s{}",
    "\x1b[31m",
    "a" * 200,
    "ssmd.yaml",
    "#",
    "*",
    "\\",
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name)[:12])
def test_a_workspace_of_any_name_compiles(name: str, jail: Jail, tmp_path: Path) -> None:
    root = make(tmp_path / name, starter_tree() if name == "a\nb" else small_tree())
    plant(root, TEMPLATE, "x: {{ nothing }}")
    failed = run(jail, root)
    assert failed.outcome.code == 1, failed.outcome.err
    (root / TEMPLATE).unlink()
    for arguments in (("compile", "-v"), ("validate",), ("compile", "--check", "--config-dir", str(root))):
        ran = run(jail, root, *arguments)
        assert ran.outcome.code == 0, ran.outcome.said
        assert ran.outcome.said.replace("\n", "").isprintable()


def test_a_workspace_whose_name_is_no_text_compiles(jail: Jail, tmp_path: Path) -> None:
    root = make(tmp_path / os.fsdecode(b"\xff"), small_tree())
    assert jail.run(["compile", "-v"], root).code == 0
    assert jail.run(["validate"], root).code == 0


@pytest.mark.parametrize("arguments", ["validate", "compile", "validate --config-dir .", "init", "explain", "--help"])
def test_a_folder_that_is_gone(arguments: str, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = shell(f"cd gone && rmdir ../gone && exec $SSMD {arguments}", tmp_path)
    assert done.returncode == (0 if arguments in ("explain", "--help") else 2), done.stderr
    assert b"internal error" not in done.stderr


def test_a_folder_that_is_gone_does_not_matter_when_another_is_named(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = shell(f"cd gone && rmdir ../gone && exec $SSMD compile --config-dir '{workspace}'", tmp_path)
    assert done.returncode == 0, done.stderr


# Arguments

LONG = "a" * 300
ESCAPES = "\x1b]0;title\x07\u202e\r"
BAD_ARGUMENTS: dict[str, list[str]] = {
    "a long workspace": ["validate", "--config-dir", LONG],
    "no workspace": ["validate", "--config-dir", "nothing"],
    "a file for a workspace": ["validate", "--config-dir", ENVIRONMENT],
    "a loop for a workspace": ["validate", "--config-dir", "round"],
    "a long path": ["validate", LONG],
    "a path outside": ["validate", "/etc/passwd"],
    "a path that is not there": ["validate", "nothing"],
    "an environment that is not there": ["compile", "nothing"],
    "an environment above": ["compile", "../x"],
    "an environment of no name": ["compile", ""],
    "an environment that is no text": ["compile", "\udcff"],
    "an environment of escapes": ["compile", "\x1b]0;title\x07\u202e\r"],
    "a path of escapes": ["validate", "\x1b]0;title\x07\u202e\r"],
    "a workspace of escapes": ["validate", "--config-dir", "\x1b]0;title\x07\u202e\r"],
    "a format of escapes": ["validate", "--format", "\x1b]0;title\x07\u202e\r"],
    "a command of escapes": ["\x1b]0;title\x07\u202e\r"],
    "a code of escapes": ["explain", "\x1b]0;title\x07\u202e\r"],
    "a code of a regular expression": ["explain", "(" * 50],
    "a long file for the report": ["validate", "--format", f"json={LONG}"],
    "a long folder to start in": ["init", LONG],
    "a folder of a file to start in": ["init", f"{ENVIRONMENT}/x"],
    "a long file to trace": ["trace", LONG],
    "a long generated file to trace": ["trace", f"generated/{LONG}"],
    "a long file elsewhere to trace": ["trace", f"/{LONG}"],
    "a file of escapes to trace": ["trace", ESCAPES],
    "a line that is not there to trace": ["trace", "generated/dev/spec.json:0"],
    "a source to trace": ["trace", "generated/../ssmd.yaml"],
    "an environment of escapes to draw": ["graph", ESCAPES],
    "a picture of escapes": ["graph", "--format", ESCAPES],
    "dead letters of escapes": ["dlq", "list", ESCAPES],
    "dead letters below a path of escapes": ["dlq", "list", "--path", ESCAPES],
    "dead letters below a long path": ["dlq", "purge", "--path", LONG, "--older-than", "7d"],
    "dead letters of an age of escapes": ["dlq", "list", "--path", ".", "--since", ESCAPES],
    "a dead letter of escapes": ["dlq", "replay", "--path", ".", "--id", ESCAPES],
    "a schema of escapes": ["schema", "compat", ESCAPES],
    "a schema above": ["schema", "hash", "../x"],
    "a command of escapes, within": ["schema", ESCAPES],
    "a list of escapes": ["schema", "list", "--output", ESCAPES],
    "a kind of escapes": ["schema-json", ESCAPES],
    "a shell of escapes": ["completion", ESCAPES],
    "an option of escapes": ["validate", f"--{ESCAPES}"],
    "a date of escapes": ["validate", "--as-of", ESCAPES],
    "a date that is none": ["validate", "--as-of", "0000-01-01"],
    "a file outside to format": ["fmt", "/etc/passwd"],
    "a file of escapes to format": ["fmt", ESCAPES],
    "a long file on standard input": ["validate", "-", "--stdin-path", f"environments/{LONG}.yaml"],
    "a file outside on standard input": ["validate", "-", "--stdin-path", "/etc/passwd"],
    "a file above on standard input": ["validate", "-", "--stdin-path", "../x"],
    "no document on standard input": ["fmt", "-", "--stdin-path", ESCAPES],
    "a fix of standard input": ["validate", "--fix", "-", "--stdin-path", ENVIRONMENT],
    "a report in a process": ["validate", "--format", "json=/proc/self/mem"],
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_a_bad_argument_is_a_usage_error(name: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, "round", link="round")
    before = snapshot(workspace)
    ran = jail.run(BAD_ARGUMENTS[name], workspace, env={"TMPDIR": str(workspace.parent)})
    assert ran.code == 2, ran.err
    assert ran.err
    assert ran.said.replace("\n", "").isprintable()
    assert snapshot(workspace) == before


@pytest.mark.parametrize("command", ["validate", "compile"])
def test_few_open_files_are_no_bug(command: str, jail: Jail, tmp_path: Path) -> None:
    root = make(tmp_path / "ws", starter_tree())
    for most in (6, 8, 10, 14):
        ran = jail.run([command], root, nofile=most, env={"TMPDIR": str(tmp_path)})
        assert ran.code in (0, 1, 2), ran.err


# A workspace from nothing


def test_init_says_the_folder_so_that_it_can_be_shown(jail: Jail, tmp_path: Path) -> None:
    ran = jail.run(["init", ESCAPES], tmp_path)
    assert ran.code == 0
    assert ran.said.replace("\n", "").isprintable()


def test_a_watch_says_what_was_typed_so_that_it_can_be_shown(jail: Jail, workspace: Path) -> None:
    ran = jail.run(["compile", "--watch", ESCAPES], workspace, seconds=0.8)
    assert ran.late
    assert "no environment" in ran.err
    assert ran.said.replace("\n", "").isprintable()


def test_init_writes_through_no_link(jail: Jail, tmp_path: Path) -> None:
    outside = make(tmp_path / "outside", {"x": "x"})
    root = tmp_path / "new"
    root.mkdir()
    plant(root, "environments", link=outside)
    before = snapshot(tmp_path)
    assert jail.run(["init"], root).code == 2
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("path", ["exchanges", "schemas/trade.yaml", "environments", "ssmd.yaml"])
@pytest.mark.parametrize("kind", ["dangling", "round", "file"])
def test_init_writes_all_or_nothing(kind: str, path: str, jail: Jail, tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    plant(root, path, "x", link={"dangling": "nothing", "round": Path(path).name, "file": None}[kind])
    before = snapshot(root)
    ran = jail.run(["init"], root)
    assert ran.code == 2, ran.said
    assert snapshot(root) == before


# Processes


def test_a_worker_that_is_killed_does_not_hang_the_rest(jail: Jail, workspace: Path) -> None:
    for index in range(100):
        name = f"e{index}"
        storage = f"{{transport: {{type: memory}}, storage: {{type: local, path: /x/{name}}}}}"
        plant(workspace, f"environments/{name}.yaml", environment(name=name, middleware=storage))
    assert jail.run(["compile"], workspace).code == 0
    killed = jail.run(
        ["compile"], workspace, changed=("worker_dies",), seconds=25, env={"TMPDIR": str(workspace.parent)}
    )
    assert not killed.late, "it waits for a process that is gone"
    assert killed.code in (2, 3)
