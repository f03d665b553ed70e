"""Commands that tell of sources, or rewrite them, meet what `compile` meets: each of them is guarded by itself.

Hostile documents on the disk and on standard input, links, and words that a log would take for a command.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from hostile import CANARY, ENVIRONMENT, FEED, MIB, Honest, environment, feed, make, plant, snapshot, starter_tree
from jail import GIB
from test_hostile_yaml import DOCUMENTS_AND_CODES, TIMES_HONEST, fits

from ssmd_compiler.diagnostics.printers import PRINTERS

if TYPE_CHECKING:
    from pathlib import Path

    from jail import Jail, Outcome

HOSTILE = [
    *("nested flow sequences", "nested explicit keys", "alias bomb", "merge bomb", "a Python call", "two documents", "nothing"),
    *("one key, a hundred thousand times", "50,000 keys", "UTF-16 little endian", "a surrogate", "U+0000", "U+202E"),
    *("a scalar of 1 MiB", "a key of 1 MiB", "a block scalar of 1 MiB", "anchors", "#", "line feeds"),
]  # fmt: skip
COMMANDS = [
    "validate --fix",
    "fmt environments/dev.yaml",
    "graph --format svg",
    "trace generated/dev/spec.json",
    "schema used x",
]


def check_calm(ran: Outcome, codes: tuple[int, ...] = (1,)) -> None:
    assert ran.code in codes, ran.said or "it was ended"
    assert not ran.late
    assert "Traceback" not in ran.said
    assert ran.said.replace("\n", "").isprintable()
    assert len(ran.said) < 64 * 1024


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_told_by_every_command(name: str, jail: Jail, workspace: Path, honest: Honest) -> None:
    def act() -> Outcome:
        if "--fix" in command:
            plant(workspace, ENVIRONMENT, fits(DOCUMENTS_AND_CODES[name][0]))
        return jail.run(command.split(), workspace, cpu=25)

    for command in COMMANDS:
        plant(workspace, ENVIRONMENT, fits(DOCUMENTS_AND_CODES[name][0]))
        before = snapshot(workspace)
        ran = act()
        check_calm(ran, (1, 2) if command.startswith(("schema", "trace", "graph")) else (1,))
        # `--fix` compiles again and again, so often as it allows itself.
        assert honest.bears(ran.cpu, TIMES_HONEST * (10 if "--fix" in command else 1), lambda: act().cpu), command
        assert "--fix" in command or snapshot(workspace) == before, command


@pytest.mark.parametrize("command", ["validate", "fmt"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_on_standard_input_is_told(
    name: str, command: str, jail: Jail, workspace: Path, honest: Honest
) -> None:
    given = plant(workspace.parent, "given", fits(DOCUMENTS_AND_CODES[name][0]))
    before = snapshot(workspace)
    arguments = [command, "-", "--stdin-path", ENVIRONMENT]

    def act() -> Outcome:
        return jail.run(arguments, workspace, cpu=15, stdin=str(given))

    ran = act()
    check_calm(ran)
    assert honest.bears(ran.cpu, TIMES_HONEST, lambda: act().cpu)
    assert snapshot(workspace) == before


@pytest.mark.parametrize("command", ["validate", "fmt"])
def test_standard_input_without_an_end_is_told(command: str, jail: Jail, workspace: Path) -> None:
    ran = jail.run([command, "-", "--stdin-path", ENVIRONMENT], workspace, stdin="/dev/zero", memory=GIB // 2, cpu=10)
    assert ran.code == 1, ran.said or "it was ended"
    assert "SSMD002" in ran.said


def test_standard_input_that_is_a_folder_is_told(jail: Jail, workspace: Path) -> None:
    ran = jail.run(["validate", "-", "--stdin-path", ENVIRONMENT], workspace, stdin=str(workspace))
    assert ran.code == 2
    assert "cannot read standard input" in ran.err


# Links

REWRITERS = [("fmt", "environments"), ("validate", "--fix")]
MISSPELT = environment("conector: {replicas: 1}").replace("name: dev", "name:   dev")


def links(root: Path, outside: Path) -> dict[str, object]:
    return {
        "to a file inside": lambda: (
            plant(root, "elsewhere.yaml", MISSPELT),
            plant(root, ENVIRONMENT, link="../elsewhere.yaml"),
        ),
        "to a file outside": lambda: (
            plant(outside, "environments/x.yaml", MISSPELT),
            plant(root, ENVIRONMENT, link=outside / "environments/x.yaml"),
        ),
        "in the folder": lambda: (
            plant(root, ENVIRONMENT, MISSPELT),
            (root / "environments").rename(root / "moved"),
            plant(root, "environments", link="moved"),
        ),
    }


@pytest.mark.parametrize("name", ["to a file inside", "to a file outside", "in the folder"])
@pytest.mark.parametrize("command", REWRITERS, ids=" ".join)
def test_nothing_is_rewritten_through_a_link(
    command: tuple[str, ...], name: str, jail: Jail, workspace: Path, outside: Path
) -> None:
    links(workspace, outside)[name]()  # type: ignore[operator]
    before = snapshot(workspace), snapshot(outside)
    ran = jail.run(command, workspace)
    assert ran.code in (1, 2), ran.said
    assert CANARY not in ran.said
    assert (snapshot(workspace), snapshot(outside)) == before


@pytest.mark.parametrize("command", REWRITERS, ids=" ".join)
def test_control_what_is_no_link_is_rewritten(command: tuple[str, ...], jail: Jail, workspace: Path) -> None:
    text = MISSPELT if "--fix" in command else environment().replace("name: dev", "name:   dev")
    file = plant(workspace, ENVIRONMENT, text)
    jail.run(command, workspace)
    assert file.read_text() != text


@pytest.mark.parametrize("command", REWRITERS, ids=" ".join)
def test_a_file_without_permission_is_not_rewritten(command: tuple[str, ...], jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, MISSPELT).chmod(0o444)
    before = snapshot(workspace)
    assert jail.run(command, workspace, unprivileged=True).code in (1, 2)
    assert snapshot(workspace) == before


# Words that a log takes for a command

INJECTED = "\n::error file=x,line=1::forged\n##[add-mask]x\r\n"
PLACES = {
    "a feed's name": (ENVIRONMENT, environment(feed=f'"{INJECTED!r}"'.replace("'", ""))),
    "a block of text": (ENVIRONMENT, environment("unknown: |", "  ::error::forged", "  ::add-mask::forged")),
    "a key": (ENVIRONMENT, environment('"\\n::error::forged": 1')),
    "a symbol in two shards": (
        ENVIRONMENT,
        environment(
            'shards: {a: {selector: {symbols: ["\\n::error::forged"]}}, b: {selector: {symbols: ["\\n::error::forged"]}}}',
            symbols='["\\n::error::forged"]',
        ),
    ),
    "a message type": (FEED, feed('message_types: {"\\n::error::forged": {nothing: 1}}')),
    "a file's name": ("environments/::error file=x::forged.yaml", environment(feed="nothing")),
    "a file's name of several lines": ("environments/a\n::error::forged.yaml", environment(feed="nothing")),
    "a rule's message": ("ssmd.yaml", 'policy: [{name: a, rule: "false", message: "x\\n::error::forged"}]\n'),
    "an allowance": (ENVIRONMENT, environment("# ssmd: allow ::error::forged until ::error::forged -- x", "x: 1")),
}


@pytest.mark.parametrize("name", PLACES)
def test_no_report_holds_a_command_of_somebody_else(name: str, jail: Jail, workspace: Path) -> None:
    path, text = PLACES[name]
    plant(workspace, path, text)
    for form in PRINTERS:
        ran = jail.run(["validate", "--format", form], workspace)
        assert ran.code == 1, ran.said
        assert ran.said.replace("\n", "").isprintable()
        ours = r"\s*::(error|warning) file=[^:]*,line=\d+" if form == "github" else r"(?!)"
        strange = [line for line in ran.out.splitlines() if re.match(r"\s*::\w", line) and not re.match(ours, line)]
        assert not strange
        if form == "github":
            assert all(re.match(ours, line) for line in ran.out.splitlines())


def test_control_without_the_escapes_a_command_would_be_forged(jail: Jail, workspace: Path) -> None:
    path, text = PLACES["a file's name of several lines"]
    plant(workspace, path, text)
    ran = jail.run(["validate"], workspace, changed=("no_escaping",))
    assert any(line.startswith("::error") for line in ran.out.splitlines())


# Compatibility of definitions


def test_names_in_definitions_are_shown_so_that_they_can_be(jail: Jail, tmp_path: Path) -> None:
    root = make(tmp_path / "ws", starter_tree())
    name = "a\x1b]0;title\x07\u202e\n::error::forged"
    versions = []
    for number, kind in enumerate(("string", "integer"), 1):
        text = json.dumps({"type": "object", "properties": {name: {"type": kind}}})
        plant(root, f"schemas/odd.v{number}.json", text)
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        file, since = f"odd.v{number}.json", f"202{number}-01-01"
        versions.append({"version": f"v{number}", "effective_from": since, "schema_file": file, "hash": digest})
    plant(root, "schemas/odd.yaml", json.dumps({"name": "odd", "format": "json_schema", "versions": versions}))
    for output in ("table", "json", "yaml", "csv"):
        ran = jail.run(["schema", "compat", "odd", "--output", output], root)
        assert ran.code == 1, ran.said
        assert ran.said.replace("\n", "").isprintable(), output
        assert "forged" in ran.said


def test_a_gibibyte_in_generated_is_not_shown_by_a_trace(jail: Jail, workspace: Path) -> None:
    assert jail.run(["compile"], workspace).code == 0
    os.truncate(workspace / "generated/dev/spec.json", GIB)
    ran = jail.run(["trace", "generated/dev/spec.json:3"], workspace, memory=GIB // 2)
    assert ran.code == 0, ran.said
    assert len(ran.said) < MIB
