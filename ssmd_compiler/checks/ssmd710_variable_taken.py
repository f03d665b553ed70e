"""SSMD710: two key fields get one environment variable.

The second value would replace the first. Plain `env` derives `SSMD_<KEY>_<FIELD>`, in capitals and with `_` for
anything else.

FAIL environments/dev.yaml
    spec: {keys: {kalshi: {fields: [api-key, api_key], source: env}}}

PASS environments/dev.yaml
    spec: {keys: {kalshi: {fields: [api_key, api_secret], source: env}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD710"


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    taken: dict[str, str] = {}
    for spec in next(iter(lowered.specs.values())).keys:
        for field, source in spec.fields.items():
            if source.env is None:
                continue
            who = f"`{spec.name}.{field}`"
            if source.env in taken:
                at = lowered.linked.bound.span("keys", spec.name, "source")
                message = f"the variable {source.env} of {who} is also that of {taken[source.env]}"
                yield error(CODE, message, at=at, help="name the variables, as in `source: env:VAR1,VAR2`")
            taken.setdefault(source.env, who)
