"""How a command ends: its exit codes, Ctrl-C, a closed pipe, and a bug of ours."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from examples import base_files, write

from ssmd_compiler.cli import run

SSMD = [sys.executable, "-m", "ssmd_compiler"]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(base_files(), tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compile"], 0),
        (["validate", "exchanges"], 0),
        (["--version"], 0),
        (["--help"], 0),
        (["explain"], 0),
        (["explain", "201"], 0),
        (["completion", "bash"], 0),
        (["completion", "zsh"], 0),
        (["completion", "fish"], 0),
        (["nope"], 2),
        (["compile", "nope"], 2),
        (["compile", "--nope"], 2),
        (["compile", "--as-of", "2026-13-01"], 2),
        (["compile", "--as-of", "today"], 2),
        (["validate", "--format", "nope"], 2),
        (["validate", "--format", "text", "--format", "json"], 2),
        (["validate", "--format", "json=/nope/out.json"], 2),
        (["validate", "--config-dir", "/nope"], 2),
        (["validate", "/etc/hostname"], 2),
        (["explain", "SSMD999"], 2),
        (["init"], 2),
    ],
    ids=str,
)
def test_exit_codes(workspace: Path, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "ssmd.yaml").write_text("namespace: ssmd\n")
    assert run(arguments) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err


def test_findings_are_1_and_a_failed_check_is_2(workspace: Path) -> None:
    (workspace / "environments" / "dev.yaml").write_text("name: dev\nfeed: nope\n")
    assert (run(["validate"]), run(["compile"]), run(["compile", "--check"])) == (1, 1, 2)


def test_drift_is_1_with_the_difference(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile"]) == 0
    service = workspace / "generated" / "dev" / "service.yaml"
    service.write_text(service.read_text().replace("ClusterIP", "NodePort"))
    assert run(["compile", "--check"]) == 1
    said = capsys.readouterr().out
    assert "-  type: NodePort" in said
    assert "+  type: ClusterIP" in said
    assert "NodePort" in service.read_text(), "--check writes nothing"


def test_an_interrupt_ends_with_130_and_changes_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(workspace)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ssmd_compiler.cli.publishing.publish", interrupted)
    assert run(["compile"]) == 130
    assert snapshot(workspace) == before


AT = {
    "compiling": "ssmd_compiler.units.environment.lower",
    "writing": "ssmd_compiler.publish.staging._write",
    "waiting for the disk": "ssmd_compiler.publish.staging.flush_tree",
    "about to move": "ssmd_compiler.publish.carry_out",
}
SIGNALLED = """
import importlib, os, sys
module, _, name = sys.argv[1].rpartition(".")
importlib.import_module(module)
module, first, number = sys.modules[module], os.getpid(), int(sys.argv[2])
as_it_was = getattr(module, name)

def signalled(*arguments, **options):
    if os.getpid() == first:
        os.kill(first, number)
    return as_it_was(*arguments, **options)

setattr(module, name, signalled)
from ssmd_compiler.cli import main
sys.argv = ["ssmd", "compile"]
main()
"""


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
@pytest.mark.parametrize("moment", AT)
def test_a_signal_ends_compile_as_if_it_had_not_begun(
    workspace: Path, moment: str, number: signal.Signals, said: str
) -> None:
    """Also while other processes compile and write."""
    base = (workspace / "environments" / "dev.yaml").read_text()
    for index in range(200):
        text = base.replace("name: dev", f"name: e{index}").replace("/storage", f"/storage/{index}")
        (workspace / "environments" / f"e{index}.yaml").write_text(text)
    before = snapshot(workspace)
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED, AT[moment], str(int(number))],
        cwd=workspace, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (128 + number, "", f"ssmd: {said}")
    assert snapshot(workspace) == before
    assert [*(workspace / "generated").glob("*")] == []
    assert run(["compile"]) == 0
    assert run(["validate"]) == 0


BUILDING_A_SCHEMA = """
import os, sys
from pydantic_core import SchemaValidator, core_schema
from ssmd_compiler.cli import init_command, main

class Signalled(type):
    def __getattribute__(cls, name):
        os.kill(os.getpid(), number)
        return super().__getattribute__(name)

class Model(metaclass=Signalled):
    pass

number = int(sys.argv.pop(1))
schema = core_schema.model_schema(Model, core_schema.model_fields_schema({}))
init_command.starter = lambda: SchemaValidator(schema)
sys.argv = ["ssmd", "init", "there"]
main()
"""


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_while_pydantic_builds_a_schema(number: signal.Signals, said: str, tmp_path: Path) -> None:
    """Pydantic makes an error of its own of it."""
    ended = subprocess.run(
        [sys.executable, "-c", BUILDING_A_SCHEMA, str(int(number))],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (128 + number, "", f"ssmd: {said}")


def test_a_closed_pipe_is_quiet(workspace: Path) -> None:
    script = f"{sys.executable} -m ssmd_compiler explain | true"
    done = subprocess.run(["sh", "-c", script], cwd=workspace, capture_output=True, text=True)
    assert done.stderr == ""


def test_a_bug_is_3_with_a_crash_file_that_holds_no_value(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("ssmd_compiler.cli.proving.compile", broken)
    monkeypatch.setattr("tempfile.tempdir", str(workspace))
    assert run(["validate"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("ssmd: internal error (RuntimeError): this is a bug in ssmd, not in your files.\n")
    assert len(said.splitlines()) == 2
    (crash,) = workspace.glob("ssmd-crash-*.txt")
    assert "proving.py" in crash.read_text()
    assert "hunter2" not in said + crash.read_text()


def test_the_workspace_is_found_upwards(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = workspace / "environments" / "dev" / "keys"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert run(["compile"]) == 0
    assert (workspace / "generated" / "dev" / "spec.json").exists()


def test_one_environment_is_compiled_and_the_others_stay(workspace: Path) -> None:
    base = (workspace / "environments" / "dev.yaml").read_text()
    (workspace / "environments" / "two.yaml").write_text(
        base.replace("name: dev", "name: two").replace("/storage", "/2")
    )
    assert run(["compile"]) == 0
    for name in ("dev", "two"):
        file = workspace / "environments" / f"{name}.yaml"
        file.write_text(file.read_text().replace("INXD-25-B4000", "INXD-25-B5000"))
    before = snapshot(workspace / "generated" / "dev")
    assert run(["compile", "two"]) == 0
    assert snapshot(workspace / "generated" / "dev") == before
    assert b"INXD-25-B5000" in (workspace / "generated" / "two" / "spec.json").read_bytes()
    assert run(["validate"]) == 1, "the other one is not current"
    assert run(["compile"]) == 0
    assert run(["validate"]) == 0


def test_a_wrong_environment_does_not_stop_another(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "environments" / "broken.yaml").write_text("name: broken\nfeed: nope\n")
    assert run(["compile", "dev"]) == 0
    assert (workspace / "generated" / "dev" / "spec.json").exists()
    assert run(["compile"]) == 1
    assert "broken.yaml" in capsys.readouterr().out


def test_several_formats_at_once(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "environments" / "dev.yaml").write_text("name: dev\nfeed: nope\n")
    assert run(["validate", "--format", "text", "--format", "json=out.json"]) == 1
    assert "error[SSMD" in capsys.readouterr().out
    assert '"code": "SSMD' in (workspace / "out.json").read_text()


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_while_the_commands_are_being_imported(number: signal.Signals, said: str) -> None:
    """Before `run` can answer: its imports are the most that a short command does."""
    program = """
import os, sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == "ssmd_compiler.cli.commands":
            os.kill(os.getpid(), int(sys.argv[1]))
sys.meta_path.insert(0, Interrupted())
from ssmd_compiler.cli import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", program, str(int(number))], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", f"\nssmd: {said}\n")
