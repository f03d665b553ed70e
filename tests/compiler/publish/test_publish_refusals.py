"""What a publish refuses, before it changes anything; and links planted while it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from publish_trees import NEW, OLD, SEAL, STAGING, read, sealed, to_remove, write

import ssmd_compiler.publish as package
from ssmd_compiler.publish import PublishError, directories, publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = [
    "/etc/x",
    "../x",
    "a/../x",
    "a//x",
    "a/",
    "",
    ".",
    "./a",
    "a/.",
    "a\0b",
    "a\\b",
    f"{STAGING}/x",
    STAGING,
    "\ud800",
]


@pytest.mark.parametrize("path", CASES)
@pytest.mark.parametrize("use", ["output", "removal"])
def test_a_path_that_does_not_stay_inside_is_refused(ground: Path, path: str, use: str) -> None:
    directory = ground / "generated"
    with pytest.raises(PublishError, match="nothing was changed"):
        publish(
            directory,
            {**sealed({}), **({path: b"x"} if use == "output" else {})},
            remove=[path] if use == "removal" else [],
        )
    assert not list(ground.iterdir())


@pytest.mark.parametrize(
    ("outputs", "remove", "seal"),
    [
        ({"a": b""}, [], SEAL),
        ({"a/lock": b""}, [], "a/lock"),
        (sealed({"a": b""}), ["a"], SEAL),
        (sealed({"a": b"", "a/b/c": b""}), [], SEAL),
    ],
    ids=["no seal", "seal below the top", "written and removed", "file and directory"],
)
def test_outputs_at_odds_with_each_other_are_refused(
    ground: Path, outputs: dict[str, bytes], remove: list[str], seal: str
) -> None:
    with pytest.raises(PublishError, match="nothing was changed"):
        publish(ground / "generated", outputs, remove=remove, seal=seal)
    assert not list(ground.iterdir())


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def plain_file(path: Path) -> None:
    path.write_bytes(b"mine")


OBSTACLES = {
    "link to a file": link("../outside/file"),
    "link to a directory": link("../outside"),
    "dangling link": link("nowhere"),
    "link to itself": link("keep"),
    "FIFO": os.mkfifo,
    "file": plain_file,
}


@pytest.fixture
def outside(ground: Path) -> Path:
    write(ground / "outside", {"file": b"precious", "changed.yaml": b"precious", "gone.yaml": b"precious"})
    return ground / "outside"


PLACES = ["generated", "generated/keep", "generated/keep/changed.yaml", f"generated/{SEAL}"]
OBSTRUCTED = [(at, name) for at in PLACES for name in OBSTACLES if name != "file" or "." not in at]


@pytest.mark.parametrize(("at", "obstacle"), OBSTRUCTED)
def test_an_obstacle_is_named_and_nothing_is_changed(ground: Path, outside: Path, at: str, obstacle: str) -> None:
    (ground / at).parent.mkdir(parents=True, exist_ok=True)
    OBSTACLES[obstacle](ground / at)
    before = read(ground, staging=True)
    with pytest.raises(PublishError, match=at) as refusal:
        publish(ground / "generated", NEW)
    assert "nothing was changed" in str(refusal.value)
    assert not refusal.value.torn
    assert read(ground, staging=True) == before
    assert (outside / "file").read_bytes() == b"precious"


@pytest.mark.parametrize("obstacle", ["link to a file", "FIFO", "dangling link"])
def test_an_obstacle_where_a_file_is_to_be_removed_is_refused(ground: Path, outside: Path, obstacle: str) -> None:
    publish(ground / "generated", OLD)
    (ground / "generated/keep/gone.yaml").unlink()
    OBSTACLES[obstacle](ground / "generated/keep/gone.yaml")
    before = read(ground)
    with pytest.raises(PublishError, match=r"keep/gone\.yaml: .* stands where a file should be"):
        publish(ground / "generated", NEW, remove=to_remove(OLD, NEW))
    assert read(ground) == before
    assert (outside / "file").exists()


def test_a_directory_where_a_file_goes_is_refused(ground: Path) -> None:
    write(ground / "generated", {"keep/changed.yaml/mine": b"mine"})
    with pytest.raises(PublishError, match=r"generated/keep/changed\.yaml: a directory stands where a file should be"):
        publish(ground / "generated", NEW)
    assert read(ground / "generated", staging=True) == {"keep/changed.yaml/mine": b"mine"}


def test_a_link_on_the_way_to_the_directory_is_the_persons_own_affair(ground: Path) -> None:
    (ground / "real").mkdir()
    (ground / "link").symlink_to("real")
    publish(ground / "link" / "generated", NEW)
    assert read(ground / "real/generated") == NEW


def test_a_missing_parent_is_refused(ground: Path) -> None:
    with pytest.raises(PublishError, match="the directory that should hold it does not exist"):
        publish(ground / "no/generated", NEW)


def test_the_message_names_no_absolute_path(ground: Path, outside: Path) -> None:
    (ground / "generated").symlink_to(outside)
    with pytest.raises(PublishError) as refusal:
        publish(ground / "generated", NEW)
    assert str(refusal.value) == "generated: a symbolic link stands where a directory should be (nothing was changed)"


def plant(ground: Path, what: str) -> None:
    """Put a link to the outside in the place of a directory or a file that was looked at a moment ago."""
    path = ground / "generated" / what
    path.rename(ground / "moved away")
    path.symlink_to(ground / "outside" if what == "keep" else ground / "outside/file")


def publish_while_planting(ground: Path, what: str, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = getattr(package, when)

    def planting(*arguments: object) -> object:
        plant(ground, what)
        return real(*arguments)

    monkeypatch.setattr(package, when, planting)
    publish(ground / "generated", NEW, remove=to_remove(OLD, NEW))


@pytest.mark.parametrize("when", ["stage", "carry_out"])
def test_a_directory_replaced_by_a_link_during_the_run_leads_nowhere(
    ground: Path, outside: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ground / "generated", OLD)
    before = read(outside)
    with pytest.raises(PublishError, match="generated/keep: a symbolic link stands where a directory should be"):
        publish_while_planting(ground, "keep", when, monkeypatch)
    assert read(outside) == before


@pytest.mark.parametrize("when", ["stage", "carry_out"])
def test_a_file_replaced_by_a_link_during_the_run_is_replaced_itself(
    ground: Path, outside: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ground / "generated", OLD)
    before = read(outside)
    publish_while_planting(ground, "keep/changed.yaml", when, monkeypatch)
    assert read(outside) == before
    assert read(ground / "generated") == NEW


def test_a_link_planted_as_the_staging_directory_is_refused(ground: Path, outside: Path) -> None:
    before = read(outside)
    (ground / "generated").mkdir()
    (ground / "generated" / STAGING).symlink_to(outside)
    with pytest.raises(PublishError, match=r"generated/\.ssmd-staging: a symbolic link"):
        publish(ground / "generated", NEW)
    assert read(outside) == before


def test_control_without_the_guard_the_planted_link_is_followed(
    ground: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ground / "generated", OLD)
    before = read(outside)
    monkeypatch.setattr(directories, "_FLAGS", directories._FLAGS & ~os.O_NOFOLLOW)
    publish_while_planting(ground, "keep", "carry_out", monkeypatch)
    assert read(outside) != before, "the tests above would not notice that the guard is gone"
