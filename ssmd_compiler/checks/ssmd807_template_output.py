"""SSMD807: a template of the workspace does not make a Kubernetes document.

What it prints must be YAML with `apiVersion`, `kind` and `metadata.name`: once, or with `---` between documents.

FAIL templates/service.yaml.j2 (as is)
    kind: Service

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error
from ssmd_compiler.emit import template_of
from ssmd_compiler.source import Map, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Emitted

CODE = "SSMD807"


def check(emitted: Emitted) -> Iterator[Diagnostic]:
    if not emitted.own_templates:
        return
    for output in emitted.outputs:
        template = template_of(output.path)
        flaws = (_flaw(output.path, document) for document in output.documents)
        if template in emitted.own_templates and (flaw := next(filter(None, flaws), "")):
            at = Span(f"templates/{template}")
            yield error(
                CODE, f"`{output.path}` from this template {flaw}", at=at, help="compare it with the built-in one"
            )


def _flaw(path: str, content: bytes) -> str:
    document = read_document(path, content)
    if document.faults:
        fault = document.faults[0]
        return f"is not one YAML document: {fault.detail or fault.kind} at line {fault.span.line}"
    if not isinstance(document.data, Map):
        return "is not a mapping"
    missing = [name for name in ("apiVersion", "kind") if name not in document.data]
    metadata = document.data.get("metadata")
    if document.data.get("kind") != "Kustomization" and not (isinstance(metadata, Map) and metadata.get("name")):
        missing.append("metadata.name")
    return f"has no {' and no '.join(missing)}" if missing else ""
