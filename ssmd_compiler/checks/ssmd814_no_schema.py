"""SSMD814: a generated manifest is of a kind that ssmd has no schema for.

Nothing is known about it: it may be right or wrong. ssmd has the schemas of every kind of the pinned Kubernetes, and of
the custom resources that it writes itself. A template of the workspace may print others, and prove them by other means.

FAIL templates/service.yaml.j2 (as is)
    apiVersion: example.com/v1
    kind: Balancer
    metadata:
      name: {{ name }}

PASS templates/service.yaml.j2 (as is)
    apiVersion: v1
    kind: Service
    metadata:
      name: {{ name }}
    spec:
      ports:
        - port: 80
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, warning
from ssmd_compiler.manifests import FlawKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.manifests import Manifests

CODE = "SSMD814"


def check(stage: Manifests) -> Iterator[Diagnostic]:
    for told in stage.told(FlawKind.UNKNOWN_KIND):
        message, help_ = f"{told.subject} {told.flaw.words}", told.flaw.help
        yield warning(CODE, message, at=told.at, label=told.label, related=told.related, help=help_)
