"""Rules: verdicts on expressions are promtool's; metrics and labels are those that there are."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from real import tool
from ssmd_runtime.metrics import METRICS

from ssmd_compiler.emit import Output
from ssmd_compiler.manifests import Vocabulary, findings
from ssmd_compiler.manifests.rules import _VALUE, _parse

TABLE: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "promql.yaml").read_text())


def rule(*expressions: str, **more: Any) -> Output:
    entries = [{"alert": f"A{number}", "expr": expression, **more} for number, expression in enumerate(expressions)]
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "a"},
        "spec": {"groups": [{"name": "a", "rules": entries}]},
    }
    return Output("a/prometheusrule.yaml", yaml.safe_dump(document, allow_unicode=True).encode())


def monitor(*relabelings: dict[str, Any], **spec: Any) -> Output:
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": "a"},
        "spec": {"selector": {}, "podMetricsEndpoints": [{"relabelings": list(relabelings)}], **spec},
    }
    return Output("a/podmonitor.yaml", yaml.safe_dump(document).encode())


def told(*outputs: Output, vocabulary: Vocabulary | None = None) -> list[tuple[str, str]]:
    return [(flaw.kind.value, flaw.words) for flaw in findings(outputs, vocabulary)]


# Expressions


def parses(expression: str) -> bool:
    return not any(kind == "promql" for kind, _ in told(rule(expression), vocabulary=Vocabulary(("",))))


@pytest.mark.parametrize("verdict", TABLE)
def test_expressions_are_judged_as_the_table_says(verdict):
    wrong = [expression for expression in TABLE[verdict] if parses(expression) != (verdict == "good")]
    assert not wrong


@pytest.mark.parametrize("verdict", TABLE)
def test_promtool_judges_as_the_table_says(verdict, tmp_path):
    """One group for each expression, so that promtool names every one that it refuses."""
    refused = {expression for expression in TABLE[verdict] if not promtool_takes(expression, tmp_path)}
    assert refused == (set(TABLE[verdict]) if verdict == "bad" else set())


def promtool_takes(expression: str, folder: Path) -> bool:
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "a", "rules": [{"record": "a", "expr": expression}]}]}))
    command = [tool("promtool"), "check", "rules", "--lint=none", file]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@given(st.text(alphabet='ab{}[]()"=~!,:.0159mse +-*/@_\\\n', max_size=24))
@settings(derandomize=True, max_examples=1500, deadline=None)
def test_no_expression_raises(expression):
    told(rule(expression))


@given(st.sampled_from([*TABLE["good"], *TABLE["bad"]]), st.sampled_from(["x", "kalshi-dev", "0"]))
@settings(derandomize=True, max_examples=500, deadline=None)
def test_the_values_of_labels_decide_nothing(expression, value):
    """Expressions are remembered without them."""
    other = _VALUE.sub(f'="{value}"', expression)
    assert _parse(expression) == _parse(other)


# Metrics


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_of_the_runtime_is_known_by_its_series(metric):
    labels = ",".join(f'{label}="x"' for label in metric.labels)
    suffixes = ("_bucket", "_sum", "_count") if metric.type == "histogram" else ("",)
    assert told(rule(*(f"{metric.name}{suffix}{{{labels}}} > 1" for suffix in suffixes))) == []


def test_a_histogram_has_no_series_of_its_own_name():
    assert told(rule("rate(ssmd_fsync_seconds[5m]) > 1")) == [
        ("metric", "names `ssmd_fsync_seconds`, which the runtime does not export")
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "up == 0",
        'up{container="connector",pod=~"a.*"} == 0',
        "scrape_samples_scraped > 10",
        'ALERTS{alertname="A",alertstate="firing"}',
        'ALERTS_FOR_STATE{whatever="x"}',
        '{__name__=~"anything.*",whatever="x"}',
        '{whatever="x"}',
        'histogram_quantile(0.9, sum by (le) (rate(ssmd_fsync_seconds_bucket{le!="1"}[5m])))',
        'ssmd_errors_total{zone=""}',
        "vector(1)",
    ],
)
def test_what_prometheus_knows_without_us_is_known(expression):
    assert told(rule(expression)) == []


@pytest.mark.parametrize(
    "expression",
    [
        "ssmd_erors_total > 1",
        "sum by (a) (rate(ssmd_erors_total[5m])) > 1",
        '{__name__="ssmd_erors_total"} > 1',
        '{"ssmd_erors_total"} > 1',
        "max_over_time(rate(ssmd_erors_total[5m])[1h:]) > 1",
        "up unless on (pod) ssmd_erors_total",
        "absent(ssmd_erors_total)",
    ],
)
def test_an_unknown_metric_is_found_wherever_it_stands(expression):
    (flaw,) = findings([rule(expression)])
    assert (flaw.kind, flaw.help) == ("metric", "did you mean `ssmd_errors_total`?")
    assert flaw.at.line == 10


def test_a_recorded_metric_is_known_to_the_rules_beside_it():
    document = yaml.safe_load(rule("a:errors > 1").content)
    rules = document["spec"]["groups"][0]["rules"]
    rules.append({"record": "a:errors", "expr": "sum(ssmd_errors_total)"})
    assert told(Output("a/a.yaml", yaml.safe_dump(document).encode())) == []
    del rules[1]
    assert told(Output("a/a.yaml", yaml.safe_dump(document).encode())) != []


def test_metrics_of_others_are_known_by_their_prefix():
    expressions = rule('kube_pod_info{any="label"} > 1', "node_load1 > 1")
    assert told(expressions, vocabulary=Vocabulary(("kube_", "node_"))) == []
    assert [words for _, words in told(expressions, vocabulary=Vocabulary(("kube_",)))] == [
        "names `node_load1`, which the runtime does not export"
    ]


# Labels


def test_a_label_that_the_metric_has_not_is_found_once_for_each():
    assert told(rule('ssmd_errors_total{fed="a",zone!="b"} > ssmd_connected{zone=~"c"}')) == [
        ("label", "picks `ssmd_connected` by `zone`, which it does not have"),
        ("label", "picks `ssmd_errors_total` by `fed`, which it does not have"),
        ("label", "picks `ssmd_errors_total` by `zone`, which it does not have"),
    ]


ZONE = rule('ssmd_errors_total{zone="a"} > 1')


@pytest.mark.parametrize(
    "added",
    [
        monitor({"targetLabel": "zone", "replacement": "a"}),
        monitor({"action": "Replace", "targetLabel": "zone"}),
        monitor({"action": "labelmap", "regex": "x_(.*)"}),
        monitor({"targetLabel": "$1"}),
        monitor(podTargetLabels=["zone"]),
    ],
    ids=["relabeling", "action", "labelmap", "pattern", "pod label"],
)
def test_a_label_that_the_monitor_adds_is_known(added):
    assert told(ZONE, added) == []
    assert told(added, ZONE) == []


def test_a_monitor_of_ones_own_need_not_add_what_ours_does():
    shard = rule('ssmd_errors_total{shard="a"} > 1')
    assert told(shard) == []
    assert told(shard, monitor()) == [("label", "picks `ssmd_errors_total` by `shard`, which it does not have")]


def test_a_label_that_the_settings_name_is_known():
    assert told(ZONE, vocabulary=Vocabulary(labels=frozenset({"zone"}))) == []
    assert told(ZONE) != []


def test_a_rule_that_its_schema_refuses_is_not_looked_at_further():
    assert {kind for kind, _ in told(rule("sum(", labels="none"))} == {"schema"}
