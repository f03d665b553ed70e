"""SSMD903: an environment does not keep a rule of the workspace.

Rules are in `ssmd.yaml`, under `policy`, in CEL: each says what must be true of every environment as it will be
deployed, with all defaults in place. Whether a finding is an error or a warning is the rule's own word.

FAIL ssmd.yaml (as is)
    policy:
      - name: retries
        rule: spec.retry.max_attempts >= 10
        message: "{env.name} gives up after {spec.retry.max_attempts} attempts; ten is the least"
        at: connector.retry.max_attempts

PASS ssmd.yaml (as is)
    policy:
      - name: retries
        when: env.name.endsWith("-prod")
        rule: spec.retry.max_attempts >= 10
        message: "{env.name} gives up after {spec.retry.max_attempts} attempts; ten is the least"
        at: connector.retry.max_attempts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error, warning
from ssmd_compiler.policy.rules import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.policy import Judgement

CODE = "SSMD903"
ALLOWABLE = True


def check(judgement: Judgement) -> Iterator[Diagnostic]:
    environment, settings = judgement.lowered.linked.bound, judgement.settings
    for verdict in judgement.verdicts:
        rule = settings.value.policy[verdict.rule]
        finding = error if rule.severity == "error" else warning
        related = (Related(settings.span("policy", verdict.rule, "rule"), f"rule `{rule.name}`"),)
        at = environment.span(*path_of(rule.at)) if rule.at else environment.span()
        yield finding(CODE, verdict.message, at=at, related=related)
