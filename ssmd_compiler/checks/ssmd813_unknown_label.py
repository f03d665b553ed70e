"""SSMD813: a rule picks series by a label that its metric does not have.

It picks nothing, and never fires. A series has the labels of its metric, those that the operator gives to every series
of a PodMonitor (`namespace`, `pod`, `container`, `endpoint`, `job`, `instance`), those that the environment's own
PodMonitor adds, and those that ssmd.yaml names, for whatever else labels the series before the rules see them.

FAIL templates/prometheusrule.yaml.j2 (as is)
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: {{ name }}
    spec:
      groups:
        - name: own
          rules:
            - alert: Lag
              expr: "ssmd_connector_lag_seconds{cluster='east'} > 5"

PASS templates/prometheusrule.yaml.j2 (as is)
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: {{ name }}
    spec:
      groups:
        - name: own
          rules:
            - alert: Lag
              expr: "ssmd_connector_lag_seconds{cluster='east'} > 5"
AND ssmd.yaml (as is)
    metrics: {labels: [cluster]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.manifests import FlawKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.manifests import Manifests

CODE = "SSMD813"
ALLOWABLE = True


def check(stage: Manifests) -> Iterator[Diagnostic]:
    for told in stage.told(FlawKind.LABEL):
        message, help_ = f"{told.subject} {told.flaw.words}", told.flaw.help
        yield error(CODE, message, at=told.at, label=told.label, related=told.related, help=help_)
