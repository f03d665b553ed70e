"""What a publish does when nothing goes wrong, and after it was interrupted."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from publish_trees import FOREIGN, NEW, OLD, SEAL, STAGING, Tree, read, sealed, to_remove, write

import ssmd_compiler.publish as package
from ssmd_compiler.publish import PublishError, durable, publish, staging
from ssmd_compiler.publish.commit import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_publish_makes_the_directory(tmp_path: Path) -> None:
    published = publish(tmp_path / "generated", NEW)
    assert read(tmp_path / "generated", staging=True) == NEW
    assert (published.written, published.removed, published.unchanged) == (tuple(sorted(NEW)), (), 0)


def test_only_what_changed_is_written_and_only_what_is_owned_goes(ground: Path) -> None:
    write(ground, {**OLD, **FOREIGN})
    published = publish(ground, NEW, remove=to_remove(OLD, NEW))
    assert read(ground, staging=True) == {**NEW, **FOREIGN}
    assert published.written == tuple(sorted(NEW.keys() - {"keep/same.yaml"}))
    assert published.removed == to_remove(OLD, NEW)
    assert published.unchanged == 1


def test_publishing_the_same_again_touches_nothing(ground: Path) -> None:
    publish(ground, NEW)
    before = {path: path.stat() for path in [ground, *ground.rglob("*")]}
    published = publish(ground, NEW)
    assert (published.written, published.removed, published.unchanged) == ((), (), len(NEW))
    for path, was in before.items():
        now = path.stat()
        assert (now.st_ino, now.st_mtime_ns, now.st_ctime_ns) == (was.st_ino, was.st_mtime_ns, was.st_ctime_ns)


def test_unchanged_files_keep_their_time_and_their_inode(ground: Path) -> None:
    publish(ground, OLD)
    was = (ground / "keep/same.yaml").stat()
    publish(ground, NEW, remove=to_remove(OLD, NEW))
    now = (ground / "keep/same.yaml").stat()
    assert (now.st_ino, now.st_mtime_ns) == (was.st_ino, was.st_mtime_ns)


@pytest.mark.parametrize(
    ("mask", "file", "directory"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0, 0o644, 0o755)]
)
def test_modes_come_from_the_umask_alone(ground: Path, mask: int, file: int, directory: int) -> None:
    target = ground / "generated"
    with umask(mask):
        publish(target, OLD)
        (target / "keep/changed.yaml").chmod(0o666)
        publish(target, NEW, remove=to_remove(OLD, NEW))
    written = ("keep/changed.yaml", "fresh/deep/two.yaml", SEAL)
    assert {mode(target / path) for path in written} == {file}
    assert {mode(path) for path in (target, target / "fresh", target / "fresh/deep")} == {directory}


def test_a_hard_link_to_an_output_keeps_the_old_bytes(ground: Path) -> None:
    publish(ground / "generated", OLD)
    os.link(ground / "generated/keep/changed.yaml", ground / "copy")
    publish(ground / "generated", NEW, remove=to_remove(OLD, NEW))
    assert (ground / "copy").read_bytes() == b"before"


def test_a_directory_emptied_by_removals_goes_and_one_that_holds_more_stays(ground: Path) -> None:
    files = {"a/b/c/x": b"", "d/x": b"", "e/x": b"", "top": b""}
    publish(ground, sealed(files))
    write(ground, {"d/mine": b"mine"})
    (ground / "e/mine").mkdir()
    publish(ground, sealed({}), remove=tuple(files))
    assert read(ground, staging=True) == {**sealed({}), "d/mine": b"mine", "e/mine/": b"(empty directory)"}


def test_a_file_put_into_a_directory_that_is_about_to_go_keeps_it(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ground, sealed({"a/x": b""}))

    def carry_out_late(*arguments: Any) -> None:
        write(ground, {"a/mine": b"mine"})
        carry_out(*arguments)

    monkeypatch.setattr(package, "carry_out", carry_out_late)
    publish(ground, sealed({}), remove=["a/x"])
    assert read(ground, staging=True) == {**sealed({}), "a/mine": b"mine"}


def test_an_empty_directory_that_held_nothing_of_ours_stays(ground: Path) -> None:
    publish(ground, sealed({"a/x": b""}))
    (ground / "theirs").mkdir()
    publish(ground, sealed({}), remove=["a/x"])
    assert (ground / "theirs").is_dir()
    assert not (ground / "a").exists()


def test_what_is_already_gone_is_not_reported_as_removed(ground: Path) -> None:
    publish(ground, sealed({}))
    assert publish(ground, sealed({"new": b""}), remove=["gone", "no/such/directory"]).removed == ()


def test_a_directory_that_a_killed_publish_emptied_is_removed_by_the_next(ground: Path) -> None:
    publish(ground, sealed({"a/x": b""}))
    (ground / "a/x").unlink()
    publish(ground, sealed({}), remove=["a/x"])
    assert not (ground / "a").exists()


@pytest.mark.parametrize(("old", "new"), [("a", "a/b/c"), ("a/b/c", "a"), ("a/b", "a/b/c"), ("a/b/c", "a/b")])
def test_a_file_may_become_a_directory_and_a_directory_a_file(ground: Path, old: str, new: str) -> None:
    publish(ground, sealed({old: b"old"}))
    publish(ground, sealed({new: b"new"}), remove=[old])
    assert read(ground, staging=True) == sealed({new: b"new"})


def test_a_write_that_the_system_cuts_short_is_continued(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
    tree = sealed({"a": b"longer than three bytes", "empty": b""})
    publish(ground, tree)
    assert read(ground) == tree


def test_without_syncfs_every_file_and_directory_is_flushed(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        flushed.append(os.fstat(fd).st_ino)
        real(fd)

    monkeypatch.setattr(durable, "_sync_filesystem", lambda _fd: False)
    monkeypatch.setattr(os, "fsync", fsync)
    tree = sealed({f"d{number}/{name}": b"x" for number in range(durable.FEW) for name in "ab"})
    publish(ground / "generated", tree)
    everything = [ground, ground / "generated", *(ground / "generated").rglob("*")]
    assert {path.stat().st_ino for path in everything} <= set(flushed)


def test_a_leftover_of_a_killed_publish_is_made_durable_and_dropped(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ground, NEW)
    write(ground, {f"{STAGING}/made-by-ssmd-publish/keep/x": b"staged"})
    (ground / STAGING / "made-by-ssmd-publish/link").symlink_to("/")
    flushed: list[int] = []
    monkeypatch.setattr(staging, "flush_all", flushed.append)
    assert publish(ground, NEW).written == ()
    assert flushed, "what the killed publish placed may not be on the disk"
    assert read(ground, staging=True) == NEW


@pytest.mark.parametrize("found", [f"{STAGING}/notes.txt", f"{STAGING}/made-by-ssmd-publish", STAGING])
def test_a_staging_directory_that_is_not_ours_is_left_alone(ground: Path, found: str) -> None:
    write(ground, {**OLD, found: b"mine"})
    with pytest.raises(PublishError, match=r"\.ssmd-staging: .*move it away"):
        publish(ground, NEW)
    assert read(ground, staging=True) == {**OLD, found: b"mine"}


def test_an_interrupt_while_staging_changes_nothing(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    write(ground, OLD)
    monkeypatch.setattr(staging, "flush_tree", interrupt)
    with pytest.raises(KeyboardInterrupt):
        publish(ground, NEW, remove=to_remove(OLD, NEW))
    assert read(ground, staging=True) == OLD


def test_an_interrupt_while_moving_is_repaired_by_the_next(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.rename

    def rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if source != SEAL:
            raise KeyboardInterrupt
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    write(ground, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            publish(ground, NEW, remove=to_remove(OLD, NEW))
    assert (ground / STAGING).exists()
    publish(ground, NEW, remove=to_remove(read(ground), NEW))
    assert read(ground, staging=True) == NEW


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, st.binary(max_size=3), max_size=6).filter(
    lambda tree: not any(other.startswith(path + "/") for path in tree for other in tree)
)


@given(trees=st.lists(TREES, min_size=1, max_size=4), foreign=TREES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_trees_leaves_the_last_and_what_is_foreign(
    ground: Path, trees: list[Tree], foreign: Tree
) -> None:
    directory = ground / str(len(list(ground.iterdir())))
    theirs = {f"theirs/{path}": data for path, data in foreign.items()}
    theirs |= {f"{path}.theirs": data for path, data in foreign.items() if "/" not in path}
    directory.mkdir()
    write(directory, theirs)
    for tree in map(sealed, trees):
        publish(directory, tree, remove=to_remove(read(directory), tree))
        assert read(directory, staging=True) == {**tree, **theirs}
