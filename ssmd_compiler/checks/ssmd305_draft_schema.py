"""SSMD305: an environment uses a schema version that is still a draft.

A draft may change; what is recorded with it may not be readable later. Set its status to `active` first.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        status: draft
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD305"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for use in linked.schemas:
        if use.version is not None and use.version.status == "draft":
            help_ = f"set `status: active` on version `{use.version_name}` of `{use.name}`, or use another version"
            yield error(CODE, f"schema `{use.text}` is a draft", at=use.span, help=help_)
