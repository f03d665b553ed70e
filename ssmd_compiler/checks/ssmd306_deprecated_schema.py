"""SSMD306: an environment uses a deprecated schema version.

It still works. Move on before it goes.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        status: deprecated
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD306"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for use in linked.schemas:
        if use.version is not None and use.schema is not None and use.version.status == "deprecated":
            active = [version.version for version in use.schema.value.versions if version.status == "active"]
            help_ = f"use `{use.name}:{active[-1]}`" if active else ""
            yield warning(CODE, f"schema `{use.text}` is deprecated", at=use.span, help=help_)
