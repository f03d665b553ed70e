"""The workflows and hooks mean what they say, as far as that can be told without running them."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from real import tool

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yaml"))


def actionlint(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Without the two linters that it would call where they happen to be installed."""
    command = [tool("actionlint"), "-no-color", "-shellcheck=", "-pyflakes=", *paths]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_actionlint_finds_nothing():
    done = actionlint(*WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, "")


def test_actionlint_would_find_something(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text(WORKFLOWS[0].read_text().replace("matrix.python }}", "matrix.pyton }}"))
    done = actionlint(broken)
    assert done.returncode == 1
    assert 'property "pyton" is not defined' in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_unless_one_of_its_jobs_says_otherwise(path):
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


def test_the_hooks_are_well_formed_and_download_nothing():
    config = REPOSITORY / ".pre-commit-config.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", config], check=True)
    (repository,) = yaml.safe_load(config.read_text())["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
