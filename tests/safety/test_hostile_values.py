"""No value, name or size in a sound document becomes more than the text that it is.

Numbers and dates are bounded, names make no paths, text makes no structure, and what multiplies is stopped.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hostile import ENVIRONMENT, FEED, SETTINGS, Honest, Ran, environment, feed, make, plant, run, small_tree
from jail import GIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jail import Jail

LOCAL = "{{transport: {{type: memory}}, storage: {{type: local, path: {}}}}}"
ODD_TEXT = [
    "{{ 7*7 }}",
    "{% for x in y %}",
    "{# gone #}",
    "{{ ''.__class__.__mro__ }}",
    "${HOME} $(id) `id`",
    "a\nb: c\n---\nd: e\n",
    "a\r\nb",
    "- a",
    "# a",
    "a: b",
    "'\"\\",
    "!!python/none",
    "*a &b %c @d",
    " a ",
    "\t",
    "~",
    "null",
    "true",
    "no",
    "010",
    "1_000",
    "12:30:45",
    "2024-01-01",
    "1e3",
    ".inf",
    "<<",
    "漢字 \U0001f600 é",
    "x" * 5000,
]


# Numbers, dates, zones

MIDDLEWARE = "{{transport: {{type: memory}}, storage: {{type: local, path: /x, sync_interval_ms: {}}}}}"
NOT_NUMBERS = [
    "1" + "0" * 1000,
    "9" * 100_000,
    "-1",
    "0",
    "1e3",
    "1e999",
    ".inf",
    ".nan",
    "0x10",
    "0o7",
    "1_000",
    "+1",
    "\u0661\u0662",
    "1.5",
    "''",
    "true",
    "[1]",
]


def check_told(ran: Ran, path: str) -> None:
    assert ran.outcome.code == 1, ran.outcome.said
    assert ran.outcome.err == ""
    assert {finding["path"] for finding in ran.findings} == {path}
    assert ran.after == ran.before


@pytest.mark.parametrize("number", NOT_NUMBERS, ids=lambda text: text[:12])
def test_a_whole_number_is_that_or_a_finding(number: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment(middleware=MIDDLEWARE.format(number)))
    check_told(run(jail, workspace), ENVIRONMENT)


ENVIRONMENT_LINES = [
    "connector: {retry: {multiplier: 1e999}}",
    "connector: {retry: {multiplier: -1e999}}",
    "connector: {retry: {multiplier: .nan}}",
    "connector: {retry: {multiplier: -2}}",
    "connector: {retry: {jitter: -5}}",
    "connector: {buffer: {max_bytes: -1MiB}}",
    "connector: {buffer: {max_bytes: 0}}",
    "connector: {buffer: {max_bytes: 1e9MiB}}",
    "connector: {buffer: {max_bytes: 99999999999999999999MiB}}",
    "connector: {replicas: 999999999999999999}",
    "connector: {resources: {requests: {cpu: -1}}}",
    "connector: {resources: {requests: {memory: -1Gi}}}",
    "alerts: {GapsDetected: {threshold: 1e999}}",
    "alerts: {GapsDetected: {for: 99999999999999999999s}}",
    "alerts: {GapsDetected: {for: -5m}}",
    *(
        f"schedule: {{timezone: '{zone}', day_start: '00:00', day_end: '01:00'}}"
        for zone in [
            "../../etc/passwd",
            "/etc/localtime",
            "localtime",
            "posixrules",
            "..",
            "Europe/../UTC",
            "UTC\\0",
            "",
            "EST5EDT,M3.2.0",
        ]
    ),
    *(
        f"schedule: {{day_start: '{time}', day_end: '01:00'}}"
        for time in ["24:00", "99:99", "-1:00", "1:00", "00:00:00", "\u0660\u0660:\u0660\u0660"]
    ),
    "namespace: ../x",
    "namespace: a/b",
    "namespace: 'x\\ny'",
]


@pytest.mark.parametrize("line", ENVIRONMENT_LINES)
def test_a_value_out_of_bounds_is_a_finding(line: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment(line))
    check_told(run(jail, workspace), ENVIRONMENT)


NOT_DATES = [
    "9999-99-99",
    "0000-00-00",
    "10000-01-01",
    "-001-01-01",
    "2024-02-30",
    "2024-1-1",
    "20240101",
    "2024-W01-1",
    "\u0968\u0966\u0968\u096a-\u0966\u0967-\u0966\u0967",
    "2024-01-01T00:00:00",
    "9" * 5000,
    "''",
    "~",
]


@pytest.mark.parametrize("date", NOT_DATES, ids=lambda text: text[:12])
def test_a_date_is_that_or_a_finding(date: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, FEED, feed(old="effective_from: 2024-01-01", new=f"effective_from: {date}"))
    check_told(run(jail, workspace), FEED)


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_are_dates(date: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, FEED, feed(old="effective_from: 2024-01-01", new=f"effective_from: {date}"))
    assert run(jail, workspace, "compile", "--as-of", date).outcome.code == 0


@pytest.mark.parametrize("date", [*NOT_DATES[:-2], "today", "", "\u202e"], ids=lambda text: text[:12])
def test_a_date_on_the_command_line_is_that_or_a_usage_error(date: str, jail: Jail, workspace: Path) -> None:
    ran = run(jail, workspace, "compile", f"--as-of={date}")
    assert ran.outcome.code == 2, ran.outcome.said
    assert ran.after == ran.before


# Names

BAD_NAMES = [
    "..",
    ".",
    "a/b",
    "../x",
    "",
    "a\nb",
    "a b",
    "'",
    '"',
    "{{ 7*7 }}",
    "{% x %}",
    "A",
    "é",
    "-a",
    "a-",
    "x" * 64,
    "x" * 300,
]
NAMED: dict[str, Callable[[str], str]] = {
    "shard": lambda name: f"shards: {{{name}: {{selector: {{prefix: B}}}}, e: {{selector: {{prefix: E}}}}}}",
    "key": lambda name: f"keys: {{{name}: {{type: api_key, fields: [a]}}}}",
    "key in a list": lambda name: f"keys: [{{name: {name}, type: api_key, fields: [a]}}]",
    "alert": lambda name: f"alerts: {{{name}: {{enabled: false}}}}",
}


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: name[:12])
@pytest.mark.parametrize("what", NAMED)
def test_a_bad_name_is_a_finding(what: str, name: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment(NAMED[what](json.dumps(name))))
    check_told(run(jail, workspace), ENVIRONMENT)


FILE_NAMES = [
    "a\nb",
    "a b",
    " ",
    "-rf",
    "--help",
    "...",
    "x.yaml",
    "é",
    "漢字",
    "\u202e",
    "\x1b[31m",
    "\x7f",
    "{{ 7*7 }}",
    "{% x %}",
    "'",
    "$(id)",
    "A",
    "a" * 64,
    "a" * 250,
    "argocd",
]


@pytest.mark.parametrize("name", FILE_NAMES, ids=lambda name: ascii(name)[:14])
def test_an_environment_with_a_bad_file_name_is_a_finding(name: str, jail: Jail, workspace: Path) -> None:
    (workspace / ENVIRONMENT).unlink()
    path = f"environments/{name}.yaml"
    plant(workspace, path, environment(name=json.dumps(name)))
    ran = run(jail, workspace)
    if name.startswith("."):
        assert ran.outcome.code == 0, "a hidden file is nobody's"
        return
    assert ran.outcome.code == 1, ran.outcome.said
    assert ran.outcome.err == ""
    assert {finding["path"] for finding in ran.findings} == {path}
    assert ran.after == ran.before
    assert ran.outcome.out.replace("\n", "").isprintable()


def test_control_a_file_name_would_reach_the_terminal(jail: Jail, workspace: Path) -> None:
    plant(workspace, "environments/\x07.yaml", environment())
    assert "\x07" not in run(jail, workspace).outcome.out
    assert "\x07" in run(jail, workspace, changed=("no_escaping",)).outcome.out


def test_a_file_name_that_is_no_text_is_a_finding(jail: Jail, workspace: Path) -> None:
    for folder, ending in [
        ("environments", b".yaml"),
        ("exchanges/feeds", b".yaml"),
        ("schemas", b".yaml"),
        ("templates", b".yaml.j2"),
    ]:
        (workspace / folder).mkdir(exist_ok=True)
        raw = bytes(workspace / folder) + b"/\xff" + ending
        with open(raw, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a Path has no bytes
            file.write("name: x\n")
    ran = run(jail, workspace)
    assert ran.outcome.code == 1, ran.outcome.err
    assert ran.outcome.err == ""


def test_a_template_whose_name_is_no_text_is_no_bug(jail: Jail, workspace: Path) -> None:
    (workspace / "templates").mkdir()
    with open(bytes(workspace) + b"/templates/\xff.yaml.j2", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("x\n")
    ran = run(jail, workspace)
    assert ran.outcome.code in (0, 1), ran.outcome.err


BAD_FIELDS = ["../../etc/passwd", "..", "a/b", "/etc/passwd", "a\nb", "a b", "{{ 7*7 }}", "é", "", "x" * 300]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        *((name, "file:/run/secrets/x") for name in BAD_FIELDS),
        *((BAD_FIELDS[0], other) for other in ("env", "vault:kv/x", "sealed-secret/x")),
    ],
    ids=lambda text: text[:12],
)
def test_a_field_of_a_key_makes_no_path(name: str, source: str, jail: Jail, workspace: Path) -> None:
    """A field becomes a file's name, a variable's name, or a key of a Secret: where it cannot, it is a finding."""
    plant(
        workspace,
        ENVIRONMENT,
        environment(f"keys: {{k: {{type: api_key, fields: [{json.dumps(name)}], source: '{source}'}}}}"),
    )
    check_told(run(jail, workspace), ENVIRONMENT)


BAD_PLACES = ["../../etc", "etc", "/x/../../etc", "/", "''", '"/x\\ny: 1"', "/etc/ssmd", "'C:\\x'", "'/x:y'"]


@pytest.mark.parametrize("place", BAD_PLACES)
def test_a_storage_path_is_an_absolute_folder_of_its_own(place: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment(middleware=LOCAL.format(place)))
    check_told(run(jail, workspace), ENVIRONMENT)


@pytest.mark.parametrize(
    "source",
    [
        "vault:../../x",
        "vault:a/../b",
        "vault:kv/x#y",
        "file:/run/../etc",
        "file:run",
        "file:/run/x\\ny",
        "env:A B",
        "env:A=B",
        "env:",
        "env:LD_PRELOAD;x",
    ],
)
def test_the_source_of_a_key_leads_nowhere_else(source: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment(f'keys: {{k: {{type: api_key, fields: [a], source: "{source}"}}}}'))
    check_told(run(jail, workspace), ENVIRONMENT)


# Text

TEXT_PLACES: dict[str, tuple[str, Callable[[str], str]]] = {
    "symbol": (ENVIRONMENT, lambda text: environment(symbols=f"[{text}]")),
    "image": (ENVIRONMENT, lambda text: environment(f"connector: {{image: {text}}}")),
    "message type": (FEED, lambda text: feed(old="trade: {", new=f"{text}: {{")),
    "identifier field": (FEED, lambda text: feed(old="identifier_field: symbol", new=f"identifier_field: {text}")),
    "display name": (FEED, lambda text: feed(old="display_name: Kraken", new=f"display_name: {text}")),
    "parser setting": (FEED, lambda text: feed(old="exchange: kraken", new=f"exchange: kraken\n      x: {text}")),
    "parser setting's name": (
        FEED,
        lambda text: feed(old="exchange: kraken", new=f"exchange: kraken\n      {text}: x"),
    ),
}


def documents(root: Path) -> dict[str, list[Any]]:
    return {
        str(path.relative_to(root)): list(yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
        for path in sorted(root.rglob("*.yaml"))
    }


def shape(value: Any) -> Any:
    """What is there besides text: how many documents, which keys, how many items."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def strings(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for key, item in value.items() for text in strings(key) | strings(item)}
    if isinstance(value, list | tuple):
        return {text for item in value for text in strings(item)}
    return {value} if isinstance(value, str) else set()


@pytest.fixture(scope="module")
def plain_shape(jail: Jail, tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = make(tmp_path_factory.mktemp("plain") / "ws", small_tree())
    assert run(jail, root).outcome.code == 0
    return shape(documents(root / "generated"))


def check_literal(text: str, root: Path, plain_shape: Any) -> None:
    assert shape(documents(root / "generated")) == plain_shape
    spec = json.loads((root / "generated/dev/spec.json").read_bytes())
    inner = json.loads(documents(root / "generated")["dev/configmap.yaml"][0]["data"]["spec.json"])
    assert inner == spec
    everywhere = strings(spec) | strings(documents(root / "generated"))
    assert any(text in found for found in everywhere)


@pytest.mark.parametrize("text", ODD_TEXT, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("place", TEXT_PLACES)
def test_text_comes_out_as_it_went_in(place: str, text: str, jail: Jail, workspace: Path, plain_shape: Any) -> None:
    path, document = TEXT_PLACES[place]
    plant(workspace, path, document(json.dumps(text, ensure_ascii=False)))
    ran = run(jail, workspace)
    if ran.outcome.code == 1:
        assert {finding["path"] for finding in ran.findings} == {path}
        return
    assert ran.outcome.code == 0, ran.outcome.err
    check_literal(text, workspace, plain_shape)


def test_at_least_jinja_is_accepted_as_text(jail: Jail, workspace: Path, plain_shape: Any) -> None:
    for place in ("symbol", "display name", "parser setting"):
        path, document = TEXT_PLACES[place]
        plant(workspace, path, document("'{{ 7*7 }}'"))
    assert run(jail, workspace).outcome.code == 0
    check_literal("{{ 7*7 }}", workspace, plain_shape)


def revision(root: Path) -> Any:
    application = yaml.safe_load((root / "generated/argocd/dev.yaml").read_text(encoding="utf-8"))
    return application["spec"]["source"]


def settings(text: str) -> str:
    return f"repository: {{url: 'https://git.example.com/x.git', revision: {json.dumps(text)}}}\n"


@pytest.mark.parametrize("text", ODD_TEXT, ids=lambda text: ascii(text)[:20])
def test_text_of_the_settings_comes_out_as_it_went_in(text: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, SETTINGS, settings(text))
    ran = run(jail, workspace)
    assert ran.outcome.code in (0, 1), ran.outcome.err
    if ran.outcome.code == 0:
        assert revision(workspace)["targetRevision"] == text


UNGUARDED = {"no_serializer": "x\n    directory: {recurse: true} #", "values_are_templates": "{{ 7*7 }}"}


@pytest.mark.parametrize("guard", UNGUARDED)
def test_control_text_becomes_structure_without_the_guard(guard: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, SETTINGS, settings(UNGUARDED[guard]))
    assert run(jail, workspace).outcome.code == 0
    guarded = revision(workspace)
    assert guarded["targetRevision"] == UNGUARDED[guard]
    assert run(jail, workspace, changed=(guard,)).outcome.code == 0
    assert revision(workspace) != guarded


# What multiplies

SYMBOLS = ", ".join(f"S{index}" for index in range(40_000))
REFERENCES = ", ".join(f"a{index}: $key:k{index}" for index in range(40_000))
BOMBS: dict[str, dict[str, str]] = {
    "symbols in one shard": {
        ENVIRONMENT: environment(f"shards: {{a: {{selector: {{symbols: [{SYMBOLS}]}}}}}}", symbols=f"[{SYMBOLS}]")
    },
    "symbols by shards": {
        ENVIRONMENT: environment(
            "shards:",
            *(f"  s{index}: {{selector: {{prefix: S{index}}}}}" for index in range(10_000)),
            symbols=f"[{SYMBOLS}]",
        )
    },
    "shards by message types": {
        ENVIRONMENT: environment(
            "shards:",
            *(f"  s{index}: {{selector: {{symbols: [S{index}]}}}}" for index in range(3000)),
            symbols=f"[{', '.join(f'S{index}' for index in range(3000))}]",
        ),
        FEED: feed(*(f"  t{index}: {{}}" for index in range(30_000))),
    },
    "references to nothing": {
        ENVIRONMENT: environment(f"schemas: [{', '.join(f'trade{index}:v1' for index in range(40_000))}]")
    },
    "keys to nothing": {
        ENVIRONMENT: environment(
            middleware=f"{{transport: {{type: aeron, aeron: {{{REFERENCES}}}}}, storage: {{type: memory}}}}"
        )
    },
    "unknown alerts": {
        ENVIRONMENT: environment("alerts:", *(f"  k{index}: {{enabled: false}}" for index in range(30_000)))
    },
    "keys": {
        ENVIRONMENT: environment("keys:", *(f"  k{index}: {{type: api_key, fields: [a]}}" for index in range(20_000)))
    },
    "versions of a feed": {
        FEED: "name: kraken\ntype: websocket\nversions:\n"
        + "".join(
            f"- {{version: v{index}, effective_from: 2024-01-01, protocol: wss, endpoint: 'wss://x/y'}}\n"
            for index in range(11_000)
        )
    },
    "versions that read others": {
        "schemas/trade.yaml": "name: trade\nformat: capnp\nversions:\n- {version: v1, effective_from: 2024-01-01, hash: 'sha256:"
        + "0" * 64
        + f"', schema_file: x.capnp, compatible_with: [{', '.join(f'w{index}' for index in range(80_000))}]}}\n"
    },
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_multiplies_is_stopped(name: str, jail: Jail, tmp_path: Path, honest: Honest) -> None:
    attempts = itertools.count()

    def act() -> Ran:
        root = make(tmp_path / str(next(attempts)) / "ws", {**small_tree(), **BOMBS[name]})
        return run(jail, root, memory=GIB, cpu=8)

    ran = act()
    # Many symbols in one shard are no mistake; they only have to be cheap.
    assert ran.outcome.code == (0 if name == "symbols in one shard" else 1), ran.outcome.err or "it was ended"
    assert honest.bears(ran.outcome.cpu, 10, lambda: act().outcome.cpu)
    assert ran.outcome.peak < GIB // 2
    if ran.outcome.code:
        assert ran.after == ran.before
