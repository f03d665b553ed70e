"""SSMD806: a template of the workspace fails.

A file in `templates/` replaces the built-in template of that name. It is Jinja2 in a sandbox: undefined names are
errors, and every printed value is serialized, so that text cannot become structure.

FAIL templates/service.yaml.j2 (as is)
    kind: {{ nam }}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import TemplateStage

CODE = "SSMD806"


def check(stage: TemplateStage) -> Iterator[Diagnostic]:
    at = Span(stage.path, stage.line, 1, stage.line, 1)
    yield error(
        CODE, f"this template fails: {stage.reason}", at=at, help="`name`, `namespace`, `labels` are given to all"
    )
