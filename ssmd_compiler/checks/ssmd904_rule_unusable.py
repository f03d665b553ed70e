"""SSMD904: a rule of the workspace cannot be used.

It is not CEL, names a variable, a field or a function that there is not, does not give true or false, or asks an
environment for what is not there: `has(env.schedule)` tells whether it is. A rule has at most 2,000 characters and 24
brackets inside of each other; on one environment it may take 10,000 steps through lists, two seconds of processor time
and 1 GiB of memory. A rule that fails is told of once, with the first environment that it fails on.

FAIL ssmd.yaml (as is)
    policy:
      - name: retries
        rule: spec.retry.max_attempts >= ten
        message: "{env.name} gives up too early"

PASS ssmd.yaml (as is)
    policy:
      - name: retries
        rule: spec.retry.max_attempts >= 1
        message: "{env.name} gives up too early"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.policy.places import place
from ssmd_compiler.policy.view import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Rules
    from ssmd_compiler.policy import Fault

CODE = "SSMD904"


def check(rules: Rules) -> Iterator[Diagnostic]:
    policy = rules.policy
    for fault in rules.faults:
        name = policy.rules[fault.rule].name
        failed = f"fails on environment `{fault.environment}`" if fault.environment else "cannot be used"
        at = place(policy.settings, policy.source, fault)
        yield error(CODE, f"rule `{name}` {failed}: {fault.reason}", at=at, label=fault.label, help=_help(fault))


def _help(fault: Fault) -> str:
    if fault.reason.startswith("there is no `") and not fault.label:
        return "ask first whether it is there, as in `has(env.schedule)`"
    if fault.reason.startswith("no variable"):
        return f"rules see {listed(VARIABLES)}"
    if " is not for " in fault.reason and "double" in fault.reason:
        return "an int and a double only compare: make one of the other, as in `double(w.memory) * 1.5`"
    return ""
