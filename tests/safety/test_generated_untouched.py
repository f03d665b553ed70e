"""What is planted in `generated/` leads no write astray, and a compilation that fails leaves it byte for byte.

Refusals are exit code 2 with a message that names the place; what is outside is as it was.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hostile import ENVIRONMENT, FEED, TEMPLATE, environment, feed, make, plant, run, small_tree, snapshot
from jail import GIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jail import Jail

SERVICE = "generated/dev/service.yaml"
LOCK = "generated/ssmd.lock.json"


@pytest.fixture
def victims(tmp_path: Path) -> Path:
    return make(
        tmp_path / "victims", {"victim": "as it was\n", "dev/service.yaml": "as it was\n", "ssmd.lock.json": "{}\n"}
    )


@pytest.fixture
def published(jail: Jail, workspace: Path) -> Path:
    """A compiled workspace whose sources changed since."""
    assert run(jail, workspace).outcome.code == 0
    plant(workspace, ENVIRONMENT, environment(symbols="[LTC/USD]"))
    return workspace


def replace_by_link(root: Path, path: str, target: str | Path) -> None:
    if (root / path).is_dir() and not (root / path).is_symlink():
        shutil.rmtree(root / path)
    plant(root, path, link=target)


def lists(path: str) -> Callable[[Path, Path], None]:
    """A lock that calls `path` one of ours, so that it would be removed as no longer made."""

    def plant_in_lock(root: Path, victims: Path) -> None:
        lock: dict[str, Any] = json.loads((root / LOCK).read_bytes())
        lock["groups"][0]["outputs"][path.replace("{victims}", str(victims))] = "0" * 64
        plant(root, LOCK, json.dumps(lock))

    return plant_in_lock


def swap(path: str, new: Callable[[Path], object]) -> Callable[[Path, Path], None]:
    def plant_other(root: Path, _: Path) -> None:
        if (root / path).is_dir():
            shutil.rmtree(root / path)
        else:
            (root / path).unlink(missing_ok=True)
        (root / path).parent.mkdir(exist_ok=True)
        new(root / path)

    return plant_other


PLANTED: dict[str, Callable[[Path, Path], object]] = {
    "a file, to a file": lambda root, out: replace_by_link(root, SERVICE, out / "victim"),
    "a file, to a file, relative": lambda root, _: replace_by_link(root, SERVICE, "../../../victims/victim"),
    "a file, to a source": lambda root, _: replace_by_link(root, SERVICE, f"../../{ENVIRONMENT}"),
    "a file, to its neighbour": lambda root, _: replace_by_link(root, SERVICE, "deployment.yaml"),
    "a file, dangling": lambda root, out: replace_by_link(root, SERVICE, out / "new"),
    "a file, round": lambda root, _: replace_by_link(root, SERVICE, "service.yaml"),
    "a folder, out": lambda root, out: replace_by_link(root, "generated/dev", out / "dev"),
    "a folder, dangling": lambda root, out: replace_by_link(root, "generated/dev", out / "new"),
    "a folder, round": lambda root, _: replace_by_link(root, "generated/dev", "dev"),
    "all, out": lambda root, out: replace_by_link(root, "generated", out),
    "all, to the sources": lambda root, _: replace_by_link(root, "generated", "environments"),
    "all, dangling": lambda root, out: replace_by_link(root, "generated", out / "new"),
    "all, round": lambda root, _: replace_by_link(root, "generated", "generated"),
    "the lock, out": lambda root, out: replace_by_link(root, LOCK, out / "victim"),
    "the lock, dangling": lambda root, out: replace_by_link(root, LOCK, out / "new"),
    "the lock, round": lambda root, _: replace_by_link(root, LOCK, "ssmd.lock.json"),
    "staging, out": lambda root, out: replace_by_link(root, "generated/.ssmd-staging", out),
    "staging, somebody's": lambda root, _: plant(root, "generated/.ssmd-staging/x", "x"),
    "staging, a link inside": lambda root, out: plant(root, "generated/.ssmd-staging/made-by-ssmd-publish", link=out),
    "a FIFO for a file": swap(SERVICE, os.mkfifo),
    "a folder for a file": swap(SERVICE, os.mkdir),
    "a file for a folder": swap("generated/dev", lambda path: path.write_text("x")),
    "a file for all": swap("generated", lambda path: path.write_text("x")),
    "a FIFO for all": swap("generated", os.mkfifo),
    "a FIFO for the lock": swap(LOCK, os.mkfifo),
    "a folder for the lock": swap(LOCK, os.mkdir),
    "the lock lists what is above": lists("../../victims/victim"),
    "the lock lists a source": lists(f"../{ENVIRONMENT}"),
    "the lock lists what is absolute": lists("{victims}/victim"),
    "the lock lists what is behind a link": lambda root, out: (
        plant(root, "generated/leads-out", link=out),
        lists("leads-out/victim")(root, out),
    ),
    "the lock lists a NUL": lists("a\0b"),
    "the lock lists a NUL in a folder": lists("a\0b/c"),
    "the lock lists nothing": lists(""),
    "the lock lists itself": lists("."),
    "the lock lists a backslash": lists("a\\b"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_refused(name: str, jail: Jail, published: Path, victims: Path) -> None:
    PLANTED[name](published, victims)
    outside = snapshot(victims)
    ran = run(jail, published)
    assert ran.outcome.code == 2, ran.outcome.said
    assert "generated" in ran.outcome.said, "a person cannot tell where that is"
    assert "Traceback" not in ran.outcome.said
    assert snapshot(victims) == outside
    assert ran.after == ran.before


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_told_by_validate(name: str, jail: Jail, published: Path, victims: Path) -> None:
    PLANTED[name](published, victims)
    outside = snapshot(victims)
    ran = run(jail, published, "validate")
    assert ran.outcome.code == 1, ran.outcome.said
    assert ran.outcome.err == ""
    assert snapshot(victims) == outside
    assert ran.after == ran.before


LOCKS = {
    "empty": b"",
    "bytes": b"\xff\xfe\x00",
    "a list": b"[]",
    "nested": b'{"x":' + b"[" * 1_000_000,
    "nested where it matters": b'{"groups":' + b"[" * 1_000_000,
    "of a newer ssmd": b'{"apiVersion":"ssmd.lock/v2","compiler":"x","as_of":"","inputs":{},"groups":[]}',
    "of numbers": b'{"apiVersion":1,"compiler":2,"as_of":3,"inputs":4,"groups":5}',
    "with a surrogate": b'{"apiVersion":"ssmd.lock/v1","compiler":"\\ud800","as_of":"","inputs":{},"groups":[]}',
    "cut": b'{"apiVersion":"ssmd.lock/v1","compiler":"x","as_of":"","inp',
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_is_none_is_told_and_replaced(name: str, jail: Jail, published: Path) -> None:
    plant(published, LOCK, LOCKS[name])
    told = run(jail, published, "validate", cpu=20)
    assert told.codes == {"SSMD805"}
    assert [finding["path"] for finding in told.findings] == [LOCK]
    assert run(jail, published, cpu=20).outcome.code == 0
    assert run(jail, published, "validate").outcome.code == 0


def test_the_lock_does_not_make_a_strangers_file_ours(jail: Jail, published: Path) -> None:
    """Removed is only what holds the bytes that ssmd wrote."""
    mine = plant(published, "generated/notes.txt", "mine\n")
    lists("notes.txt")(published, published)
    run(jail, published)
    assert mine.read_text() == "mine\n"


def test_nothing_from_a_generated_file_reaches_the_terminal_unescaped(jail: Jail, published: Path) -> None:
    plant(published, SERVICE, "\x1b[31m\x1b]0;title\x07\x9b\u202e\r\x00\n")
    ran = run(jail, published, "compile", "--check")
    assert ran.outcome.code == 1
    assert ran.outcome.out.replace("\n", "").isprintable()


def test_nothing_from_a_lock_reaches_the_terminal_unescaped(jail: Jail, published: Path) -> None:
    name = "\x1b]0;title\x07\u202e\nx"
    plant(published, f"generated/{name}", "x")
    lists(name)(published, published)
    for arguments in (("compile", "--check"), ("validate",)):
        assert run(jail, published, *arguments).outcome.said.replace("\n", "").isprintable()


# A compilation that fails

FAILURES: dict[str, tuple[str, str]] = {
    "syntax": (ENVIRONMENT, "name: ["),
    "shape": (ENVIRONMENT, environment("unknown: 1")),
    "reference": (ENVIRONMENT, environment(feed="nothing")),
    "secret": (ENVIRONMENT, environment("connector: {credentials: hunter2hunter2}")),
    "feed": (FEED, feed("unknown: 1")),
    "schema": ("schemas/trade.yaml", "name: trade\nformat: capnp\nversions: []\n"),
    "settings": ("ssmd.yaml", "unknown: 1\n"),
    "template": (TEMPLATE, "{{ nothing }}"),
    "template's output": (TEMPLATE, "a: 1\n"),
    "another environment": ("environments/other.yaml", environment(name="other", feed="nothing")),
    "two that collide": (
        "environments/other.yaml",
        environment(name="other", namespace="ssmd", middleware="{transport: {type: memory}, storage: {type: nothing}}"),
    ),
    "a size": (ENVIRONMENT, environment(symbols=f"[{', '.join(f'S{index}' for index in range(90_000))}]")),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_compilation_that_fails_leaves_everything(name: str, jail: Jail, published: Path) -> None:
    path, text = FAILURES[name]
    plant(published, path, text)
    for arguments in ((), ("--check",)):
        ran = run(jail, published, "compile", *arguments)
        assert ran.outcome.code == (2 if arguments else 1), ran.outcome.said
        assert ran.findings
        assert ran.after == ran.before


def test_a_generated_file_of_a_gibibyte_is_replaced_unread(jail: Jail, published: Path) -> None:
    os.truncate(published / SERVICE, GIB)
    assert run(jail, published, "validate", memory=GIB // 2).outcome.code == 1
    assert run(jail, published, memory=GIB // 2).outcome.code in (0, 2)


def test_a_check_writes_nothing(jail: Jail, published: Path) -> None:
    ran = run(jail, published, "compile", "--check")
    assert ran.outcome.code == 1
    assert ran.after == ran.before


@pytest.mark.parametrize("folder", [".", "generated", "generated/dev"])
def test_a_folder_that_may_not_be_written_is_told(folder: str, jail: Jail, workspace: Path) -> None:
    if folder != ".":
        assert run(jail, workspace).outcome.code == 0
        plant(workspace, ENVIRONMENT, environment(symbols="[LTC/USD]"))
    (workspace / folder).chmod(0o555)
    try:
        ran = run(jail, workspace, unprivileged=True)
    finally:
        (workspace / folder).chmod(0o755)
    assert ran.outcome.code == 2, ran.outcome.said
    assert "generated" in ran.outcome.err
    assert "nothing was changed" in ran.outcome.err or folder == "."
    assert ran.after.keys() == ran.before.keys()


def test_a_workspace_that_may_only_be_read_is_validated(jail: Jail, workspace: Path) -> None:
    assert run(jail, workspace).outcome.code == 0
    workspace.chmod(0o555)
    try:
        assert run(jail, workspace, "validate", unprivileged=True).outcome.code == 0
        assert run(jail, workspace, "compile", unprivileged=True).outcome.code == 0
    finally:
        workspace.chmod(0o755)


# Controls


@pytest.mark.parametrize(
    "name",
    [
        "a file, to a file",
        "a file, dangling",
        "a folder, out",
        "all, out",
        "the lock lists what is above",
        "the lock lists what is absolute",
    ],
)
def test_control_without_the_guards_a_victim_is_hit(name: str, jail: Jail, published: Path, victims: Path) -> None:
    PLANTED[name](published, victims)
    outside = snapshot(victims)
    run(jail, published, changed=("no_publisher",))
    assert snapshot(victims) != outside


def test_control_without_the_look_at_findings_it_is_written(jail: Jail, published: Path) -> None:
    plant(published, "environments/other.yaml", environment(name="other", feed="nothing"))
    before = snapshot(published)
    run(jail, published, changed=("publish_with_findings",))
    assert snapshot(published) != before


def test_the_small_tree_compiles(jail: Jail, tmp_path: Path) -> None:
    root = make(tmp_path / "ws", small_tree())
    assert run(jail, root).outcome.code == 0
    assert run(jail, root, "validate").outcome.code == 0
