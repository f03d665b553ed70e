"""The list of metrics: well named, told apart, and all that the alerts ask for."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from ssmd_runtime.metrics import METRICS, Metric, by_name

from ssmd_compiler.alerts import ALERTS, AlertRule

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")

# Labels that Prometheus gives each series (a PodMonitor's, and those of its relabelings), whatever the metric's own.
ATTACHED = {"namespace", "environment", "shard", "pod", "container", "endpoint", "job", "instance"}
RESERVED = {"le", "quantile"}
SUFFIXES = ("_total", "_count", "_sum", "_bucket", "_created", "_info")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_well_named(metric: Metric) -> None:
    assert NAME.fullmatch(metric.name)
    assert metric.name.startswith("ssmd_")
    assert metric.name.endswith("_total") == (metric.type == "counter")
    assert metric.type == "counter" or not metric.name.endswith(SUFFIXES)
    assert metric.type != "histogram" or metric.name.endswith(("_seconds", "_bytes"))
    assert metric.help.endswith(".")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_its_labels_are_well_named(metric: Metric) -> None:
    assert all(LABEL.fullmatch(label) for label in metric.labels)
    assert not RESERVED.intersection(metric.labels)
    assert len(set(metric.labels)) == len(metric.labels)


def test_no_two_are_one() -> None:
    """A histogram takes three names of its own besides."""
    taken = Counter(metric.name for metric in METRICS)
    taken.update(metric.name + suffix for metric in METRICS if metric.type == "histogram" for suffix in SUFFIXES[1:4])
    assert [name for name, count in taken.items() if count > 1] == []
    assert by_name() == {metric.name: metric for metric in METRICS}


GIVEN = {"ssmd_gateway_client_lag_ms"}
"""Named before there was this list, and known to dashboards by that name."""


@pytest.mark.parametrize("unit", ["_ms", "_milliseconds", "_minutes", "_kb", "_kib", "_mb"])
def test_times_are_seconds_and_sizes_bytes(unit: str) -> None:
    """Prometheus' base units; days are kept where a person reads them."""
    named = {metric.name for metric in METRICS if re.search(f"{unit}(_total)?$", metric.name)}
    assert named <= GIVEN


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_asks_for_metrics_and_labels_that_there_are(rule: AlertRule) -> None:
    known = by_name()
    expression = rule.expr('{namespace="a",environment="b"}', None)
    used = {name.removesuffix("_bucket") for name in re.findall(r"\bssmd_[a-z_]+", expression)}
    assert rule.metric in used
    assert used <= known.keys()
    labels = {
        label
        for group in re.findall(r"\b(?:by|on|without) \(([^)]*)\)", expression)
        for label in re.findall(r"\w+", group)
    }
    labels |= {
        label for group in re.findall(r"\{([^}]*)\}", expression) for label in re.findall(r"(\w+)\s*[=!]", group)
    }
    told = {label for text in (rule.summary, rule.action) for label in re.findall(r"\$labels\.(\w+)", text)}
    own = {label for name in used for label in known[name].labels}
    assert labels | told <= own | ATTACHED


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_tells_of_labels_that_its_expression_keeps(rule: AlertRule) -> None:
    groups = re.findall(r"\bby \(([^)]*)\)", rule.expression)
    if groups:
        kept = set.intersection(*(set(re.findall(r"\w+", group)) for group in groups)) | {"environment", "severity"}
        assert set(re.findall(r"\$labels\.(\w+)", rule.summary + rule.action)) <= kept


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_reads_a_counter_as_a_rate_and_a_gauge_as_it_is(rule: AlertRule) -> None:
    counted = bool(re.search(r"\b(rate|increase)\(\$series", rule.expression))
    assert counted == (by_name()[rule.metric].type == "counter")


def test_alerts_are_told_apart() -> None:
    assert len({rule.name for rule in ALERTS}) == len(ALERTS)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", rule.name) and rule.summary and rule.action for rule in ALERTS)
