"""SSMD502: a `$key:` reference names a field that the key does not have.

FAIL environments/dev.yaml
    spec: {connector: {credentials: "$key:kalshi.api_kee"}}

PASS environments/dev.yaml
    spec: {connector: {credentials: "$key:kalshi"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD502"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for use in linked.key_uses:
        if use.key is not None and use.field is not None and use.field not in use.key.fields:
            fields = use.key.fields
            right = meant(use.field, fields, use.span, within=use.text, start=len(f"$key:{use.name}."))
            yield error(
                CODE,
                f"key `{use.name}` has no field `{use.field}`",
                at=use.span,
                label=right.label,
                help=f"its fields are {listed(fields)}" if fields else "it declares no fields",
                fix=right.fix,
            )
