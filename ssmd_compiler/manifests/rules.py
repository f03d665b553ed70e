"""A PrometheusRule -> its problems: expressions that do not parse, metrics that nobody exports, labels nobody has.

Known are the runtime's own metrics, those that Prometheus makes of every scrape, what the rules record themselves, and
whatever the workspace's settings name. A metric known by its prefix alone, or picked by a pattern, has any label.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import promql_parser
from ssmd_runtime.metrics import METRICS

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.manifests.flaws import FlawKind, Path, Problem, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["MONITOR", "RULE", "expressions", "problems", "target_labels"]

RULE: Final = "monitoring.coreos.com/v1 PrometheusRule"
MONITOR: Final = "monitoring.coreos.com/v1 PodMonitor"

Labels = frozenset[str] | None
"""The labels of a metric; None when it may have any."""

_OF_A_SCRAPE: Final = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added")
_OF_RULES: Final = ("ALERTS", "ALERTS_FOR_STATE")
OF_A_POD: Final = frozenset({"namespace", "pod", "container", "endpoint", "job", "instance"})
"""What the operator gives to each series that a PodMonitor brings."""
OF_OURS: Final = frozenset({"environment", "shard"})
"""What the built-in PodMonitor adds."""

_EXPERIMENTAL: Final = frozenset(
    {
        *("double_exponential_smoothing", "histogram_quantiles", "info", "limit_ratio", "limitk"),
        *("mad_over_time", "sort_by_label", "sort_by_label_desc", "ts_of_first_over_time", "ts_of_last_over_time"),
        *("ts_of_max_over_time", "ts_of_min_over_time"),
    }
)
"""Functions and aggregations that Prometheus refuses unless it was started with a feature flag."""


@dataclass(frozen=True, slots=True)
class _Selector:
    """Series that an expression picks: by which name, if it is said, and by which labels."""

    name: str | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parsed:
    selectors: tuple[_Selector, ...] = ()
    flaw: str = ""


def problems(rule: Any, vocabulary: Vocabulary, targets: Labels = OF_OURS) -> Iterator[Problem]:
    """Everything that is wrong with a PrometheusRule that its schema takes; `targets`: what its PodMonitor adds."""
    found = list(expressions(rule))
    recorded = {name for _, _, name in found if name}
    extra = None if targets is None else targets | OF_A_POD | vocabulary.labels
    for path, expression, _ in found:
        parsed = _parse(_VALUE.sub('="_"', expression))
        if parsed.flaw:
            yield Problem(FlawKind.PROMQL, path, f"does not parse: {parsed.flaw}")
        for selector in dict.fromkeys(parsed.selectors):
            if selector.name is not None and selector.name not in recorded:
                yield from _selector_problems(selector, selector.name, path, vocabulary, extra)


def expressions(rule: Any) -> Iterator[tuple[Path, str, str]]:
    """The path to each expression, its text, and the name that it is recorded under, if it is."""
    for number, group in enumerate(rule["spec"].get("groups") or ()):
        for index, entry in enumerate(group.get("rules") or ()):
            path = ("spec", "groups", number, "rules", index, "expr")
            yield path, str(entry["expr"]), entry.get("record", "")


def target_labels(monitors: Iterable[Any]) -> Labels:
    """The labels that PodMonitors add to every series; None when a pattern decides which."""
    added: set[str] = set()
    for monitor in monitors:
        spec = monitor["spec"]
        added.update(re.sub(r"[^a-zA-Z0-9_]", "_", label) for label in spec.get("podTargetLabels") or ())
        for endpoint in spec.get("podMetricsEndpoints") or ():
            for step in [*(endpoint.get("relabelings") or ()), *(endpoint.get("metricRelabelings") or ())]:
                if step.get("action", "replace").lower() == "labelmap" or "$" in step.get("targetLabel", ""):
                    return None
                added.add(step.get("targetLabel", ""))
    return frozenset(added)


def _selector_problems(
    selector: _Selector, name: str, path: Path, vocabulary: Vocabulary, extra: Labels
) -> Iterator[Problem]:
    if name in _OF_RULES or name.startswith(vocabulary.prefixes):
        return
    own = _exported().get(name)
    if own is None:
        help_ = did_you_mean(name, _exported()) or "what others export is allowed by `metrics.foreign` in ssmd.yaml"
        yield Problem(FlawKind.METRIC, path, f"names `{printable(name)}`, which the runtime does not export", help_)
        return
    known = own | extra if extra is not None else frozenset(selector.labels)
    for label in selector.labels:
        if label not in known:
            help_ = did_you_mean(label, known) or f"it has {_listed(known)}"
            words = f"picks `{name}` by `{printable(label)}`, which it does not have"
            yield Problem(FlawKind.LABEL, path, words, help_)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


@cache
def _exported() -> Mapping[str, frozenset[str]]:
    """Every series that a scrape of the runtime brings, with the labels that the runtime gives it."""
    known = {name: frozenset[str]() for name in _OF_A_SCRAPE}
    for metric in METRICS:
        labels = frozenset(metric.labels)
        if metric.type == "histogram":
            known |= {f"{metric.name}_bucket": labels | {"le"}}
            known |= {f"{metric.name}_sum": labels, f"{metric.name}_count": labels}
        else:
            known[metric.name] = labels
    return known


@dataclass(slots=True)
class _Walk:
    """What is met on the way through an expression."""

    selectors: list[_Selector] = field(default_factory=list)
    flaw: str = ""

    def visit(self, node: promql_parser.Expr) -> None:
        match node:
            case promql_parser.VectorSelector():
                self._selector(node)
            case promql_parser.MatrixSelector() if node.range <= datetime.timedelta():
                self.flaw = self.flaw or "a range must be longer than nothing"
            case promql_parser.Call():
                self._experimental(str(node.func.name))
            case promql_parser.AggregateExpr():
                self._experimental(str(node.op))

    def _selector(self, node: promql_parser.VectorSelector) -> None:
        if node.matchers.or_matchers:
            self.flaw = self.flaw or "`or` between labels is not of Prometheus"
        name, labels = node.name, []
        for matcher in node.matchers.matchers:
            if matcher.name != "__name__":
                # `{label=""}` picks what has no such label: it may be absent.
                if matcher.op != promql_parser.MatchOp.Equal or matcher.value:
                    labels.append(matcher.name)
            elif matcher.op == promql_parser.MatchOp.Equal:
                name = matcher.value
        self.selectors.append(_Selector(name, tuple(labels)))

    def _experimental(self, name: str) -> None:
        if name in _EXPERIMENTAL:
            self.flaw = self.flaw or f"`{name}` is experimental, and off in Prometheus unless a feature flag is set"


# The rules of a thousand environments differ in the values of their labels alone, which decide nothing here.
_VALUE: Final = re.compile(r'(?<=[a-zA-Z0-9])="[a-z0-9-]+"')


@lru_cache(maxsize=1024)
def _parse(expression: str) -> _Parsed:
    try:
        parsed = promql_parser.parse(expression)
    except ValueError as problem:
        return _Parsed(flaw=printable(str(problem)) or "it is no PromQL")
    walk = _Walk()
    promql_parser.walk(parsed, pre_visit=walk.visit)
    return _Parsed(tuple(walk.selectors), walk.flaw)
