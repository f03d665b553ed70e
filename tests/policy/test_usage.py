"""What nothing needs is a warning, in a workspace that is whole; and what is needed in a quieter way is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from examples import base_files
from rule_trees import DATE, compiled, document

from ssmd_compiler import starter
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    from ssmd_compiler.compiler import Compilation

ROOT = Path(__file__).parent.parent.parent
CODES = {"SSMD207", "SSMD208", "SSMD511", "SSMD808"}
HASH = "sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174"
FEED = b"""name: kraken
type: websocket
versions:
  - {version: v2, effective_from: 2024-01-01, protocol: wss, endpoint: "wss://ws.kraken.com/v2"}
"""
ENVIRONMENT = "environments/dev.yaml"
TRADE = "schemas/trade.yaml"
ACCOUNT = b"kind: ServiceAccount\napiVersion: v1\nmetadata: {name: {{ name }}, namespace: {{ namespace }}}\n"


def unused(found: Compilation) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in found.diagnostics if one.code in CODES]


def schema(*versions: dict[str, Any]) -> bytes:
    full = [{"effective_from": "2025-01-01", "hash": HASH, **version} for version in versions]
    return document(TRADE, {"spec": {"versions": full}})


def environment(**spec: Any) -> bytes:
    return document(ENVIRONMENT, {"spec": spec})


SECOND = schema({"version": "v1"}, {"version": "v2", "effective_from": "2026-01-01"})

UNUSED: dict[str, tuple[dict[str, bytes], list[str]]] = {
    "a feed": ({"exchanges/feeds/kraken.yaml": FEED}, ["SSMD207"]),
    "a schema": ({ENVIRONMENT: environment(schema="null")}, ["SSMD208"]),
    "a version that is not the latest": (
        {TRADE: schema({"version": "v0", "effective_from": "2024-01-01"}, {"version": "v1"})},
        ["SSMD208"],
    ),
    "a version that only a version that is not needed reads": (
        {
            TRADE: schema(
                {"version": "v0", "effective_from": "2024-01-01"},
                {"version": "w0", "effective_from": "2024-06-01", "compatible_with": ["v0"]},
                {"version": "v1"},
            )
        },
        ["SSMD208", "SSMD208"],
    ),
    "a key": (
        {ENVIRONMENT: environment(keys={"x": {"type": "storage", "fields": ["a"], "source": "env"}})},
        ["SSMD511"],
    ),
    "a key for a feed that asks for none": (
        {
            ENVIRONMENT: environment(connector="null"),
            "exchanges/feeds/kalshi.yaml": base_files()["exchanges/feeds/kalshi.yaml"].replace(b"api_key\n", b"none\n"),
        },
        ["SSMD511"],
    ),
    "a part of a template": ({"templates/_part.yaml.j2": b"a: 1\n"}, ["SSMD808"]),
    "parts that include each other": (
        {
            "templates/_a.yaml.j2": b'{% include "_b.yaml.j2" %}\n',
            "templates/_b.yaml.j2": b'{% include "_a.yaml.j2" %}\n',
        },
        ["SSMD808", "SSMD808"],
    ),
    "a template of a manifest that no environment has": (
        {"templates/cronjob-day.yaml.j2": b"kind: CronJob\n"},
        ["SSMD808"],
    ),
    "a template of the project of no repository": (
        {"templates/appproject.yaml.j2": b"kind: AppProject\n"},
        ["SSMD808"],
    ),
}

USED: dict[str, dict[str, bytes]] = {
    "nothing": {},
    "a feed that is deprecated": {"exchanges/feeds/kraken.yaml": FEED + b"status: deprecated\n"},
    "a feed that is disabled": {"exchanges/feeds/kraken.yaml": FEED + b"status: disabled\n"},
    "a feed whose day is to come": {"exchanges/feeds/kraken.yaml": FEED.replace(b"2024", b"2030")},
    "a schema that a feed names": {
        ENVIRONMENT: environment(schema="null"),
        "exchanges/feeds/kalshi.yaml": document(
            "exchanges/feeds/kalshi.yaml", {"spec": {"message_types": {"trade": {"schema": "trade:v1"}}}}
        ),
    },
    "the latest version": {TRADE: SECOND},
    "an older version that the latest reads": {
        TRADE: schema({"version": "v1"}, {"version": "v2", "effective_from": "2026-01-01", "compatible_with": ["v1"]}),
        ENVIRONMENT: environment(schema="trade:v2"),
    },
    "an older version that the latest reads, beside the one in use": {
        TRADE: schema(
            {"version": "v1"},
            {"version": "v2", "effective_from": "2025-06-01"},
            {"version": "v3", "effective_from": "2026-01-01", "compatible_with": ["v2"]},
        ),
    },
    "an older version that is read over two steps": {
        TRADE: schema(
            {"version": "v0", "effective_from": "2024-01-01"},
            {"version": "w0", "effective_from": "2024-06-01", "compatible_with": ["v0"]},
            {"version": "v1", "compatible_with": ["w0"]},
        ),
    },
    "a deprecated version": {
        TRADE: schema({"version": "v0", "effective_from": "2024-01-01", "status": "deprecated"}, {"version": "v1"})
    },
    "a draft": {TRADE: schema({"version": "v0", "effective_from": "2024-01-01", "status": "draft"}, {"version": "v1"})},
    "a version whose day is to come": {
        TRADE: schema({"version": "v1"}, {"version": "v2", "effective_from": "2030-01-01"})
    },
    "a schema of drafts": {
        TRADE: schema({"version": "v1", "status": "draft"}),
        ENVIRONMENT: environment(schema="null"),
    },
    "a key for programs beside the capture": {
        ENVIRONMENT: environment(
            keys={
                "registry": {"type": "database", "fields": ["a"], "source": "env"},
                "hook": {"type": "webhook", "fields": ["b"], "source": "env"},
            }
        )
    },
    "the key that the feed asks for": {ENVIRONMENT: environment(connector="null")},
    "a key of the feed's defaults": {
        "exchanges/feeds/kalshi.yaml": document(
            "exchanges/feeds/kalshi.yaml", {"spec": {"defaults": {"archiver": {"credentials": "$key:store.a"}}}}
        ),
        ENVIRONMENT: environment(keys={"store": {"type": "storage", "fields": ["a"], "source": "env"}}),
    },
    "a part that a template includes": {
        "templates/_part.yaml.j2": b"# from a part\n",
        "templates/serviceaccount.yaml.j2": b'{% include "_part.yaml.j2" %}\n' + ACCOUNT,
    },
    "a part of a part": {
        "templates/_part.yaml.j2": b'{% include "_deeper.yaml.j2" %}\n',
        "templates/_deeper.yaml.j2": b"# from a part\n",
        "templates/serviceaccount.yaml.j2": b'{% include "_part.yaml.j2" %}\n' + ACCOUNT,
    },
    "a part whose name is worked out": {
        "templates/_part.yaml.j2": b"# from a part\n",
        "templates/serviceaccount.yaml.j2": b'{% set part = "_part.yaml.j2" %}{% include part %}\n' + ACCOUNT,
    },
    "a template of the project of a repository": {
        "ssmd.yaml": b"repository: {url: 'https://git.example/x.git'}\n",
        "templates/appproject.yaml.j2": (ROOT / "templates" / "appproject.yaml.j2").read_bytes() + b"# own\n",
    },
}


@pytest.mark.parametrize("name", UNUSED)
def test_what_nothing_needs_is_told(name: str, tmp_path: Path) -> None:
    files, codes = UNUSED[name]
    found = compiled(tmp_path, dict(files))
    assert [code for code, _ in unused(found)] == codes, found.diagnostics
    assert not found.failed


@pytest.mark.parametrize("name", USED)
def test_what_is_needed_in_a_quiet_way_is_not(name: str, tmp_path: Path) -> None:
    found = compiled(tmp_path, dict(USED[name]))
    assert unused(found) == []
    assert not found.failed, found.diagnostics


BROKEN = {
    "that cannot be read": (ENVIRONMENT, b"a: [\n"),
    "of a wrong shape": (ENVIRONMENT, environment(keys="3")),
    "that misspells its feed": (ENVIRONMENT, environment(feed="kalsi")),
    "that misspells its schema": (ENVIRONMENT, environment(schema="trad:v1")),
    "that nothing can be built from": (ENVIRONMENT, environment(middleware={"storage": {"path": "null"}})),
    "and a feed with a fault": ("exchanges/feeds/other.yaml", b"name: other\ntype: websockt\nversions: []\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_beside_an_environment(name: str, tmp_path: Path) -> None:
    """While an environment or a feed has an error, it may use anything: nothing is called unused."""
    files = {**UNUSED["a feed"][0], **UNUSED["a part of a template"][0]}
    path, content = BROKEN[name]
    found = compiled(tmp_path / "broken", {**files, path: content})
    assert found.failed
    assert [code for code, _ in unused(found) if code != "SSMD511"] == []
    whole = compiled(tmp_path / "control", {**files, path: base_files().get(path)})
    assert [code for code, _ in unused(whole)] == ["SSMD207", "SSMD808"]


def test_a_misspelt_key_is_not_told_twice(tmp_path: Path) -> None:
    found = compiled(tmp_path, {ENVIRONMENT: environment(connector={"credentials": "$key:kalsi"})})
    assert {one.code for one in found.diagnostics} == {"SSMD501"}


def test_in_a_workspace_without_environments_nothing_is_unused(tmp_path: Path) -> None:
    assert unused(compiled(tmp_path, {ENVIRONMENT: None})) == []


def test_the_places_and_the_remedies(tmp_path: Path) -> None:
    files = UNUSED["a feed"][0] | UNUSED["a version that is not the latest"][0] | UNUSED["a part of a template"][0]
    found = {one.code: one for one in compiled(tmp_path, dict(files)).diagnostics}
    assert all(one.help for one in found.values())
    assert (found["SSMD207"].span.line, found["SSMD207"].span.column) == (1, 7)
    line = (tmp_path / TRADE).read_text().split("\n")[found["SSMD208"].span.line - 1]
    assert line[found["SSMD208"].span.column - 1 :] == "v0"
    assert found["SSMD808"].span.path == "templates/_part.yaml.j2"


@pytest.mark.parametrize("name", ["a feed", "a version that is not the latest", "a part of a template", "a key"])
def test_what_is_remembered_says_the_same(name: str, tmp_path: Path) -> None:
    files = dict(UNUSED[name][0])
    first = compiled(tmp_path, files)
    again = compiled(tmp_path, files, known=first.traces)
    assert not again.outputs, "a control: the environment is remembered"
    assert unused(again) == unused(first) != []


def test_a_use_that_goes_is_noticed_by_what_is_remembered(tmp_path: Path) -> None:
    kraken = {"exchanges/feeds/kraken.yaml": FEED}
    other = environment(feed="kraken", keys="null", connector="null", schema="null").replace(
        b"name: dev", b"name: dev2"
    )
    other = other.replace(b"/var/lib/ssmd/storage", b"/var/lib/ssmd/other")
    first = compiled(tmp_path, {**kraken, "environments/dev2.yaml": other})
    assert unused(first) == []
    (tmp_path / "environments" / "dev2.yaml").unlink()
    again = compile(DirectoryTree(tmp_path), Options(DATE, known=first.traces))
    assert [code for code, _ in unused(again)] == ["SSMD207"]


def test_our_own_sources_and_a_new_workspace_are_clean(tmp_path: Path) -> None:
    from examples import write

    write(starter.starter(), tmp_path)
    for root in (tmp_path, ROOT):
        assert unused(compile(DirectoryTree(root), Options(DATE))) == []
