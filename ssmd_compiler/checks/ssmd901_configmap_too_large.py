"""SSMD901: a ConfigMap is larger than the cluster takes.

Kubernetes refuses ConfigMaps over 1 MiB. The spec of an environment grows with its symbols: split them over several
environments, or let them be found at run time with `symbols: {sync: true}`.

FAIL environments/dev.yaml (symbols 60000)

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Emitted

CODE = "SSMD901"
ALLOWABLE = True


LIMIT = 1 << 20


def check(emitted: Emitted) -> Iterator[Diagnostic]:
    for output in emitted.outputs:
        if output.path.endswith("/configmap.yaml") and len(output.content) > LIMIT:
            at = emitted.lowered.linked.bound.span("symbols", key=True)
            message = f"the ConfigMap would have {len(output.content):,} bytes; Kubernetes takes {LIMIT:,}"
            yield error(CODE, message, at=at, help="split the environment, or use `symbols: {sync: true}`")
