"""SSMD205: an alert of that name does not exist.

`alerts` switches built-in alerts off or gives them other thresholds; it declares no new ones.

FAIL environments/dev.yaml
    spec: {alerts: {ConnectorNoDate: {enabled: false}}}

PASS environments/dev.yaml
    spec: {alerts: {ConnectorNoData: {enabled: false}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.alerts import ALERTS
from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD205"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    known = [alert.name for alert in ALERTS]
    for name in linked.environment.alerts:
        if name not in known:
            at = linked.bound.span("alerts", name, key=True)
            help_ = f"the alerts are {listed(known)}"
            right = meant(name, known, at)
            yield error(CODE, f"no alert named `{name}`", at=at, label=right.label, help=help_, fix=right.fix)
