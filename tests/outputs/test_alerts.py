"""Every built-in alert fires when it should and only then: by the real promtool, on series written down in alerts/.

A file of alerts/ is named as its alert: the environment whose rules are tried, and cases. A case has series, sampled once
a minute and labelled as a PodMonitor would, the moment that is looked at, and the alerts that fire then: of each, the
labels that tell it apart. `summary` is what a person reads.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from captures import WORKSPACES, generate
from real import tool
from ssmd_runtime.metrics import by_name

from ssmd_compiler.alerts import ALERTS

FOLDER = Path(__file__).parent / "alerts"


@dataclass(frozen=True)
class Case:
    """One moment of one alert's life."""

    alert: str
    environment: str
    name: str
    series: dict[str, str]
    at: str
    fires: tuple[dict[str, str], ...]
    summary: str = ""

    @property
    def id(self) -> str:
        return f"{self.alert}-{self.name}".replace(" ", "-")


def cases() -> list[Case]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        for case in document["cases"]:
            fires = tuple(case.pop("fires"))
            found.append(Case(path.stem, document["environment"], fires=fires, **case))
    return found


CASES = cases()


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Path:
    return generate(WORKSPACES["everything"], tmp_path_factory.mktemp("everything"))


@pytest.fixture
def rules(generated, tmp_path):
    """Writes the rules of an environment where promtool reads them, and tells one of them."""

    def extract(case: Case) -> dict[str, Any]:
        document = yaml.safe_load((generated / case.environment / "prometheusrule.yaml").read_text())
        rule = next(one for one in document["spec"]["groups"][0]["rules"] if one["alert"] == case.alert)
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": document["spec"]["groups"]}))
        return rule

    return extract


def promtool(folder: Path, test: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    (folder / "test.yaml").write_text(yaml.safe_dump(test))
    command = [tool("promtool"), "test", "rules", folder / "test.yaml"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_alert_fires_when_it_should(rules, tmp_path, case):
    done = promtool(tmp_path, unit_test(case, rules(case)))
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_alert_lacks_a_case_that_fires_and_one_that_does_not():
    assert lacking(CASES) == set()


def lacking(found: list[Case]) -> set[tuple[str, bool]]:
    return {(rule.name, fires) for rule in ALERTS for fires in (True, False)} - {
        (case.alert, bool(case.fires)) for case in found
    }


def test_every_file_is_of_an_alert():
    assert {path.stem for path in FOLDER.iterdir()} == {rule.name for rule in ALERTS}


def test_control_a_missing_case_is_noticed():
    quiet = [case for case in CASES if case.alert != "KeyExpired" or not case.fires]
    assert lacking(quiet) == {("KeyExpired", True)}


def test_the_series_are_those_that_the_runtime_exports():
    for case in CASES:
        for series in case.series:
            name, _, labels = series.removesuffix("}").partition("{")
            said = {part.partition("=")[0] for part in labels.split(",")}
            own = set(by_name()[name].labels) if name != "up" else set()
            assert own <= said <= own | {"shard", *SCRAPED}, (case.id, series)


@pytest.mark.parametrize("alert", [rule.name for rule in ALERTS])
def test_control_an_alert_that_cannot_fire_is_noticed(rules, tmp_path, alert):
    """The runner of the cases itself: with an expression that is never true, a case that fires must fail."""
    case = next(case for case in CASES if case.alert == alert and case.fires)
    rule = rules(case)
    change(tmp_path / "rules.yaml", expr="vector(0) > 1")
    assert promtool(tmp_path, unit_test(case, rule)).returncode == 1


@pytest.mark.parametrize("alert", [rule.name for rule in ALERTS])
def test_control_an_alert_that_always_fires_is_noticed(rules, tmp_path, alert):
    case = next(case for case in CASES if case.alert == alert and not case.fires)
    rule = rules(case)
    change(tmp_path / "rules.yaml", expr="label_replace(vector(1), 'namespace', 'capture', '', '')", **{"for": "0s"})
    assert promtool(tmp_path, unit_test(case, rule)).returncode == 1


def change(file: Path, **values: str) -> None:
    document = yaml.safe_load(file.read_text())
    for rule in document["groups"][0]["rules"]:
        rule.update(values)
    file.write_text(yaml.safe_dump(document))


def unit_test(case: Case, rule: dict[str, Any]) -> dict[str, Any]:
    """What promtool takes as a test."""
    own = {"alertname": case.alert, "severity": rule["labels"]["severity"], "environment": case.environment}
    telling = {name for labels in case.fires for name in labels}
    kept = {"alertname", "alertstate", "severity", "namespace", "environment", *telling}
    expression = f'max by ({",".join(sorted(kept))}) (ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    samples = [
        {"labels": f"{{{_matchers(own | labels | {'alertstate': 'firing', 'namespace': 'capture'})}}}", "value": 1}
        for labels in case.fires
    ]
    test: dict[str, Any] = {
        "interval": "1m",
        "input_series": [
            {"series": _labelled(series, case.environment), "values": values} for series, values in case.series.items()
        ],
        "promql_expr_test": [{"expr": expression, "eval_time": case.at, "exp_samples": samples}],
    }
    if case.summary:
        annotations = {"summary": case.summary, "action": rule["annotations"]["action"]}
        firing = [own | _all_labels(rule, labels) for labels in case.fires]
        alerts = [{"exp_labels": labels, "exp_annotations": annotations} for labels in firing]
        test["alert_rule_test"] = [{"eval_time": case.at, "alertname": case.alert, "exp_alerts": alerts}]
    return {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}


def _all_labels(rule: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
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
