"""SSMD811: an expression of a rule does not parse.

Prometheus would refuse the whole group, and none of its alerts would ever fire. The grammar is that of Prometheus 3
without feature flags. It has no arithmetic in durations (`[5m + 1m]`, `step()`) and no `_` in numbers: write the value.

FAIL templates/prometheusrule.yaml.j2 (as is)
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: {{ name }}
    spec:
      groups:
        - name: own
          rules:
            - alert: Errors
              expr: "sum(rate(ssmd_errors_total)) > 0"

PASS templates/prometheusrule.yaml.j2 (as is)
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: {{ name }}
    spec:
      groups:
        - name: own
          rules:
            - alert: Errors
              expr: "sum(rate(ssmd_errors_total[5m])) > 0"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.manifests import FlawKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.manifests import Manifests

CODE = "SSMD811"
ALLOWABLE = True


def check(stage: Manifests) -> Iterator[Diagnostic]:
    for told in stage.told(FlawKind.PROMQL):
        message, help_ = f"{told.subject} {told.flaw.words}", told.flaw.help
        yield error(CODE, message, at=told.at, label=told.label, related=told.related, help=help_)
