"""The runtime alone, in an environment without anything else, with the rights that a pod gives it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from image import NOBODY, ROOT, contained, container, environment

SPEC = ROOT / "generated/binance/spec.json"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Readable for everybody: pytest's own folders are not."""
    made = Path(tempfile.mkdtemp(prefix="ssmd-image-"))
    made.chmod(0o755)
    try:
        environment(made)
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture(scope="module")
def simulator(folder: Path) -> Iterator[str]:
    command = [folder / "venv/bin/ssmd-runtime", "simulate", "binance", "--rate", "500"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    command = [folder / "venv/bin/python", "-I", "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_it_is_installed_alone(folder: Path, record_property: pytest.RecordProperty) -> None:
    done = subprocess.run([folder / "venv/bin/ssmd-runtime", "--version"], cwd="/", capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ssmd-runtime 0.1.0\n", "")
    assert python(folder, "import ssmd_compiler").stderr.endswith("No module named 'ssmd_compiler'\n")
    assert python(folder, "import pytest").stderr.endswith("No module named 'pytest'\n")
    size = sum(path.stat().st_size for path in (folder / "venv").rglob("*") if path.is_file() and not path.is_symlink())
    record_property("environment_bytes", size)
    print(f"the environment has {size / 1e6:.0f} MB, without bytecode")
    assert size < 80e6


def test_every_module_of_it_can_be_imported_and_none_asks_for_the_compiler(folder: Path) -> None:
    done = python(
        folder,
        "import importlib, pkgutil, sys, ssmd_runtime\n"
        "names = [one.name for one in pkgutil.walk_packages(ssmd_runtime.__path__, 'ssmd_runtime.')]\n"
        "for name in names:\n"
        "    if not name.endswith('__main__'): importlib.import_module(name)\n"
        "print(len(names), ssmd_runtime.__file__, *[name for name in sys.modules if name.startswith('ssmd_compiler')])",
    )
    assert (done.returncode, done.stderr) == (0, "")
    count, file, *compiler = done.stdout.split()
    assert int(count) > 50
    assert Path(file).is_relative_to(folder)
    assert compiler == []


def stopped_with_data(process: subprocess.Popen[str], data: Path) -> list[dict]:
    """Waits until something is on disk, stops the process in order, and returns its log."""
    try:
        while process.poll() is None and not any(path.stat().st_size for path in data.glob("binance/*/*.zst")):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    said = [json.loads(line) for line in out.splitlines()]
    assert said[-1]["event"] == "stopped"
    assert said[-1]["durable"] == said[-1]["messages"] > 0
    (file,) = data.glob("binance/*/binance.jsonl.zst")
    assert file.stat().st_size > 0
    return said


def test_it_captures_without_rights_on_a_read_only_root(folder: Path, simulator: str, tmp_path: Path) -> None:
    """As a Deployment runs it: see `image.container`. Where no root can be mounted, in a folder without write permission."""
    options = ["--endpoint", simulator, "--http-host", "127.0.0.1", "--http-port", "0"]
    data = tmp_path / "data"
    data.mkdir()
    if contained():
        os.chown(data, NOBODY, NOBODY)
        run = ["ssmd-runtime", "run", "--spec", "/etc/ssmd/spec.json", *options]
        with container(folder, SPEC, data, *run) as process:
            stopped_with_data(process, data)
        assert {path.stat().st_uid for path in data.rglob("*")} == {NOBODY}
        return
    here = tmp_path / "read-only"
    here.mkdir(mode=0o555)
    run = [str(folder / "venv/bin/ssmd-runtime"), "run", "--spec", str(SPEC), "--data-dir", str(data / "binance")]
    pipe = subprocess.PIPE
    with subprocess.Popen([*run, *options], cwd=here, stdout=pipe, stderr=pipe, text=True) as process:
        stopped_with_data(process, data)


@pytest.mark.skipif(not contained(), reason="no root can be mounted here")
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os; print(os.getuid(), os.getgid(), os.getgroups())", (0, f"{NOBODY} {NOBODY} []\n")),
        ("open('/here', 'w')", (1, "[Errno 30] Read-only file system: '/here'")),
        ("open('/etc/ssmd/spec.json', 'a')", (1, "Permission denied: '/etc/ssmd/spec.json'")),
        ("import ssmd_runtime; open(ssmd_runtime.__file__, 'a')", (1, "Permission denied")),
        ("open('/tmp/x', 'w'); open('/var/lib/ssmd/x', 'w')", (0, "")),
    ],
)
def test_control_that_root_is_what_it_says(folder: Path, code: str, expected: tuple[int, str], tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    with container(folder, SPEC, tmp_path, "python", "-c", code) as process:
        try:
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == expected[0], err
    assert expected[1] in out + err
