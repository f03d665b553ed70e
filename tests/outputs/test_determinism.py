"""Same tree, same bytes: whatever the machine, the processes, the locale, the day, the layout or the spelling."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from captures import DATE, MINIMAL, WORKSPACES, changed, sound
from examples import write
from ssmd_runtime import spec

from ssmd_compiler.cli import compile_request, pool, run
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.source import DirectoryTree, MemoryTree

EVERYTHING = WORKSPACES["everything"]


def bytes_of(compilation: Compilation) -> dict[str, bytes]:
    """Every file of a publication, in order."""
    assert not compilation.failed, compilation.diagnostics
    return {**compilation.outputs, "ssmd.lock.json": compilation.lock.encode()}


def on_disk(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below `root` with its time."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    return bytes_of(sound(EVERYTHING))


# The machine


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_files_were_made_does_not_matter(tmp_path, seed, expected):
    shuffled = list(EVERYTHING.items())
    random.Random(seed).shuffle(shuffled)
    write(dict(shuffled), tmp_path)
    assert bytes_of(compile(DirectoryTree(tmp_path), Options(DATE))) == expected
    assert bytes_of(compile(MemoryTree(dict(shuffled)), Options(DATE))) == expected


def test_processes_give_what_one_process_gives(monkeypatch, expected):
    monkeypatch.setattr(pool, "FEWEST", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2}, raising=False)
    assert bytes_of(compile(MemoryTree(EVERYTHING), Options(DATE, pool.each))) == expected


def test_processes_give_the_same_findings(monkeypatch):
    monkeypatch.setattr(pool, "FEWEST", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1}, raising=False)
    wrong = EVERYTHING | {f"environments/e{number}.yaml": b"feed: nothing\n" for number in range(9)}
    one, many = (compile(MemoryTree(wrong), Options(DATE, each)) for each in (map, pool.each))
    assert len(one.diagnostics) > 9
    assert (one.diagnostics, one.outputs, one.lock) == (many.diagnostics, many.outputs, many.lock)


MACHINES = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 4294967295": {"PYTHONHASHSEED": "4294967295"},
    "no locale": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Turkish, far east": {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
    "no time zones of its own": {"PYTHONTZPATH": "/nowhere"},
    "far west, optimized": {"TZ": "Pacific/Niue", "PYTHONOPTIMIZE": "2"},
}

SUMS = """\
import datetime, hashlib, json, pathlib, sys
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import DirectoryTree
compiled = compile(DirectoryTree(pathlib.Path(sys.argv[1])), Options(datetime.date.fromisoformat(sys.argv[2])))
files = {**compiled.outputs, "ssmd.lock.json": compiled.lock.encode()}
print(json.dumps({path: hashlib.sha256(content).hexdigest() for path, content in files.items()}))
"""


@pytest.mark.parametrize("machine", MACHINES)
def test_the_machine_does_not_matter(tmp_path, machine, expected):
    """Another interpreter, with another environment, in another folder, on a workspace at another path."""
    workspace, elsewhere = tmp_path / "Wörk space" / machine, tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(EVERYTHING, workspace)
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", **MACHINES[machine]}
    command = [sys.executable, "-c", SUMS, os.fsencode(workspace), DATE.isoformat()]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {path: hashlib.sha256(content).hexdigest() for path, content in expected.items()}


def test_lines_that_end_as_on_windows_mean_the_same():
    crlf = {
        path: content.replace(b"\n", b"\r\n") if path.endswith(".yaml") else content
        for path, content in EVERYTHING.items()
    }
    assert specs(crlf) == specs(EVERYTHING)


# The command


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Path:
    """The rich workspace on disk, on a day that stands still."""
    write(EVERYTHING, tmp_path)
    monkeypatch.chdir(tmp_path)
    at(monkeypatch, DATE)
    return tmp_path


def at(monkeypatch: pytest.MonkeyPatch, day: datetime.date) -> None:
    monkeypatch.setattr(compile_request, "today", lambda: day)


def test_the_command_writes_what_the_library_returns(workspace, expected):
    assert run(["compile"]) == 0
    assert {path: content for path, (content, _) in on_disk(workspace / "generated").items()} == expected


def test_a_second_compile_writes_nothing(workspace, capsys, expected):
    assert run(["compile"]) == 0
    before = on_disk(workspace / "generated")
    capsys.readouterr()
    assert run(["compile", "-v"]) == 0
    assert f"0 files written, 0 removed, {len(expected)} unchanged" in capsys.readouterr().out
    assert on_disk(workspace / "generated") == before
    assert run(["compile", "--check"]) == 0


def test_another_day_changes_nothing(workspace, monkeypatch):
    assert run(["compile"]) == 0
    before = on_disk(workspace / "generated")
    at(monkeypatch, DATE + datetime.timedelta(days=1))
    assert run(["compile"]) == 0
    assert on_disk(workspace / "generated") == before
    assert run(["compile", "--check"]) == 0
    assert run(["validate"]) == 0


def test_a_date_that_is_named_is_recorded_and_changes_nothing_else(workspace):
    assert run(["compile"]) == 0
    before = on_disk(workspace / "generated")
    assert run(["compile", "--as-of", "2026-12-24"]) == 0
    after = on_disk(workspace / "generated")
    assert {path for path in after if after[path] != before.get(path)} == {"ssmd.lock.json"}
    lock = json.loads(after["ssmd.lock.json"][0])
    assert lock["as_of"] == "2026-12-24"
    assert lock | {"as_of": DATE.isoformat()} == json.loads(before["ssmd.lock.json"][0])


def test_a_change_of_one_environment_touches_its_files_alone(workspace):
    assert run(["compile"]) == 0
    before = on_disk(workspace / "generated")
    path = workspace / MINIMAL
    path.write_text(path.read_text().replace("INXD-25-B4000", "INXD-25-B5000"))
    assert run(["compile"]) == 0
    after = on_disk(workspace / "generated")
    touched = {path for path in after if after[path] != before.get(path)}
    assert touched == {"ssmd.lock.json", "dev/spec.json", "dev/configmap.yaml", "dev/deployment.yaml"}


@pytest.mark.parametrize("first", ["dev", "dev-2", "local"])
def test_one_environment_after_all_of_them_leaves_everything_current(workspace, first):
    """Names whose order differs with and without `.yaml` are among them."""
    second = changed({"middleware": {"storage": {"path": "/var/lib/ssmd/second"}}})[MINIMAL].replace(
        b"name: dev", b"name: dev-2"
    )
    (workspace / "environments" / "dev-2.yaml").write_bytes(second)
    assert run(["compile"]) == 0
    before = on_disk(workspace / "generated")
    assert run(["compile", first]) == 0
    assert on_disk(workspace / "generated") == before
    assert run(["compile", "--check"]) == 0


def test_environments_one_by_one_give_what_all_at_once_give(workspace, expected):
    for name in ("local", "rich", "dev"):
        assert run(["compile", name]) == 0
    written = {path: content for path, (content, _) in on_disk(workspace / "generated").items()}
    assert written.keys() == expected.keys()
    assert written == expected


# The day

VERSIONS = b"""\
name: kalshi
type: websocket
versions:
  - {version: v1, effective_from: 2025-01-01, effective_to: 2026-03-01, protocol: wss, endpoint: "wss://one.example"}
  - {version: v2, effective_from: 2026-03-01, effective_to: 2027-01-01, protocol: wss, endpoint: "wss://two.example"}
  - {version: v3, effective_from: 2027-01-01, protocol: wss, endpoint: "wss://three.example"}
message_types: {trade: {}}
"""
VERSIONED = WORKSPACES["minimal"] | {"exchanges/feeds/kalshi.yaml": VERSIONS}


@pytest.mark.parametrize("later", ["2026-03-01", "2026-03-02", "2026-11-21", "2026-12-31"])
def test_every_day_of_a_version_gives_the_same_files(later):
    found = [sound(VERSIONED, datetime.date.fromisoformat(day)) for day in ("2026-06-01", later)]
    assert found[0].outputs == found[1].outputs
    assert found[0].lock.same_but_date(found[1].lock)


@pytest.mark.parametrize(("day", "version"), [("2026-02-28", "v1"), ("2026-03-01", "v2"), ("2027-01-01", "v3")])
def test_a_day_of_another_version_gives_its_files(day, version):
    said = specs(VERSIONED, datetime.date.fromisoformat(day))["dev/spec.json"]
    assert said.feed.version == version
    assert said.as_of <= day < (said.as_of_until or "9999")


@pytest.mark.parametrize("active", ["v1", "v2", "v3"])
def test_a_version_that_is_pinned_gives_the_same_files_every_day(active):
    """Also where the pinned version is not in force yet, and nothing else gives a date."""
    files = _without_schema() | {"exchanges/feeds/kalshi.yaml": VERSIONS + f"active: {active}\n".encode()}
    found = [specs(files, datetime.date(2026, 11, day)) for day in (21, 22)]
    assert found[0] == found[1]


def _without_schema() -> dict[str, bytes]:
    document = yaml.load(WORKSPACES["minimal"][MINIMAL], yaml.BaseLoader)
    del document["spec"]["schema"]
    return WORKSPACES["minimal"] | {MINIMAL: yaml.safe_dump(document).encode()}


# Layouts and spellings


def specs(files: dict[str, bytes], as_of: datetime.date = DATE) -> dict[str, spec.CollectorSpec]:
    """Every spec of a workspace, but for the digest of its sources, which differ."""
    outputs = sound(files, as_of).outputs.items()
    found = {path: content for path, content in outputs if re.search(r"/spec[^/]*\.json$", path)}
    return {path: _undigested(spec.decode(content)) for path, content in found.items()}


def _undigested(one: spec.CollectorSpec) -> spec.CollectorSpec:
    raw = json.loads(spec.encode(one))
    raw["provenance"]["inputs_sha256"] = ""
    return spec.decode(json.dumps(raw).encode())


def moved(files: dict[str, bytes], rules: dict[str, str]) -> dict[str, bytes]:
    """The same files in other folders: what a path begins with is replaced."""

    def to(path: str) -> str:
        return next((new + path.removeprefix(old) for old, new in rules.items() if path.startswith(old)), path)

    return {to(path): content for path, content in files.items()}


LAYOUTS = {
    "one tree under exchanges/": {"schemas/": "exchanges/schemas/", "environments/": "exchanges/environments/"},
    "families at the root": {"exchanges/feeds/": "feeds/"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_does_not_matter(layout):
    assert specs(moved(EVERYTHING, LAYOUTS[layout])) == specs(EVERYTHING)


@pytest.mark.parametrize("config_dir", [".", "exchanges"])
def test_the_older_tree_is_a_workspace_from_without_and_from_within(tmp_path, monkeypatch, config_dir, expected):
    files = moved(EVERYTHING, LAYOUTS["one tree under exchanges/"] | {"ssmd.yaml": f"{config_dir}/ssmd.yaml"})
    write(files, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(["compile", "--config-dir", config_dir, "--as-of", DATE.isoformat()]) == 0
    written = on_disk(tmp_path / config_dir / "generated")
    assert written.keys() == expected.keys()
    differ = {path.rpartition("/")[2] for path in expected if written[path][0] != expected[path]}
    digests = {
        "configmap.yaml",
        "ssmd.lock.json",
        "spec.json",
        "spec-crypto.json",
        "spec-rest.json",
        "spec-sports.json",
    }
    assert differ <= digests, "the paths of inputs are part of their digest, and of nothing else"


def canonical(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """A flat document in its envelope."""
    body = {key: value for key, value in document.items() if key != "name"}
    return {"apiVersion": "ssmd/v1", "kind": kind, "metadata": {"name": document["name"]}, "spec": body}


ENVIRONMENT = """\
name: dev
feed: kalshi
schemas: [trade:v1]
keys:
  kalshi: {type: api_key, fields: [api_key], source: env}
  nats: {type: transport, fields: [token]}
schedule: {timezone: UTC, day_start: "00:10", day_end: "00:00"}
symbols: {sync: true, filters: [{category: crypto}], close_within_hours: 48}
middleware:
  transport: {type: nats, url: "nats://nats.example:4222", credentials: $key:nats}
  storage: {type: local, path: /var/lib/ssmd/storage}
  cache: {type: memory, max_size: 1MiB}
  journal: {type: file, path: /var/lib/ssmd/storage/journal}
"""

# Each turns the document above into another spelling of it.
SPELLINGS: dict[str, Any] = {
    "enveloped": lambda document: canonical(document, "Environment"),
    "flat with apiVersion": lambda document: {"apiVersion": "ssmd/v1", **document},
    "a list of keys": lambda document: (
        document | {"keys": [{"name": name, **key} for name, key in document["keys"].items()]}
    ),
    "one schema": lambda document: _renamed(document, "schemas", "schema", document["schemas"][0]),
    "a list of schemas under the one's name": lambda document: _renamed(
        document, "schemas", "schema", document["schemas"]
    ),
    "startup and teardown": lambda document: (
        document | {"schedule": {"timezone": "UTC", "startup": "00:10", "teardown": "00:00"}}
    ),
    "middleware at top level": lambda document: {
        **{key: value for key, value in document.items() if key != "middleware"},
        **document["middleware"],
    },
    "half of the middleware at top level": lambda document: (
        document
        | {
            "middleware": {
                name: value for name, value in document["middleware"].items() if name in ("transport", "cache")
            },
            "storage": document["middleware"]["storage"],
            "journal": document["middleware"]["journal"],
        }
    ),
    "everything older at once": lambda document: {
        **{key: value for key, value in document.items() if key not in ("middleware", "schemas")},
        **document["middleware"],
        "schema": document["schemas"][0],
        "keys": [{"name": name, **key} for name, key in document["keys"].items()],
        "schedule": {"timezone": "UTC", "startup": "00:10", "teardown": "00:00"},
    },
}


def _renamed(document: dict[str, Any], old: str, new: str, value: Any) -> dict[str, Any]:
    return {**{key: value for key, value in document.items() if key != old}, new: value}


def spelled(document: dict[str, Any], path: str = MINIMAL) -> dict[str, bytes]:
    return WORKSPACES["minimal"] | {path: yaml.safe_dump(document, sort_keys=False).encode()}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("envelope", [True, False], ids=["in an envelope", "flat"])
def test_the_spelling_of_an_environment_does_not_matter(spelling, envelope):
    document = yaml.safe_load(ENVIRONMENT)
    said = SPELLINGS[spelling](document)
    if envelope and "apiVersion" not in said:
        said = canonical(said, "Environment")
    assert specs(spelled(said)) == specs(spelled(document))
    assert manifests_but_configmap(spelled(said)) == manifests_but_configmap(spelled(document))


def manifests_but_configmap(files: dict[str, bytes]) -> dict[str, bytes]:
    outputs = sound(files).outputs.items()
    return {
        path: content for path, content in outputs if path.endswith(".yaml") and not path.endswith("configmap.yaml")
    }


def test_secrets_are_keys():
    document = yaml.safe_load(ENVIRONMENT)
    keys = {
        "kalshi": {"type": "api_key", "source": "sealed-secret/a"},
        "nats": {"type": "transport", "source": "sealed-secret/b"},
    }
    older = _renamed(document, "keys", "secrets", {"kalshi": "sealed-secret/a", "nats": "sealed-secret/b"})
    assert specs(spelled(older)) == specs(spelled(document | {"keys": keys}))
    half = document | {"keys": {"kalshi": keys["kalshi"]}, "secrets": {"nats": "sealed-secret/b"}}
    assert specs(spelled(half)) == specs(spelled(document | {"keys": keys}))


FEEDS = {
    "endpoint_template": ("endpoint: wss:", "endpoint_template: wss:"),
    "protocol in a word": ("protocol: {transport: wss, message: json}", "protocol: wss"),
    "protocol without its message": ("protocol: {transport: wss, message: json}", "protocol: {transport: wss}"),
}


@pytest.mark.parametrize("spelling", FEEDS)
def test_the_spelling_of_a_feed_does_not_matter(spelling):
    path = "exchanges/feeds/kalshi.yaml"
    flat = EVERYTHING[path].decode()
    assert flat.count(FEEDS[spelling][0]) == 1
    assert specs(EVERYTHING | {path: flat.replace(*FEEDS[spelling]).encode()}) == specs(EVERYTHING)


def test_the_envelope_of_a_feed_does_not_matter():
    path = "exchanges/feeds/kalshi.yaml"
    name, _, body = EVERYTHING[path].decode().partition("\n")
    enveloped = f"apiVersion: ssmd/v1\nkind: Feed\nmetadata: {{{name}}}\nspec:\n{textwrap.indent(body, '  ')}"
    assert specs(EVERYTHING | {path: enveloped.encode()}) == specs(EVERYTHING)


@pytest.mark.parametrize("style", ["block", "flow", "quoted"])
def test_the_style_of_the_yaml_does_not_matter(style):
    document = yaml.safe_load(ENVIRONMENT)
    dumped = {
        "block": yaml.safe_dump(document, default_flow_style=False),
        "flow": yaml.safe_dump(document, default_flow_style=True, width=10_000),
        "quoted": "\n".join(f'"{key}": {json.dumps(value)}' for key, value in document.items()),
    }
    other = WORKSPACES["minimal"] | {MINIMAL: dumped[style].encode()}
    assert specs(other) == specs(spelled(document))
