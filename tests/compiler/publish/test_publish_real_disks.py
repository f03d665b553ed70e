"""File systems that really are full, read-only, someone else's or in two parts: no injected errors here."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from publish_strace import Job
from publish_trees import NEW, OLD, Tree, read, sealed, to_remove, write

if TYPE_CHECKING:
    from pathlib import Path

BIG = sealed({f"d{number}/{name}": os.urandom(3000) for number in range(20) for name in range(10)})


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A place where a test may mount, in a namespace of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("this system gives no mount namespace")
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


SCRIPT = """
set -e
mount -t tmpfs -o {options} tmpfs "$1"
mkdir "$1/generated"
cp -r "$2/." "$1/generated"
{before}
set +e
shift 2
"$@"
code=$?
{after}
cp -r "$DISK/generated/." "$FOUND"
exit $code
"""


def publish_on(disk: Path, outputs: Tree, *, options: str, before: str = "", after: str = "") -> tuple[int, str, Tree]:
    """Exit code, message and tree of one publish over OLD, on a fresh file system mounted with `options`."""
    write(disk.parent / "old", OLD)
    found = disk.parent / "found"
    found.mkdir()
    job = Job.of("ssmd", outputs, to_remove(OLD, outputs), disk.parent / "job")
    script = SCRIPT.format(options=options, before=before, after=after)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", disk, disk.parent / "old", *job.command(disk / "generated")],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "DISK": str(disk), "FOUND": str(found)},
    )
    return done.returncode, done.stderr, read(found, staging=True)


@pytest.mark.parametrize("options", ["size=256k", "nr_inodes=60"])
def test_a_full_disk_keeps_the_old_tree(mounted: Path, options: str) -> None:
    code, message, tree = publish_on(mounted, BIG, options=options)
    assert code == 2
    assert message.startswith("error: generated/d")
    assert message.endswith("No space left on device; free some space and compile again (nothing was changed)\n")
    assert tree == OLD


def test_the_same_fits_on_a_larger_disk(mounted: Path) -> None:
    assert publish_on(mounted, BIG, options="size=16m") == (0, "", BIG)


def test_a_read_only_disk_keeps_the_old_tree(mounted: Path) -> None:
    code, message, tree = publish_on(mounted, NEW, options="size=16m", before='mount -o remount,ro "$1"')
    assert (code, tree) == (2, OLD)
    assert "generated" in message
    assert "nothing was changed" in message


def test_nothing_to_change_on_a_read_only_disk_is_no_error(mounted: Path) -> None:
    assert publish_on(mounted, OLD, options="size=16m", before='mount -o remount,ro "$1"') == (0, "", OLD)


def test_a_file_system_mounted_inside_is_refused(mounted: Path) -> None:
    code, message, tree = publish_on(
        mounted,
        NEW,
        options="size=16m",
        before='mount -t tmpfs tmpfs "$1/generated/keep"',
        after='umount "$DISK/generated/keep"',
    )
    assert (code, tree) == (2, OLD)
    assert "generated/keep: is on another file system" in message


def test_a_directory_of_somebody_else_is_refused_before_anything_changes(ground: Path) -> None:
    write(ground / "generated", OLD)
    (ground / "generated/keep").chmod(0o555)
    user = []
    if os.geteuid() == 0:  # whom no mode stops: publish as somebody who owns all but one directory
        user = ["65534"]
        ground.chmod(0o755)
        for path in (ground / "generated", *(p for p in (ground / "generated").rglob("*") if p.name != "keep")):
            os.chown(path, 65534, 65534)
    job = Job.of("ssmd", NEW, to_remove(OLD, NEW), ground / "job")
    done = subprocess.run([*job.command(ground / "generated"), *user], check=False, capture_output=True, text=True)
    (ground / "generated/keep").chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.startswith("error: generated/keep: is not writable")
    assert read(ground / "generated", staging=True) == OLD
