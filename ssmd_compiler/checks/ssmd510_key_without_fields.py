"""SSMD510: a key declares no fields.

The fields say what the key consists of: without them nothing can be set, mounted or resolved.

FAIL environments/dev.yaml
    spec: {keys: {kalshi: {fields: null, source: env}}}

PASS environments/dev.yaml
    spec: {keys: {kalshi: {fields: [api_key, api_secret], source: env}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.keys import parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD510"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for name, key in linked.environment.keys.items():
        if not key.fields and not _older(key.source):
            at = linked.bound.span("keys", name, key=True)
            yield error(
                CODE, f"key `{name}` declares no fields", at=at, help="add `fields: [api_key, api_secret]` or the like"
            )


def _older(source: str | None) -> bool:
    """The older `secrets` map named a sealed secret and no fields: all of it is mounted."""
    parsed = parse_source(source)
    return source is not None and (parsed is None or parsed.scheme == "sealed-secret")
