"""Every kind of name: a near miss is told which name was meant, and is mended where that is certain, byte for byte."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from ssmd_compiler.cli import run
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.fixing import fix
from ssmd_compiler.source import DirectoryTree, MemoryTree

RIGHT = Path(__file__).parent / "right"
OPTIONS = Options(datetime.date(2026, 11, 21))
FILES = {path.relative_to(RIGHT).as_posix(): path.read_bytes() for path in sorted(RIGHT.rglob("*")) if path.is_file()}
DEV, OTHER = "environments/dev.yaml", "environments/other.yaml"
FEED, KRAKEN, SCHEMA = "exchanges/feeds/kalshi.yaml", "more/feeds/kraken.yaml", "schemas/trade.yaml"

MENDED = {
    "a feed": ("SSMD201", DEV, "feed: kalshi", "feed: kalsi"),
    "a feed in the flat spelling": ("SSMD201", OTHER, "feed: kraken", "feed: karken"),
    "a schema, in quotes": ("SSMD202", DEV, "'trade:stable'", "'trad:stable'"),
    "a schema of a feed": ("SSMD202", FEED, '"trade:stable"', '"tarde:stable"'),
    "a schema's version": ("SSMD203", DEV, "'trade:stable'", "'trade:stabel'"),
    "a version that is read": ("SSMD206", SCHEMA, "[stable]", "[stabel]"),
    "a feed's version in force": ("SSMD308", FEED, "active: current", "active: curent"),
    "a key": ("SSMD501", DEV, "$key:bus,", "$key:bsu,"),
    "a key beside a field": ("SSMD501", DEV, "$key:exchange.api_key", "$key:exchagne.api_key"),
    "a key's field": ("SSMD502", DEV, "$key:exchange.api_key", "$key:exchange.api_kye"),
    "an alert": ("SSMD205", DEV, "DataGaps:", "DataGap:"),
    "an alert in other letters": ("SSMD205", DEV, "HighErrorRate:", "high_error_rate:"),
    "a transport": ("SSMD105", DEV, "type: nats", "type: nast"),
    "a storage": ("SSMD105", DEV, "type: local", "type: locla"),
    "a compression": ("SSMD105", DEV, "compression: zstd", "compression: zsdt"),
    "a severity": ("SSMD105", DEV, "severity: info", "severity: ifno"),
    "a key's type": ("SSMD105", DEV, "type: api_key", "type: apikey"),
    "a transport that a feed works with": ("SSMD105", FEED, "[memory, nats]", "[memroy, nats]"),
    "how to authenticate": ("SSMD105", FEED, "auth_method: api_key", "auth_method: api-key"),
    "a feed's status": ("SSMD105", FEED, "status: active", "status: actve"),
    "a schema's format": ("SSMD105", SCHEMA, "format: capnp", "format: capn"),
    "a version's status": ("SSMD105", SCHEMA, "status: draft", "status: draf"),
    "a setting": ("SSMD105", "ssmd.yaml", "resources: nack", "resources: nakc"),
    "a time zone": ("SSMD106", FEED, "New_York", "New_Yrok"),
    "a time zone in small letters": ("SSMD106", "more/feeds/kraken.yaml", "timezone: UTC", "timezone: utc"),
    "a field": ("SSMD102", DEV, "symbols: [AAA, BBB]", "symbls: [AAA, BBB]"),
    "a field below": ("SSMD102", DEV, "max_attempts: 3", "max_atempts: 3"),
    "a field that holds others": ("SSMD102", DEV, "middleware:", "middelware:"),
    "a field of a list's item": ("SSMD102", FEED, "required_transport", "required_transports"),
    "a field of the settings": ("SSMD102", "ssmd.yaml", "namespace:", "namesapce:"),
    "a field in the flat spelling": ("SSMD102", KRAKEN, "endpoint_template", "endpoint_tempalte"),
    "a required field": ("SSMD102", OTHER, "feed:", "fed:"),
    "a word of the envelope": ("SSMD102", FEED, "metadata:", "metdata:"),
    "a kind": ("SSMD107", DEV, "kind: Environment", "kind: Enviroment"),
    "an API version": ("SSMD109", SCHEMA, "ssmd/v1", "smsd/v1"),
    "a folder": ("SSMD017", "ssmd.yaml", "[more]", "[mroe]"),
    "a code in an allowance": ("SSMD018", DEV, "SSMD511", "SMSD511"),
    "a boolean": ("SSMD104", DEV, "enabled: false", "enabled: no"),
    "a number": ("SSMD104", DEV, "replicas: 1", "replicas: '1'"),
    "a key that is said twice, with the same value": (
        "SSMD010",
        OTHER,
        "feed: kraken\n",
        "feed: kraken\nfeed: kraken\n",
    ),
    "a schema without its only version": ("SSMD204", FEED, "quote:v1", "quote"),
    "the hash of a draft": ("SSMD405", SCHEMA, "[stable]\n      hash: sha256:29", "[stable]\n      hash: sha256:00"),
}
"""By name: the code, the file, what is right in it, and what stands there instead."""

TOLD = {
    "a number may be any other": ("SSMD203", FEED, "quote:v1", "quote:v11", "v1"),
    "two names are near": ("SSMD105", KRAKEN, "protocol: wss", "protocol: wsx", "ws"),
    "a field and its older name are near": ("SSMD102", DEV, "schemas:", "schmas:", "schemas"),
    "time zones are many": ("SSMD106", FEED, "America/New_York", "Europe/Lodnon", "Europe/London"),
    "what may be a secret": ("SSMD504", DEV, "sealed-secret:bus", "sealedsecret:bus", "sealed-secret"),
    "a definition's file": ("SSMD401", SCHEMA, "trade.v1.capnp", "trade.v1.cpanp", "trade.v1.capnp"),
    "a symbol": ("SSMD705", DEV, "symbols: [AAA, BBB]", "symbols: [AAA, BBB, AAB]", "AAA"),
    "a code with other digits": ("SSMD018", DEV, "SSMD511", "SSMD5111", "SSMD511"),
}
"""Likewise, with the name that is offered: nobody can be certain."""

NOTHING_LIKE_IT = {
    "a feed": ("SSMD201", DEV, "feed: kalshi", "feed: nyse"),
    "a field": ("SSMD102", OTHER, "feed:", "zzzz: 1\nfeed:"),
    "a key": ("SSMD501", DEV, "$key:bus,", "$key:postgres,"),
    "a value": ("SSMD105", DEV, "type: local", "type: tape"),
}


def wrong(path: str, right: str, instead: str) -> dict[str, bytes]:
    text = FILES[path].decode()
    assert text.count(right) == 1, f"{right!r} stands {text.count(right)} times in {path}"
    return FILES | {path: text.replace(right, instead).encode()}


def mended(files: dict[str, bytes]) -> dict[str, bytes]:
    return files | {path: after for path, (_, after) in fix(MemoryTree(files), OPTIONS, lambda _: True).files.items()}


def test_the_right_tree_is_right_and_has_nothing_to_mend() -> None:
    assert not compile(MemoryTree(FILES), OPTIONS).diagnostics
    assert mended(FILES) == FILES


@pytest.mark.parametrize("name", MENDED)
def test_a_near_miss_is_mended_and_nothing_else_is_touched(name: str) -> None:
    code, path, right, instead = MENDED[name]
    files = wrong(path, right, instead)
    found = compile(MemoryTree(files), OPTIONS).diagnostics
    assert {one.code for one in found if one.severity is Severity.ERROR} == {code}, found
    assert mended(files) == FILES


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_many_at_once_are_mended_as_one_is(ending: str) -> None:
    """Those of a stage hide those of the next, and the places of all of them move."""
    files, taken = dict(FILES), 0
    for _, path, right, instead in MENDED.values():
        text = files[path].decode()
        if text.count(right) == 1:
            files[path], taken = text.replace(right, instead).encode(), taken + 1
    assert taken > len(MENDED) / 2
    sources = [path for path in files if path.endswith(".yaml")]
    files |= {path: files[path].replace(b"\n", ending.encode()) for path in sources}
    result = mended(files)
    result |= {path: result[path].replace(ending.encode(), b"\n") for path in sources}
    assert result == FILES


@pytest.mark.parametrize(
    ("status", "remedy"),
    [("draft", "a draft may change: state it"), ("active", "a version in use does not change: declare a new one")],
)
def test_the_hash_of_a_draft_is_to_be_stated_and_that_of_a_version_in_use_left(status: str, remedy: str) -> None:
    files = wrong(*MENDED["the hash of a draft"][1:])
    files[SCHEMA] = files[SCHEMA].replace(b"status: draft", f"status: {status}".encode())
    (help_,) = [one.help for one in compile(MemoryTree(files), OPTIONS).diagnostics if one.code == "SSMD405"]
    assert help_.endswith(f"; {remedy}")


@pytest.mark.parametrize("name", TOLD)
def test_what_is_not_certain_is_told_and_left(name: str) -> None:
    code, path, right, instead, meant = TOLD[name]
    files = wrong(path, right, instead)
    found = [one for one in compile(MemoryTree(files), OPTIONS).diagnostics if one.code == code]
    assert [one.label for one in found] == [f"did you mean `{meant}`?"]
    assert mended(files) == files


@pytest.mark.parametrize("name", NOTHING_LIKE_IT)
def test_what_is_like_nothing_is_not_guessed_at(name: str) -> None:
    code, *at = NOTHING_LIKE_IT[name]
    files = wrong(*at)
    found = [one for one in compile(MemoryTree(files), OPTIONS).diagnostics if one.code == code]
    assert [one.label for one in found] == [""]
    assert mended(files) == files


RENAMED = {
    "a folder of sources": ("enviroments/x.yaml", "environments"),
    "the settings": ("smd.yaml", "ssmd.yaml"),
    "a built-in template": ("templates/deploymnt.yaml.j2", "deployment.yaml.j2"),
}


@pytest.mark.parametrize("name", RENAMED)
def test_a_file_whose_name_is_nearly_right_is_told_which(name: str) -> None:
    path, meant = RENAMED[name]
    found = compile(MemoryTree(FILES | {path: b"name: x\n"}), OPTIONS).diagnostics
    assert [(one.code, one.help) for one in found] == [("SSMD016", f"rename it: did you mean `{meant}`?")]


TYPED = {
    "valdate": "validate",
    "schema shwo": "show",
    "--verison": "--version",
    "validate --fxi": "--fix",
    "fmt --chek": "--check",
    "schema list --ouput json": "--output",
    "explain SSMD2011": "SSMD201",
    "explain SSMD2O1": "SSMD201",
    "validate --format sarfi": "sarif",
    "graph --format mermiad": "mermaid",
    "trace --output jsno generated/dev/spec.json": "json",
    "schema list --output cvs": "csv",
    "schema-json Enviroment": "Environment",
    "completion zhs": "zsh",
    "compile ohter": "other",
    "graph ohter": "other",
    "trace generated/ohter/spec.json": "other",
    "trace generated/other/spec.jsn": "generated/other/spec.json",
    "schema show tarde": "trade",
    "schema used trade stabel": "stable",
    "schema compat trade --from stabel": "stable",
    "validate enviroments": "environments",
    "validate enviroments/dev.yaml": "environments/dev.yaml",
    "fmt environments/ohter.yaml": "environments/other.yaml",
    "fmt - --stdin-path enviroments/dev.yaml": "environments",
    "compile --config-dir enviroments": "environments",
}


@pytest.mark.parametrize("line", TYPED)
def test_what_is_typed_on_the_command_line(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(RIGHT)
    assert run(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f": did you mean `{TYPED[line]}`?\n"), err
    assert not DirectoryTree(RIGHT).names("generated")
