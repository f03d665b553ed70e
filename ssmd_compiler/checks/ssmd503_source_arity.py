"""SSMD503: a key's source has more or fewer variables than the key has fields.

`env:` takes one variable for each of `fields`, in their order. One too few, and a field gets another field's secret.

FAIL environments/dev.yaml
    spec: {keys: {kalshi: {type: api_key, fields: [api_key, api_secret], source: "env:KALSHI_API_KEY"}}}

PASS environments/dev.yaml
    spec:
      keys:
        kalshi:
          type: api_key
          fields:
          - api_key
          - api_secret
          source: env:KALSHI_API_KEY,KALSHI_API_SECRET
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.keys import parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD503"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for name, key in linked.environment.keys.items():
        source = parse_source(key.source)
        if source is None or source.flaw or not source.variables or len(source.variables) == len(key.fields):
            continue
        at = linked.bound.span("keys", name, "source")
        said, needed = len(source.variables), len(key.fields)
        variables = "variable" if said == 1 else "variables"
        fields = "field" if needed == 1 else "fields"
        help_ = f"name one variable for each of {', '.join(key.fields)}" if key.fields else "declare the key's `fields`"
        yield error(CODE, f"{said} {variables} for {needed} {fields} of key `{name}`", at=at, help=help_)
