"""The torture in short: `make torture` does the same a thousand times (docs/durability.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from torture_campaign import controls, flaws_of
from torture_collector import cut_connections, killed_collectors
from torture_faults import failing_disk
from torture_full import can_mount, full_disk
from torture_writer import call_kills, random_kills


@pytest.fixture
def strace() -> None:
    why = None
    if not shutil.which("strace"):
        why = "strace is not installed (apt-get install strace)"
    elif subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
        why = "strace may not trace here"
    if why is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{why}; CI must run the fault tests")
        pytest.skip(why)


@pytest.mark.parametrize(("codec", "sync"), [("none", "batch"), ("zstd", "interval"), ("zstd", "none")])
def test_what_was_acknowledged_survives_kills(tmp_path: Path, codec: str, sync: str):
    numbers = random_kills(tmp_path, 11, codec, sync, longest=0.05)
    assert numbers.flaws == []
    assert (numbers.kills, numbers.lost) == (11, 0)
    assert numbers.acknowledged


@pytest.mark.usefixtures("strace")
def test_what_was_acknowledged_survives_a_kill_at_a_system_call(tmp_path: Path):
    numbers = call_kills(tmp_path, "none", "batch", kills=6, batches=8)
    assert numbers.flaws == []
    assert numbers.lost == 0
    assert numbers.kills


def test_a_killed_collector_leaves_nothing_undeclared(tmp_path: Path):
    world = killed_collectors(tmp_path, 3, "zstd", "interval")
    assert (world.flaws, world.account.told) == ([], [])
    assert (world.kills, world.lost, world.account.undeclared, world.account.strange) == (3, 0, 0, 0)
    assert world.account.received


def test_a_cut_connection_leaves_nothing_undeclared(tmp_path: Path):
    world = cut_connections(tmp_path, 8, "none", "batch", slow=0.0)
    assert (world.flaws, world.account.told) == ([], [])
    assert (world.kills, world.lost, world.account.undeclared, world.account.strange) == (8, 0, 0, 0)
    assert world.account.received


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(("call", "number"), [("fdatasync", 3), ("write", 4)])
def test_a_failing_disk_ends_it(tmp_path: Path, call: str, number: int):
    assert flaws_of(failing_disk(tmp_path, call, number)) == []


def test_a_full_disk_is_waited_for(tmp_path: Path):
    if not can_mount():
        pytest.skip("mounting takes root")
    said = full_disk(tmp_path, "none", "batch")
    assert said["flaws"] == []
    assert (said["waits"], said["lost"], said["account"]["undeclared"]) == (2, 0, 0)
    assert said["account"]["received"] == said["account"]["sent"]


def test_without_its_guards_the_torture_finds_something(tmp_path: Path):
    assert [guard for guard, found in controls(tmp_path, kills=2) if not found] == []
