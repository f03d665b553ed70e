"""No path, link or special file leads out of the workspace, hangs ssmd, or is passed over in silence.

Whatever a field or a folder names, no byte from outside is found in any output, and nothing outside changes.
"""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest
from hostile import (
    CANARY,
    DEFINITION,
    ENVIRONMENT,
    FEED,
    MIB,
    SCHEMA,
    SETTINGS,
    TEMPLATE,
    Honest,
    Ran,
    environment,
    make,
    plant,
    run,
    snapshot,
    starter_tree,
)
from jail import GIB

from ssmd_compiler.source import DirectoryTree, MemoryTree, Refused
from ssmd_compiler.source.limits import MAX_DOCUMENTS
from ssmd_compiler.source.workspace import discover

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jail import Jail

UNREADABLE, TOO_LARGE, LINK, TOO_MANY = "SSMD001", "SSMD002", "SSMD013", "SSMD014"
NO_FILE, LEAVES, NO_DEFINITION, TEMPLATE_FAILS = "SSMD401", "SSMD402", "SSMD407", "SSMD806"

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    return make(tmp_path / "ws", starter_tree())


def check_refused(ran: Ran, path: str, code: str) -> None:
    assert ran.outcome.code == 1, ran.outcome.err
    assert ran.outcome.err == ""
    assert [finding["path"] for finding in ran.findings if finding["code"] in code][:1] == [path], ran.findings
    assert ran.after == ran.before
    assert CANARY not in ran.outcome.said


# What a field names

LEADS_ASTRAY = {
    "above": "../../outside/s.capnp",
    "far above": "../" * 30 + "etc/passwd",
    "above, after a way down": "sub/../../../outside/s.capnp",
    "absolute": "{outside}/s.capnp",
    "absolute, doubled": "//{outside}/s.capnp",
    "file URL": "file://{outside}/s.capnp",
    "file URL in capitals": "FILE://{outside}/s.capnp",
    "web URL": "http://127.0.0.1/s.capnp",
    "backslashes": "..\\..\\outside\\s.capnp",
    "sibling with the same prefix": "../../ws-evil/s.capnp",
    "above, padded": "./.././/../outside/s.capnp",
}


@pytest.mark.parametrize("name", LEADS_ASTRAY)
@pytest.mark.parametrize("where", ["schema", "version"])
def test_a_schema_file_does_not_leave_the_workspace(
    name: str, where: str, jail: Jail, starter: Path, outside: Path
) -> None:
    make(starter.parent / "ws-evil", {"s.capnp": CANARY})
    path = LEADS_ASTRAY[name].replace("{outside}", str(outside))
    text = (starter / SCHEMA).read_text()
    if where == "version":
        text = text.replace("schema_file: trade.v1.capnp", f"schema_file: '{path}'")
    else:
        text = text.replace("      schema_file: trade.v1.capnp\n", "").replace(
            "  format:", f"  schema_file: '{path}'\n  format:"
        )
    plant(starter, SCHEMA, text)
    check_refused(run(jail, starter), SCHEMA, LEAVES)


ODD_FILES = {
    "NUL": ('"a\\0b"', "SSMD004"),
    "escape": ('"a\\e[31mb"', "SSMD004"),
    "line feed": ('"a\\nb"', NO_FILE),
    "file URL without slashes": ("file:s.capnp", NO_FILE),
    "home": ("~/s.capnp", NO_FILE),
    "variable": ("$HOME/s.capnp", NO_FILE),
    "jinja": ("'{{ 7*7 }}'", NO_FILE),
    "through a file": ("trade.v1.capnp/x", NO_DEFINITION),
    "empty": ("''", "SSMD106"),
    "the folder": (".", NO_DEFINITION),
    "a name too long": ("a" * 300, f"{NO_FILE} or {NO_DEFINITION}"),
    "a path too long": ("a/" * 3000 + "a", f"{NO_FILE} or {NO_DEFINITION}"),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_schema_file_is_a_finding(name: str, jail: Jail, starter: Path) -> None:
    path, code = ODD_FILES[name]
    plant(starter, SCHEMA, (starter / SCHEMA).read_text().replace("trade.v1.capnp", path))
    check_refused(run(jail, starter), SCHEMA, code)


def test_a_schema_file_may_turn_round_inside(jail: Jail, starter: Path) -> None:
    plant(starter, SCHEMA, (starter / SCHEMA).read_text().replace("trade.v1.capnp", "../schemas/./trade.v1.capnp"))
    assert run(jail, starter).outcome.code == 0


SOURCES = {
    "above": "../outside",
    "absolute": "{outside}",
    "file URL": "file://{outside}",
    "NUL": '"a\\0b"',
    "a link out": "leads-out",
    "a loop": "round",
    "nowhere": "nowhere",
    "a file": "exchanges/feeds/kraken.yaml",
    "a name too long": "a" * 300,
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_folder_that_cannot_be_read_is_told(name: str, jail: Jail, workspace: Path, outside: Path) -> None:
    plant(workspace, "leads-out", link=outside)
    plant(workspace, "round", link="round")
    plant(workspace, SETTINGS, f"paths:\n  sources: [{SOURCES[name].replace('{outside}', str(outside))}]\n")
    ran = run(jail, workspace)
    assert ran.outcome.code == 1, "passed over in silence"
    assert ran.outcome.err == ""
    assert ran.after == ran.before
    assert CANARY not in ran.outcome.said


def test_many_source_folders_cost_what_they_should(jail: Jail, workspace: Path, honest: Honest) -> None:
    plant(workspace, SETTINGS, f"paths: {{sources: [{', '.join(f's{index}' for index in range(90_000))}]}}\n")
    ran = run(jail, workspace, cpu=15)
    assert ran.outcome.code in (0, 1), "it was ended"
    assert honest.bears(ran.outcome.cpu, 5, lambda: run(jail, workspace, cpu=15).outcome.cpu)


# Links

LINKS: dict[str, tuple[str, str, str, str]] = {
    # link, what it leads to, where it is told, code
    "a feed, out": (FEED, "{outside}/feeds/x.yaml", FEED, LINK),
    "an environment, out": (ENVIRONMENT, "{outside}/environments/x.yaml", ENVIRONMENT, LINK),
    "an environment, out and relative": (ENVIRONMENT, "../../outside/x.yaml", ENVIRONMENT, LINK),
    "an environment, to passwd": (ENVIRONMENT, "/etc/passwd", ENVIRONMENT, LINK),
    "an environment, to a sibling with the same prefix": (ENVIRONMENT, "../../ws-evil/x.yaml", ENVIRONMENT, LINK),
    "an environment, to a device": (ENVIRONMENT, "/dev/zero", ENVIRONMENT, LINK),
    "an environment, to a process": (ENVIRONMENT, "/proc/self/environ", ENVIRONMENT, LINK),
    "an environment, dangling": (ENVIRONMENT, "nothing", ENVIRONMENT, LINK),
    "an environment, round": (ENVIRONMENT, "dev.yaml", ENVIRONMENT, LINK),
    "a schema, out": (SCHEMA, "{outside}/x.yaml", SCHEMA, LINK),
    "a definition, out": (DEFINITION, "{outside}/s.capnp", SCHEMA, LEAVES),
    "a definition, dangling": (DEFINITION, "nothing", SCHEMA, LEAVES),
    "a definition, round": (DEFINITION, "trade.v1.capnp", SCHEMA, LEAVES),
    "settings, out": (SETTINGS, "{outside}/ssmd.yaml", SETTINGS, LINK),
    "settings, dangling": (SETTINGS, "nothing", SETTINGS, LINK),
    "settings, round": (SETTINGS, "ssmd.yaml", SETTINGS, LINK),
    "a template, out": (TEMPLATE, "{outside}/service.yaml.j2", TEMPLATE, TEMPLATE_FAILS),
    "a template, dangling": (TEMPLATE, "nothing", TEMPLATE, TEMPLATE_FAILS),
    "a template, round": (TEMPLATE, "service.yaml.j2", TEMPLATE, TEMPLATE_FAILS),
    "feeds, out": ("feeds", "/etc", "feeds", LINK),
    "feeds, dangling": ("feeds", "nothing", "feeds", LINK),
    "feeds, round": ("feeds", "feeds", "feeds", LINK),
    "environments, out": ("environments", "{outside}/environments", "environments", LINK),
    "schemas, out": ("schemas", "{outside}", "schemas", LINK),
    "templates, out": ("templates", "{outside}", "templates", LINK),
    "templates, dangling": ("templates", "nothing", "templates", LINK),
    "templates, round": ("templates", "templates", "templates", LINK),
    "exchanges, out": ("exchanges", "{outside}", "exchanges", LINK),
    "exchanges, out, to nothing of ours": ("exchanges", "/etc", "exchanges", LINK),
    "exchanges, dangling": ("exchanges", "nothing", "exchanges", LINK),
    "exchanges, round": ("exchanges", "exchanges", "exchanges", LINK),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_link_that_cannot_be_followed_is_told(name: str, jail: Jail, starter: Path, outside: Path) -> None:
    link, target, path, code = LINKS[name]
    make(starter.parent / "ws-evil", {"x.yaml": CANARY})
    if (starter / link).is_dir():
        (starter / link).rename(starter / "moved")
    plant(starter, link, link=target.replace("{outside}", str(outside)))
    ran = run(jail, starter)
    assert ran.outcome.code == 1, ran.outcome.said
    assert ran.outcome.err == ""
    told = [finding["path"] for finding in ran.about(code)]
    assert any(place == path or place.startswith(f"{path}/") for place in told), ran.findings
    assert ran.after == ran.before
    assert CANARY not in ran.outcome.said


def test_links_that_stay_inside_are_followed(jail: Jail, starter: Path) -> None:
    (starter / ENVIRONMENT).rename(starter / "elsewhere.yaml")
    plant(starter, ENVIRONMENT, link="../elsewhere.yaml")
    (starter / DEFINITION).rename(starter / "definition")
    plant(starter, DEFINITION, link=starter / "definition")
    assert run(jail, starter).outcome.code == 0


def test_a_chain_of_links_that_doubles_costs_nothing(jail: Jail, workspace: Path) -> None:
    for index in range(40):
        plant(workspace, f"environments/l{index}", link=f"l{index + 1}/../l{index + 1}")
    plant(workspace, ENVIRONMENT, link="l0/x.yaml")
    check_refused(run(jail, workspace, cpu=10), ENVIRONMENT, LINK)


# What is no regular file


def bind(path: Path) -> None:
    here = os.getcwd()  # noqa: PTH109 -- a socket's name has at most 108 bytes
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
    finally:
        os.chdir(here)


def device(major: int, minor: int) -> Callable[[Path], None]:
    return lambda path: os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(major, minor))


SPECIAL: dict[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "socket": bind,
    "folder": os.mkdir,
    "sparse": lambda path: (path.touch(), os.truncate(path, GIB)),
}
DEVICES: dict[str, Callable[[Path], object]] = {
    "zero": device(1, 5),
    "terminal": device(5, 0),
    "no driver": device(250, 7),
}
PLACES = {
    ENVIRONMENT: (ENVIRONMENT, UNREADABLE),
    SETTINGS: (SETTINGS, UNREADABLE),
    DEFINITION: (SCHEMA, NO_DEFINITION),
    TEMPLATE: (TEMPLATE, TEMPLATE_FAILS),
}


def check_special(make_special: Callable[[Path], object], place: str, jail: Jail, starter: Path) -> None:
    (starter / place).parent.mkdir(exist_ok=True)
    (starter / place).unlink(missing_ok=True)
    make_special(starter / place)
    path, code = PLACES[place]
    if place == TEMPLATE and (starter / place).is_dir():
        code = UNREADABLE
    large = os.path.getsize(starter / place) == GIB and code == UNREADABLE  # noqa: PTH202
    ran = run(jail, starter, cpu=10, memory=GIB // 2)
    check_refused(ran, path, TOO_LARGE if large else code)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_no_regular_file_is_told(name: str, place: str, jail: Jail, starter: Path) -> None:
    check_special(SPECIAL[name], place, jail, starter)


@root_only
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", DEVICES)
def test_a_device_is_told(name: str, place: str, jail: Jail, starter: Path) -> None:
    check_special(DEVICES[name], place, jail, starter)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_without_permission_is_told(place: str, jail: Jail, starter: Path) -> None:
    plant(starter, place, "name: dev\n").chmod(0)
    path, code = PLACES[place]
    check_refused(run(jail, starter, unprivileged=True), path, code)


@pytest.mark.parametrize("folder", ["environments", "exchanges/feeds", "schemas", "templates"])
def test_a_folder_without_permission_is_told(folder: str, jail: Jail, starter: Path) -> None:
    (starter / folder).mkdir(exist_ok=True)
    (starter / folder).chmod(0)
    try:
        ran = run(jail, starter, unprivileged=True)
    finally:
        (starter / folder).chmod(0o755)
    assert ran.outcome.code == 1, ran.outcome.err
    assert [finding["path"] for finding in ran.about(UNREADABLE)] == [folder]


def test_a_folder_that_is_a_file_is_told(jail: Jail, workspace: Path) -> None:
    plant(workspace, "feeds", "name: kraken\n")
    check_refused(run(jail, workspace), "feeds", UNREADABLE)


UNREAD = ["ssmd.yml", "templates/service.yaml", "templates/no-such-template.yaml.j2", "environments/prod.yml"]


@pytest.mark.parametrize("path", UNREAD)
def test_what_nobody_would_read_is_told(path: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, path, "name: prod\n")
    ran = run(jail, workspace)
    assert path in [finding["path"] for finding in ran.findings]


# Many

MANY = 100_000


def test_a_hundred_thousand_documents_are_told_as_one(jail: Jail, workspace: Path, honest: Honest) -> None:
    folder = workspace / "environments"
    for start in range(0, MANY, 20_000):  # a file has no more names than some tens of thousands
        (folder / f"e{start}.yaml").touch()
        for index in range(start + 1, start + 20_000):
            os.link(f"{folder}/e{start}.yaml", f"{folder}/e{index}.yaml")
    ran = jail.run(["validate"], workspace)
    assert ran.code == 1
    assert TOO_MANY in ran.out
    assert len(ran.out) < MIB
    assert honest.bears(ran.cpu, 10, lambda: jail.run(["validate"], workspace).cpu)


CROWDS = {
    "environments": "environments/e{}.yaml",
    "feeds": "feeds/f{}.yaml",
    "of another ending": "environments/e{}.yml",
    "in a folder": "environments/dev/e{}.yaml",
    "templates": "templates/t{}.yaml.j2",
}


@pytest.mark.parametrize("name", CROWDS)
def test_a_crowd_of_any_kind_is_told_in_few_words(name: str) -> None:
    tree = MemoryTree({CROWDS[name].format(index): b"" for index in range(MANY)})
    found = discover(tree)
    assert 1 <= len(found.faults) <= 1000
    assert len(found.templates) <= MAX_DOCUMENTS


# Controls

ESCAPES: dict[str, Callable[[Path, Path], object]] = {
    "a path": lambda ws, _: plant(
        ws, SCHEMA, (ws / SCHEMA).read_text().replace("trade.v1.capnp", "../../outside/s.capnp")
    ),
    "a link": lambda ws, outside: plant(ws, DEFINITION, link=outside / "s.capnp"),
    "a document": lambda ws, outside: plant(ws, ENVIRONMENT, link=outside / "environments/x.yaml"),
    "a folder": lambda ws, outside: (
        (ws / "environments").rename(ws / "moved"),
        plant(ws, "environments", link=outside / "environments"),
    ),
    "a template": lambda ws, outside: plant(ws, TEMPLATE, link=outside / "service.yaml.j2"),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_control_without_confinement_what_is_outside_comes_in(
    name: str, jail: Jail, starter: Path, outside: Path
) -> None:
    """The documents outside are read: what is said is about their content, where there was a refusal to read them."""
    ESCAPES[name](starter, outside)
    guarded = run(jail, starter)
    assert guarded.codes & {LEAVES, LINK, TEMPLATE_FAILS}
    loose = run(jail, starter, changed=("no_confinement", "no_mask"))
    assert not loose.codes & {LEAVES, LINK, TEMPLATE_FAILS}


def test_control_a_fifo_would_hang(jail: Jail, workspace: Path) -> None:
    (workspace / ENVIRONMENT).unlink()
    os.mkfifo(workspace / ENVIRONMENT)
    assert run(jail, workspace, changed=("no_regular_files",), seconds=2).outcome.late


def test_control_a_gibibyte_would_not_fit(jail: Jail, workspace: Path) -> None:
    os.truncate(workspace / ENVIRONMENT, GIB)
    assert run(jail, workspace).codes == {TOO_LARGE}
    ran = run(jail, workspace, changed=("no_file_size",), memory=GIB, cpu=4)
    assert not ran.calm or TOO_LARGE not in ran.codes


def test_control_the_limit_of_documents_is_what_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = MemoryTree({f"environments/e{index}.yaml": b"" for index in range(MAX_DOCUMENTS + 1)})
    assert discover(tree).count == 0
    monkeypatch.setattr("ssmd_compiler.source.workspace.MAX_DOCUMENTS", MAX_DOCUMENTS + 1)
    assert discover(tree).count == MAX_DOCUMENTS + 1


def test_the_trees_notice_a_change(workspace: Path) -> None:
    before = snapshot(workspace)
    plant(workspace, ENVIRONMENT, environment())
    assert snapshot(workspace) != before


def test_a_folder_that_becomes_a_link_half_way_leads_nowhere_else(tmp_path: Path) -> None:
    """What was looked at once is held; what somebody puts in its place meanwhile is not followed."""
    root, outside = tmp_path / "workspace", tmp_path / "outside"
    (root / "environments").mkdir(parents=True)
    outside.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (root / "environments" / name).write_text("inside")
        (outside / name).write_text("outside")
    tree = DirectoryTree(root)
    assert tree.read("environments/a.yaml") == b"inside"
    (root / "environments").rename(root / "moved")
    (root / "environments").symlink_to(outside)
    assert tree.read("environments/b.yaml") == b"inside"
    with pytest.raises(Refused):
        DirectoryTree(root).read("environments/b.yaml")


@pytest.mark.parametrize("path", ["/etc", "/ssmd.yaml", "//ssmd.yaml"])
def test_an_absolute_path_is_none_of_the_workspace(path: str, tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("inside")
    (tmp_path / "ssmd.yaml").write_text("inside")
    with pytest.raises((Refused, FileNotFoundError)):
        DirectoryTree(tmp_path).read(path)
