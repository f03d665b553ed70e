"""The real programs that tests check ssmd's output with, and the schemas of what it writes.

A test asks for what it needs and is skipped, with the command that would help, where that is not built.
With CI=true it fails instead: what CI does not run, nobody runs.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

__all__ = ["kubeconform", "needed", "node_program", "schemas", "tool"]

BUILT = Path(__file__).resolve().parents[2] / ".tools"


def tool(name: str) -> Path:
    """The program that tools/NAME/go.mod pins."""
    return _existing(name, BUILT / "bin" / name)


def node_program(name: str) -> Path:
    """The program that tools/NAME/package-lock.json pins, for `node` to run."""
    if shutil.which("node") is None:
        _missing("node is not on PATH")
    return _existing(name, BUILT / name / "node_modules" / name / "bin" / name)


def schemas() -> Path:
    """A directory of one JSON Schema for each kind: DIRECTORY/vX.Y.Z-standalone-strict/KIND-GROUP-VERSION.json."""
    return _existing("schemas", BUILT / "schemas")


def kubeconform() -> list[str]:
    """The command, short of the paths to check, that holds documents against our schemas and no others."""
    directory = schemas()
    release = next(directory.iterdir()).name.removeprefix("v").partition("-")[0]
    options = ["-strict", "-kubernetes-version", release, "-schema-location", str(directory)]
    return [str(tool("kubeconform")), *options]


def needed(names: Iterable[str]) -> None:
    """Programs and folders of .tools/ without which a test has nothing to look at."""
    for name in names:
        _existing(name, BUILT / name if (BUILT / name).is_dir() else BUILT / "bin" / name)


def _existing(name: str, path: Path) -> Path:
    return path if path.exists() else _missing(f"{name} is not built: run `tools/build {name}`")


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
