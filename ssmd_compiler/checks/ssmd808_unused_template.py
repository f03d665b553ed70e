"""SSMD808: a template of the workspace is never rendered.

No environment has the manifest that it replaces, or, if its name starts with `_`, no template that is rendered includes
or imports it. Nothing is said while an environment or a feed has an error.

FAIL templates/_labels.yaml.j2 (as is)
    team: capture

PASS templates/_labels.yaml.j2 (as is)
    {# nothing #}
AND templates/serviceaccount.yaml.j2 (as is)
    {% include "_labels.yaml.j2" %}
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: {{ name }}
      namespace: {{ namespace }}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Usage

CODE = "SSMD808"


def check(usage: Usage) -> Iterator[Diagnostic]:
    for name in usage.templates:
        message, help_ = "no environment has the manifest that this template is for", "delete it"
        if name.startswith("_"):
            message, help_ = "no template that is rendered includes this one", "include it, or delete it"
        yield warning(CODE, message, at=Span(f"templates/{name}"), help=help_)
