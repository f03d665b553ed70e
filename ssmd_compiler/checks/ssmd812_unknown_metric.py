"""SSMD812: a rule names a metric that the runtime does not export.

Such a rule never fires, and nobody hears of it. Known are the runtime's metrics (of a histogram its `_bucket`, `_sum`
and `_count`), `up` and the other series of a scrape, `ALERTS`, and what the same rules record. Metrics of somebody else
are named by their prefixes in ssmd.yaml.

FAIL templates/prometheusrule.yaml.j2 (as is)
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: {{ name }}
    spec:
      groups:
        - name: own
          rules:
            - alert: Restarts
              expr: "increase(kube_pod_container_status_restarts_total[1h]) > 3"

PASS templates/prometheusrule.yaml.j2 (as is)
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: {{ name }}
    spec:
      groups:
        - name: own
          rules:
            - alert: Restarts
              expr: "increase(kube_pod_container_status_restarts_total[1h]) > 3"
AND ssmd.yaml (as is)
    metrics: {foreign: [kube_]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.manifests import FlawKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.manifests import Manifests

CODE = "SSMD812"
ALLOWABLE = True


def check(stage: Manifests) -> Iterator[Diagnostic]:
    for told in stage.told(FlawKind.METRIC):
        message, help_ = f"{told.subject} {told.flaw.words}", told.flaw.help
        yield error(CODE, message, at=told.at, label=told.label, related=told.related, help=help_)
