"""SSMD307: an environment uses a schema version before its day.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2999-01-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD307"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for use in linked.schemas:
        if use.version is not None and use.version.effective_from > linked.shared.as_of:
            message = f"schema `{use.text}` is in force from {use.version.effective_from}, not on {linked.shared.as_of}"
            yield error(CODE, message, at=use.span, help="use an earlier version until then")
