"""Stamps of many folders, taken by two processes: the same, whatever becomes of the other one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ssmd_compiler.cache import background
from ssmd_compiler.cache.background import Background
from ssmd_compiler.cache.stamps import folder_stamps

HERE = os.getpid()


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    names = [f"environment-{number:03}" for number in range(300)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "spec.json").write_text(name)
    return [*names, "gone"]


def descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def test_two_processes_see_what_one_sees(tmp_path: Path, folders: list[str]) -> None:
    expected, before = folder_stamps(str(tmp_path), folders), descriptors()
    asked = Background(str(tmp_path), folders)
    time.sleep(0.05)  # the other one gets its turn
    assert asked.result() == expected
    assert expected["gone"] == (b"", 0)
    assert descriptors() == before


def test_a_child_that_is_killed_leaves_its_part(
    tmp_path: Path, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, before = folder_stamps(str(tmp_path), folders), descriptors()

    def deadly(root: str, names: list[str]) -> dict[str, tuple[bytes, int]]:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return folder_stamps(root, names)

    monkeypatch.setattr(background, "folder_stamps", deadly)
    asked = Background(str(tmp_path), folders)
    time.sleep(0.05)  # it takes a turn, and dies of it
    assert asked.result() == expected
    assert descriptors() == before


def test_no_child_is_no_harm(tmp_path: Path, folders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    before = descriptors()
    assert Background(str(tmp_path), folders).result() == folder_stamps(str(tmp_path), folders)
    assert descriptors() == before


def test_a_few_folders_need_no_child(tmp_path: Path, folders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a process for nothing"))
    few = folders[:50]
    assert Background(str(tmp_path), few).result() == folder_stamps(str(tmp_path), few)
