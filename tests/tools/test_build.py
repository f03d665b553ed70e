"""tools/build builds what changed, nothing else, and says so."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"

# In place of Go: writes down that it ran, and the program it was asked for (its last argument but one).
COMPILER = """\
#!/bin/sh
[ -e broken ] && { echo "no such package" >&2; exit 1; }
echo "$@" >> "$LOG"
while [ $# -gt 2 ]; do shift; done
echo built > "$1"
"""


@dataclass(frozen=True)
class Workshop:
    """A copy of tools/ that holds one tool, and a Go that takes no time."""

    root: Path

    @property
    def log(self) -> list[str]:
        path = self.root / "log"
        return path.read_text().splitlines() if path.exists() else []

    def build(self, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": path or f"{self.root / 'bin'}:{os.environ['PATH']}", "LOG": str(self.root / "log")}
        command = [sys.executable, self.root / "tools" / "build", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def change(self, file: str) -> None:
        with (self.root / "tools" / "kubeconform" / file).open("a") as opened:
            opened.write("// changed\n")


@pytest.fixture
def workshop(tmp_path):
    shutil.copytree(TOOLS / "kubeconform", tmp_path / "tools" / "kubeconform")
    shutil.copy(TOOLS / "build", tmp_path / "tools")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").write_text(COMPILER)
    (tmp_path / "bin" / "go").chmod(0o755)
    return Workshop(tmp_path)


def test_it_builds_once(workshop):
    first, second = workshop.build("kubeconform"), workshop.build()
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("kubeconform  v0.8.0     built in ")
    assert second.stdout == "kubeconform  v0.8.0     current\n"
    assert (workshop.root / ".tools/bin/kubeconform").read_text() == "built\n"
    assert len(workshop.log) == 1
    assert "-p 2 -trimpath -mod readonly" in workshop.log[0]
    assert "-X main.version=v0.8.0" in workshop.log[0]


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_it_builds_again_what_changed(workshop, file):
    workshop.build()
    workshop.change(file)
    assert workshop.build("--list").stdout == "kubeconform  v0.8.0     stale\n"
    assert workshop.build().returncode == 0
    assert len(workshop.log) == 2


def test_it_builds_again_what_was_removed(workshop):
    workshop.build()
    (workshop.root / ".tools/bin/kubeconform").unlink()
    workshop.build()
    assert len(workshop.log) == 2


def test_a_failure_leaves_what_was_there_and_is_tried_again(workshop):
    workshop.build()
    (workshop.root / "tools/kubeconform/broken").touch()
    failed = workshop.build()
    assert (failed.returncode, failed.stderr) == (1, "no such package\n")
    assert (workshop.root / ".tools/bin/kubeconform").read_text() == "built\n"
    assert workshop.build("--list").stdout.endswith("stale\n")


def test_without_go_it_says_so(workshop):
    absent = workshop.build(path=str(workshop.root))
    assert absent.returncode == 2
    assert absent.stderr == "tools/build: Go is not on PATH, and kubeconform must be built with it\n"


def test_without_go_what_is_current_is_enough(workshop):
    workshop.build()
    assert workshop.build(path=str(workshop.root)).returncode == 0


def test_a_name_that_it_does_not_know_is_refused(workshop):
    unknown = workshop.build("kubeconfrom")
    assert unknown.returncode == 2
    assert unknown.stderr.endswith("error: no tool named kubeconfrom; there are kubeconform\n")
    assert workshop.log == []


# In place of npm: its last arguments but three name the folder that it installs into.
INSTALLER = """\
#!/bin/sh
[ "$1 $2 $4" = "ci --prefix --ignore-scripts" ] || exit 1
[ -e "$3/package-lock.json" ] && touch "$3/installed"
"""


@pytest.fixture
def npm_workshop(workshop):
    shutil.copytree(TOOLS / "yaml-language-server", workshop.root / "tools" / "yaml-language-server")
    (workshop.root / "bin" / "npm").write_text(INSTALLER)
    (workshop.root / "bin" / "npm").chmod(0o755)
    return workshop


def test_what_npm_installs_is_installed_once(npm_workshop):
    first, second = npm_workshop.build("yaml-language-server"), npm_workshop.build("yaml-language-server")
    assert first.stdout.startswith("yaml-language-server 1.25.0     built in ")
    assert second.stdout == "yaml-language-server 1.25.0     current\n"
    assert (npm_workshop.root / ".tools/yaml-language-server/installed").exists()


def test_without_npm_the_rest_is_built(npm_workshop):
    (npm_workshop.root / "bin" / "npm").unlink()
    for program in ("nice", "sh"):
        (npm_workshop.root / "bin" / program).symlink_to(shutil.which(program))
    done = npm_workshop.build(path=str(npm_workshop.root / "bin"))
    assert done.returncode == 0
    assert "kubeconform  v0.8.0     built in " in done.stdout
    assert done.stdout.endswith("yaml-language-server 1.25.0     left out: npm is not on PATH\n")


def test_a_lock_names_no_place_on_the_network():
    lock = (TOOLS / "yaml-language-server" / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
