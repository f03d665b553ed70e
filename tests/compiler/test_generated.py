"""What stands in the way of generated files, as `validate` tells it: what is so, once, at the place that is in the way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ssmd_compiler import checks
from ssmd_compiler.generated import look
from ssmd_compiler.lock import FILE, Group, Lock
from ssmd_compiler.source import DirectoryTree, FaultKind, Refused, Tree, sha256

if TYPE_CHECKING:
    from pathlib import Path

OUTPUTS = {"dev/a.yaml": b"a: 1\n", "dev/b.yaml": b"b: 1\n"}
LOCK = Lock("ssmd", "2026-11-21", {}, (Group("dev", (), {path: sha256(one) for path, one in OUTPUTS.items()}),))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "generated"
    (folder / "dev").mkdir(parents=True)
    for path, content in {**OUTPUTS, FILE: LOCK.encode()}.items():
        (folder / path).write_bytes(content)
    return tmp_path


def told(tree: Tree) -> list[tuple[str, str, str, str | None]]:
    found = checks.run(look(tree, LOCK))
    return [(one.code, one.span.path, one.message, one.help) for one in found]


def test_nothing_is_in_the_way(workspace: Path) -> None:
    assert told(DirectoryTree(workspace)) == []


@pytest.mark.parametrize("path", ["generated", "generated/dev"])
def test_a_folder_that_is_a_link_is_told_once(path: str, workspace: Path) -> None:
    (workspace / path).rename(workspace / "moved")
    (workspace / path).symlink_to(workspace / "moved")
    message, help_ = "a symbolic link stands where a directory should be", "remove it, then `ssmd compile`"
    assert told(DirectoryTree(workspace)) == [("SSMD804", path, message, help_)]


CLOSED = ("this cannot be read: permission denied", "check who owns it and what its mode allows")


@pytest.mark.parametrize("path", ["generated", "generated/dev", "generated/dev/a.yaml", f"generated/{FILE}"])
def test_what_may_not_be_read_is_told_once(path: str, workspace: Path) -> None:
    mode = (workspace / path).stat().st_mode
    (workspace / path).chmod(0)
    if os.access(workspace / path, os.R_OK):
        pytest.skip("root may read everywhere; `Closed` below stands for what others may not")
    try:
        assert told(DirectoryTree(workspace)) == [("SSMD804", path, *CLOSED)]
    finally:
        (workspace / path).chmod(mode)


@dataclass(frozen=True)
class Closed:
    """A tree in which one folder may not be entered."""

    below: DirectoryTree
    folder: str

    def names(self, folder: str) -> list[str]:
        return self.below.names(folder)

    def read(self, path: str) -> bytes:
        return self.below.read(path)

    def digest(self, path: str) -> str:
        return self.below.digest(path)

    def read_unlinked(self, path: str) -> bytes:
        if path.startswith(f"{self.folder}/"):
            raise Refused(FaultKind.UNREADABLE, "permission denied", self.folder)
        return self.below.read_unlinked(path)


@pytest.mark.parametrize("folder", ["generated", "generated/dev"])
def test_a_folder_that_may_not_be_entered_is_told_once(folder: str, workspace: Path) -> None:
    assert told(Closed(DirectoryTree(workspace), folder)) == [("SSMD804", folder, *CLOSED)]
