"""SSMD501: a `$key:` reference names a key that the environment does not declare.

Keys belong to one environment; each is declared under its `keys`.

FAIL environments/dev.yaml
    spec: {connector: {credentials: "$key:kalsi"}}

PASS environments/dev.yaml
    spec: {connector: {credentials: "$key:kalshi"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed, other_environment
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD501"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    known = tuple(linked.environment.keys)
    for use in linked.key_uses:
        if use.key is None and other_environment(use, linked) is None:
            right = meant(use.name, known, use.span, within=use.text, start=len("$key:"))
            yield error(
                CODE,
                f"no key named `{use.name}` in this environment" if use.name else "this reference names no key",
                at=use.span,
                label=right.label,
                help=f"its keys are {listed(known)}" if known else "it has no keys: declare it under `keys`",
                fix=right.fix,
            )
