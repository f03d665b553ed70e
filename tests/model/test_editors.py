"""What an editor shows: the real yaml-language-server, over its standard streams, on our sources and on the starter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import write
from json_examples import EXAMPLES
from language_server import Client, running
from real import node_program

from ssmd_compiler.cli import run
from ssmd_compiler.editors import FOLDER, comment, files
from ssmd_compiler.model.json_schema import KINDS
from ssmd_compiler.starter import starter

REPOSITORY = Path(__file__).resolve().parents[2]
FAMILIES = {"exchanges/feeds": "Feed", "schemas": "Schema", "environments": "Environment"}
SOURCES = [
    "ssmd.yaml",
    *(str(path.relative_to(REPOSITORY)) for family in FAMILIES for path in (REPOSITORY / family).glob("*.yaml")),
]
STARTER = {path: text.decode() for path, text in starter().items() if path.endswith(".yaml")}
ENVIRONMENT = "environments/kraken-dev.yaml"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Client]:
    """One server for all, in a workspace that `ssmd init` made."""
    root = tmp_path_factory.mktemp("workspace")
    write(starter(), root)
    with running(node_program("yaml-language-server"), root) as client:
        yield client


def test_it_finds_nothing_in_our_sources(server):
    texts = {path: (REPOSITORY / path).read_text() for path in SOURCES}
    for path, text in texts.items():
        assert text.startswith(comment(path, FAMILIES.get(path.rpartition("/")[0], "Settings")))
    assert server.findings(texts.items()) == [[]] * len(SOURCES)


def test_it_finds_nothing_in_the_starter(server):
    assert server.findings(STARTER.items()) == [[]] * len(STARTER)


MISTAKES = {
    ("  symbols:", "  sybmols:"): ["9: Property sybmols is not allowed."],
    ("  feed:", "  fed:"): ['6: Missing property "feed".', "7: Property fed is not allowed."],
    ("spec:", "sepc:"): ['2: Missing property "spec".', "6: Property sepc is not allowed."],
    ("kind: Environment", "kind: Feed"): ['3: Value must be "Environment".'],
    ("type: memory", "type: memroy"): [
        '12: Value is not accepted. Valid values: "nats", "mqtt", "aeron", "chronicle", "memory".'
    ],
    ("      path:", "      size: 20 Gi\n      path:"): ["15: expected a size such as 64MiB, 20Gi or 100MB"],
    ("spec:", "spec:\n  connector: {replicas: 0}"): ["7: Value is below the minimum of 1."],
    ("spec:", "spec:\n  schedule: {timezone: Mars, day_start: 9:30, day_end: 10:30}"): [
        "7: expected an IANA time zone such as UTC or America/New_York",
        "7: expected a time of day from 00:00 to 23:59",
    ],
}


def test_it_finds_each_mistake(server):
    right = STARTER[ENVIRONMENT]
    assert all(right.count(old) == 1 for old, _ in MISTAKES)
    found = server.findings((ENVIRONMENT, right.replace(*change)) for change in MISTAKES)
    assert dict(zip(MISTAKES, found, strict=True)) == MISTAKES


def test_it_judges_as_the_schema_does(server):
    """So what the property test says of documents as editors see them is true of this one."""
    paths = {"Settings": "ssmd.yaml"}
    texts = [(path := paths.get(one.kind, ENVIRONMENT), comment(path, one.kind) + one.text) for one in EXAMPLES]
    found = {one.title: not findings for one, findings in zip(EXAMPLES, server.findings(texts), strict=True)}
    assert found == {one.title: one.shown for one in EXAMPLES}
    assert len(found) == len(EXAMPLES)


def test_it_offers_what_a_field_takes(server):
    text = STARTER[ENVIRONMENT]
    line = text.count("\n") + 1
    assert server.offered(ENVIRONMENT, f"{text}  connector:\n    on_disconnect: ", line + 1, 20)[:2] == [
        "exit",
        "reconnect",
    ]
    assert "America/New_York" in server.offered(ENVIRONMENT, f"{text}  schedule:\n    timezone: ", line + 1, 15)
    assert "true" not in server.offered(ENVIRONMENT, f"{text}  description: ", line, 16)


def test_it_offers_no_older_name(server):
    text = STARTER[ENVIRONMENT]
    line = text.count("\n") + 1
    offered = server.offered(ENVIRONMENT, f"{text}  ", line, 3)
    assert "alerts" in offered
    assert "secrets" not in offered
    offered = server.offered(ENVIRONMENT, f"{text}  schedule:\n    ", line + 1, 5)
    assert {"day_start", "day_end"} <= {*offered}
    assert "startup" not in offered


def test_it_explains_a_field(server):
    text = STARTER[ENVIRONMENT]
    line = text.splitlines().index("    storage:") + 1
    assert "Where files end." in server.told(ENVIRONMENT, text, line, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_what_the_folder_holds(kind, capsys):
    assert run(["schema-json", kind.lower()]) == 0
    assert capsys.readouterr().out.encode() == files()[f"{kind.lower()}.schema.json"]


def test_our_own_folder_is_current():
    assert {path.name: path.read_bytes() for path in (REPOSITORY / FOLDER).iterdir() if path.is_file()} == files()
