"""What ssmd writes, held against the programs that will read it: schemas, kustomize, kube-score, Prometheus."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from captures import DATE, WORKSPACES, generate
from real import kubeconform, tool

from ssmd_compiler.alerts import ALERTS
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import DirectoryTree

REPOSITORY = Path(__file__).resolve().parents[2]
TREES = ["own", *WORKSPACES]


@pytest.fixture(scope="module")
def trees(tmp_path_factory) -> dict[str, Path]:
    """`generated/` of the repository's own workspace and of the synthetic ones."""
    root = tmp_path_factory.mktemp("generated")
    own = compile(DirectoryTree(REPOSITORY), Options(DATE))
    assert not own.failed, own.diagnostics
    for path, content in own.outputs.items():
        (root / "own" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "own" / path).write_bytes(content)
    return {"own": root / "own"} | {name: generate(files, root / name) for name, files in WORKSPACES.items()}


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool(name), *arguments], capture_output=True, text=True, check=False)


def documents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml")


# Schemas


@pytest.mark.parametrize("tree", TREES)
def test_every_document_passes_its_schema(trees, tree):
    command = [
        *kubeconform(),
        "-summary",
        "-output",
        "json",
        "-skip",
        "Kustomization",
        "-ignore-filename-pattern",
        r"\.json$",
    ]
    done = subprocess.run([*command, trees[tree]], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    folders = len(list(trees[tree].rglob("kustomization.yaml")))
    expected = {"valid": len(documents(trees[tree])), "invalid": 0, "errors": 0, "skipped": folders}
    assert (found["resources"], found["summary"]) == ([], expected)


@pytest.mark.parametrize("tree", TREES)
def test_kustomize_builds_every_folder_whole(trees, tree):
    folders = sorted(path.parent for path in trees[tree].rglob("kustomization.yaml"))
    assert folders
    for folder in folders:
        listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        assert sorted(listed) == [path.name for path in documents(folder)], "each file is listed once"
        built = run("kustomize", "build", folder)
        assert (built.returncode, built.stderr) == (0, "")
        made = list(yaml.safe_load_all(built.stdout))
        written = [yaml.safe_load((folder / name).read_text()) for name in listed]
        assert _by_identity(made) == _by_identity(written), "kustomize reads what was written"


def _by_identity(found: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


# kube-score

EXPLAINED = {
    "ImagePullPolicy is not set to Always": "images are pinned, and a collector must start while a registry is down",
    "CPU limit is not set": "a limit throttles a collector in the busiest minute of the day; who wants one can say so",
}
"""Criticals of kube-score that stay, and why."""


@pytest.mark.parametrize("tree", TREES)
def test_kube_score_finds_nothing_that_is_not_explained(trees, tree):
    done = run("kube-score", "score", "--output-format", "json", *documents(trees[tree]))
    assert set(criticals(done.stdout)) <= EXPLAINED.keys()


def criticals(scored: str) -> list[str]:
    """What kube-score calls critical; a check that it skipped has that grade too, and says nothing."""
    checks = [check for one in json.loads(scored) for check in one["checks"] if not check["skipped"]]
    return [
        comment["summary"] for check in checks if check["grade"] == CRITICAL for comment in check["comments"] or ("?",)
    ]


CRITICAL = 1


# Prometheus


@pytest.mark.parametrize("tree", TREES)
def test_promtool_accepts_every_rule(trees, tree, tmp_path):
    found = sorted(trees[tree].rglob("prometheusrule.yaml"))
    assert found
    for path in found:
        checked = run("promtool", "check", "rules", "--lint-fatal", extracted(path, tmp_path / "rules.yaml"))
        assert checked.returncode == 0, checked.stderr
        count = sum(len(group["rules"]) for group in yaml.safe_load(path.read_text())["spec"]["groups"])
        assert f"SUCCESS: {count} rules found" in checked.stdout


def extracted(path: Path, target: Path) -> Path:
    """The rules of a PrometheusRule as Prometheus itself reads them."""
    target.write_text(yaml.safe_dump({"groups": yaml.safe_load(path.read_text())["spec"]["groups"]}))
    return target


@dataclass(frozen=True)
class Case:
    """Series sampled once a minute; whether the alert fires at `at`, with which labels, and what a person then reads."""

    alert: str
    what: str
    series: dict[str, str]
    at: str
    fires: tuple[dict[str, str], ...] = ()
    summary: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.alert}-{self.what}".replace(" ", "-"))


CRYPTO, REST = 'shard="crypto"', 'shard="rest"'
IN_CRYPTO = {"shard": "crypto"}
CASES = [
    Case(
        "ConnectorNoData",
        "the count stands still",
        {f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "500x20"},
        "15m",
        (IN_CRYPTO,),
        "rich receives no data",
    ),
    Case(
        "ConnectorNoData",
        "one of two shards stands still",
        {
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "500x20",
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{REST}}}': "500+10x20",
        },
        "15m",
        (IN_CRYPTO,),
    ),
    Case(
        "ConnectorNoData",
        "one of two types stands still",
        {
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "500+10x20",
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="ticker",{CRYPTO}}}': "500x20",
        },
        "15m",
    ),
    Case(
        "ConnectorNoData",
        "a minute of silence",
        {f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "500+10x10 600x5"},
        "12m",
    ),
    Case(
        "ConnectorNoData",
        "data flow",
        {f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "0+10x20"},
        "15m",
    ),
    Case(
        "ConnectorNoData",
        "the day is over and no pod runs",
        {f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "500+10x5 stale"},
        "40m",
    ),
    Case(
        "ConnectorNoData",
        "the day is over and its pod is gone",
        {
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "500+10x5 stale",
            f"up{{{CRYPTO}}}": "1x5 stale",
        },
        "15m",
    ),
    Case(
        "ConnectorNoData",
        "data flow from a pod that is scraped",
        {
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "0+10x20",
            f"up{{{CRYPTO}}}": "1x20",
        },
        "15m",
    ),
    Case(
        "ConnectorNoData",
        "two pods of one shard and one is mute",
        {
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",pod="a",{CRYPTO}}}': "0+10x20",
            f'up{{pod="a",{CRYPTO}}}': "1x20",
            f'up{{pod="b",{CRYPTO}}}': "1x20",
        },
        "15m",
    ),
    Case(
        "ConnectorNoData",
        "the first frame came within two minutes",
        {
            f"up{{{CRYPTO}}}": "_x5 1x20",
            f'ssmd_connector_messages_received_total{{feed="kalshi",type="trade",{CRYPTO}}}': "_x6 0+10x20",
        },
        "9m",
    ),
    Case(
        "ConnectorNoData",
        "an archiver receives nothing from an exchange",
        {f'up{{container="archiver",{CRYPTO}}}': "1x20"},
        "15m",
    ),
    Case(
        "ConnectorNoData",
        "never a frame since the start",
        {f"up{{{CRYPTO}}}": "1x20", f'ssmd_connected{{feed="kalshi",{CRYPTO}}}': "0x20"},
        "15m",
        (IN_CRYPTO,),
    ),
    Case(
        "ConnectorNoData",
        "the pod crashes before it can be scraped",
        {f"up{{{CRYPTO}}}": "0x20"},
        "15m",
        (IN_CRYPTO,),
    ),
    Case(
        "ConnectorHighLag",
        "behind for five minutes",
        {f'ssmd_connector_lag_seconds{{feed="kalshi",{CRYPTO}}}': "3x20"},
        "10m",
        (IN_CRYPTO,),
        "rich lags the exchange by 3 s",
    ),
    Case(
        "ConnectorHighLag",
        "at its threshold",
        {f'ssmd_connector_lag_seconds{{feed="kalshi",{CRYPTO}}}': "2.5x20"},
        "10m",
    ),
    Case(
        "ConnectorHighLag",
        "for a moment",
        {f'ssmd_connector_lag_seconds{{feed="kalshi",{CRYPTO}}}': "0x5 9 0x20"},
        "6m",
    ),
    Case(
        "CircuitBreakerOpen",
        "open",
        {f'ssmd_circuit_breaker_state{{target="nats",{REST}}}': "0x3 1x9"},
        "6m",
        ({"shard": "rest", "target": "nats"},),
        "rich: the circuit to nats is open",
    ),
    Case("CircuitBreakerOpen", "closed", {f'ssmd_circuit_breaker_state{{target="nats",{REST}}}': "0x9"}, "6m"),
    Case("CircuitBreakerOpen", "half open", {f'ssmd_circuit_breaker_state{{target="nats",{REST}}}': "2x9"}, "6m"),
    Case(
        "DeadLettersAccumulating",
        "ten a minute",
        {f'ssmd_dead_letters_total{{component="archiver",{CRYPTO}}}': "0+10x90"},
        "80m",
        ({"component": "archiver"},),
        "rich: 600 dead letters in an hour from the archiver",
    ),
    Case(
        "DeadLettersAccumulating",
        "few from each of two pods",
        {
            'ssmd_dead_letters_total{component="archiver",pod="a"}': "0+1x90",
            'ssmd_dead_letters_total{component="archiver",pod="b"}': "0+1x90",
        },
        "80m",
        ({"component": "archiver"},),
    ),
    Case(
        "DeadLettersAccumulating",
        "few",
        {f'ssmd_dead_letters_total{{component="archiver",{CRYPTO}}}': "0+1x90"},
        "80m",
    ),
    Case(
        "KeyExpiringSoon",
        "two weeks left",
        {f'ssmd_key_expires_in_days{{environment="rich",key_name="kalshi",{CRYPTO}}}': "13x90"},
        "80m",
        ({"key_name": "kalshi", "shard": "crypto"},),
        "Key kalshi of rich expires in 13 days",
    ),
    Case(
        "KeyExpiringSoon",
        "more than two weeks left",
        {f'ssmd_key_expires_in_days{{environment="rich",key_name="kalshi",{CRYPTO}}}': "14x90"},
        "80m",
    ),
    Case(
        "KeyExpired",
        "yesterday",
        {f'ssmd_key_expires_in_days{{environment="rich",key_name="kalshi",{CRYPTO}}}': "-1x20"},
        "10m",
        ({"key_name": "kalshi", "shard": "crypto"},),
        "Key kalshi of rich has expired",
    ),
    Case(
        "KeyExpired",
        "today is the last day",
        {f'ssmd_key_expires_in_days{{environment="rich",key_name="kalshi",{CRYPTO}}}': "0x20"},
        "10m",
    ),
    Case(
        "DataGaps",
        "one a minute",
        {f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "0+1x20"},
        "10m",
        ({"shard": "crypto", "reason": "sequence"},),
        "rich recorded 5 gaps (sequence)",
    ),
    Case("DataGaps", "none new", {f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "7x20"}, "10m"),
    Case(
        "DataGaps",
        "the first of its reason",
        {f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "_x5 1x20"},
        "8m",
        ({"shard": "crypto", "reason": "sequence"},),
    ),
    Case(
        "DataGaps",
        "none yet since the start",
        {f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "_x5 0x20"},
        "8m",
    ),
    Case(
        "DataGaps",
        "the first of its reason and ten minutes passed",
        {f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "_x5 1x20"},
        "16m",
    ),
    Case(
        "DataGaps",
        "the first of one reason beside old ones of another",
        {
            f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "7x20",
            f'ssmd_gaps_total{{feed="kalshi",reason="reconnect",{CRYPTO}}}': "_x5 1x20",
        },
        "8m",
        ({"shard": "crypto", "reason": "reconnect"},),
        "rich recorded 1 gaps (reconnect)",
    ),
    Case(
        "DataGaps",
        "long ago, and the collector restarted",
        {f'ssmd_gaps_total{{feed="kalshi",reason="sequence",{CRYPTO}}}': "7x20 0x20"},
        "22m",
    ),
]
# The rich workspace switches this one off: it is tried with the rules of another environment.
CASES_OF_LOCAL = [
    Case(
        "HighErrorRate",
        "one a second",
        {f'ssmd_errors_total{{feed="kalshi",type="decode",{CRYPTO}}}': "0+60x20"},
        "10m",
        ({"shard": "crypto", "type": "decode"},),
        "local: 1 errors a second of type decode",
    ),
    Case(
        "HighErrorRate",
        "three a minute",
        {f'ssmd_errors_total{{feed="kalshi",type="decode",{CRYPTO}}}': "0+3x20"},
        "10m",
    ),
    Case("HighErrorRate", "a burst", {f'ssmd_errors_total{{feed="kalshi",type="decode",{CRYPTO}}}': "0x5 60x9"}, "6m"),
]
EVERY_CASE = [*(("rich", case) for case in CASES), *(("local", case) for case in CASES_OF_LOCAL)]


def test_every_alert_is_shown_to_fire_and_not_to_fire():
    shown = {(case.alert, bool(case.fires)) for _, case in EVERY_CASE}
    assert shown == {(rule.name, fires) for rule in ALERTS for fires in (True, False)}


@pytest.mark.parametrize(("environment", "case"), [pytest.param(*one, id=one[1].id) for one in EVERY_CASE])
def test_an_alert_fires_when_it_should(trees, tmp_path, environment, case):
    rules = extracted(trees["everything"] / environment / "prometheusrule.yaml", tmp_path / "rules.yaml")
    rule = next(rule for rule in yaml.safe_load(rules.read_text())["groups"][0]["rules"] if rule["alert"] == case.alert)
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(unit_test(case, environment, rule)))
    done = run("promtool", "test", "rules", tmp_path / "test.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def unit_test(case: Case, environment: str, rule: dict[str, Any]) -> dict[str, Any]:
    """What promtool takes as a test: the series as a PodMonitor would label them, and the alerts that must be there."""
    own = {"alertname": case.alert, "severity": rule["labels"]["severity"], "environment": environment}
    firing = [own | _said(case, rule, labels) for labels in case.fires]
    kept = {
        "alertname",
        "alertstate",
        "severity",
        "namespace",
        "environment",
        *(name for labels in case.fires for name in labels),
    }
    expression = f'max by ({",".join(sorted(kept))}) (ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    samples = [
        {"labels": f"{{{_matchers(own | labels | {'alertstate': 'firing', 'namespace': 'capture'})}}}", "value": 1}
        for labels in case.fires
    ]
    test: dict[str, Any] = {
        "interval": "1m",
        "input_series": [
            {"series": _labelled(series, environment), "values": values} for series, values in case.series.items()
        ],
        "promql_expr_test": [{"expr": expression, "eval_time": case.at, "exp_samples": samples}],
    }
    if case.summary:
        annotations = {"summary": case.summary, "action": rule["annotations"]["action"]}
        alerts = [{"exp_labels": labels, "exp_annotations": annotations} for labels in firing]
        test["alert_rule_test"] = [{"eval_time": case.at, "alertname": case.alert, "exp_alerts": alerts}]
    return {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}


def _said(case: Case, rule: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
    """All labels of an alert: an expression that does not aggregate keeps those that the series came with."""
    if " by (" in rule["expr"]:
        return labels | {"namespace": "capture"}
    return labels | {name: value for name, value in SCRAPED.items() if name not in labels}


SCRAPED = {
    "namespace": "capture",
    "container": "connector",
    "endpoint": "http",
    "job": "capture/monitor",
    "pod": "pod-0",
}
"""The labels that a PodMonitor attaches, next to those of its own relabelings."""


def _labelled(series: str, environment: str) -> str:
    metric, _, labels = series.removesuffix("}").partition("{")
    said = {part.partition("=")[0] for part in labels.split(",")}
    attached = {name: value for name, value in (SCRAPED | {"environment": environment}).items() if name not in said}
    return f"{metric}{{{labels},{_matchers(attached)}}}"


def _matchers(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))


def test_control_an_alert_that_cannot_fire_is_noticed(trees, tmp_path):
    """The runner of the cases itself: with a threshold that nothing reaches, a case that fires must fail."""
    rules = extracted(trees["everything"] / "rich" / "prometheusrule.yaml", tmp_path / "rules.yaml")
    rules.write_text(rules.read_text().replace("> 2.5", "> 1e9"))
    case = next(case for case in CASES if case.alert == "ConnectorHighLag")
    rule = {"labels": {"severity": "critical"}, "annotations": {"action": ""}, "expr": " by ("}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(unit_test(case, "rich", rule)))
    assert run("promtool", "test", "rules", tmp_path / "test.yaml").returncode == 1


def test_an_environment_says_what_its_alerts_are(trees):
    """`rich` re-thresholds one alert and switches another off; `local` takes them as they come."""
    rich, local = (_rules(trees["everything"] / name) for name in ("rich", "local"))
    assert set(local) == {rule.name for rule in ALERTS}
    assert set(local) - set(rich) == {"HighErrorRate"}
    assert {
        (rules["ConnectorHighLag"]["for"], rules["ConnectorHighLag"]["labels"]["severity"]) for rules in (rich, local)
    } == {
        ("5m", "critical"),
        ("1m", "warning"),
    }


def _rules(folder: Path) -> dict[str, Any]:
    document = yaml.safe_load((folder / "prometheusrule.yaml").read_text())
    return {rule["alert"]: rule for group in document["spec"]["groups"] for rule in group["rules"]}
