"""SSMD810: a generated manifest does not meet its schema.

It would be refused when it is applied. Every manifest is held against the schema of its kind, of the version of
Kubernetes or of the custom resource that ssmd is pinned to, strictly: a field that is not declared is an error, and so
is null, which the API server would drop without a word. It is read as Kubernetes reads YAML: `yes` and `on` without
quotes are booleans, `010` is eight. The built-in templates are proven by ssmd's own tests, so `ssmd compile` looks at
what a workspace's templates print; `ssmd validate` looks at everything. Which versions: `docs/manifests.md`.

FAIL templates/service.yaml.j2 (as is)
    apiVersion: v1
    kind: Service
    metadata:
      name: {{ name }}
    spec:
      ports:
        - port: http
          targetport: 8080

PASS templates/service.yaml.j2 (as is)
    apiVersion: v1
    kind: Service
    metadata:
      name: {{ name }}
    spec:
      ports:
        - port: 80
          targetPort: http
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.manifests import FlawKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.manifests import Manifests

CODE = "SSMD810"


def check(stage: Manifests) -> Iterator[Diagnostic]:
    for told in stage.told(FlawKind.SCHEMA, FlawKind.UNREADABLE):
        message, help_ = f"{told.subject} {told.flaw.words}", told.flaw.help
        yield error(CODE, message, at=told.at, label=told.label, related=told.related, help=help_)
