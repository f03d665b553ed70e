"""One environment -> the PrometheusRule of its alerts and the PodMonitor that scrapes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.alerts import ALERTS
from ssmd_compiler.model.environment import Alert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.emit.templates import Templates
    from ssmd_compiler.lower import Lowered

__all__ = ["documents"]


def documents(lowered: Lowered, templates: Templates) -> Iterator[tuple[str, bytes]]:
    names = lowered.names
    common = {"name": names.environment, "namespace": names.namespace, "labels": names.labels()}
    yield "podmonitor.yaml", templates.render("podmonitor", {**common, "selector": names.selector()})
    rules = list(_rules(lowered))
    if rules:
        yield "prometheusrule.yaml", templates.render("prometheusrule", {**common, "rules": rules})


def _rules(lowered: Lowered) -> Iterator[dict[str, Any]]:
    overrides = lowered.linked.environment.alerts
    series = f'{{namespace="{lowered.names.namespace}",environment="{lowered.names.environment}"}}'
    for rule in ALERTS:
        said = overrides.get(rule.name) or Alert.unsaid()
        if said.enabled:
            yield {
                "name": rule.name,
                "expr": rule.expr(series, said.threshold),
                "for_": said.for_ or rule.for_,
                "severity": said.severity or rule.severity,
                "summary": rule.summary,
                "action": rule.action,
            }
