"""SSMD815: a generated manifest is a Secret with values in it.

What is generated stands in Git, where everybody reads it for ever, and base64 hides nothing. A key of an environment
names a Secret that is in the cluster already, or that a SealedSecret becomes there.

FAIL templates/service.yaml.j2 (as is)
    apiVersion: v1
    kind: Secret
    metadata:
      name: {{ name }}
    stringData:
      password: kept-in-git

PASS templates/service.yaml.j2 (as is)
    apiVersion: v1
    kind: Secret
    metadata:
      name: {{ name }}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.manifests import FlawKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.manifests import Manifests

CODE = "SSMD815"


def check(stage: Manifests) -> Iterator[Diagnostic]:
    for told in stage.told(FlawKind.PLAIN):
        message, help_ = f"{told.subject} {told.flaw.words}", told.flaw.help
        yield error(CODE, message, at=told.at, label=told.label, related=told.related, help=help_)
