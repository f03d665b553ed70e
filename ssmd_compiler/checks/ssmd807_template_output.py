"""SSMD807: a template of the workspace does not make a Kubernetes document.

What it prints must be YAML with `apiVersion`, `kind` and `metadata.name`: once, or with `---` between documents. A
kind and a name must not come twice in an environment: one would replace the other.

FAIL templates/service.yaml.j2 (as is)
    kind: Service

PASS
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics import Diagnostic, Span, error
from ssmd_compiler.emit import template_of
from ssmd_compiler.source import Map, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Emitted
    from ssmd_compiler.emit import Output

CODE = "SSMD807"

_BUILT_IN: Final = re.compile(rb"^kind: (\S+)\nmetadata:\n  name: (\S+)$", re.MULTILINE)
"""How our own templates begin. To read everything they make would take longer than to make it."""

_Resource = tuple[str, str]


def check(emitted: Emitted) -> Iterator[Diagnostic]:
    if not emitted.own_templates:
        return
    own = [one for one in emitted.outputs if template_of(one.path) in emitted.own_templates]
    made = {
        (kind.decode(), name.decode()): output.path
        for output in emitted.outputs
        if output not in own
        for kind, name in _BUILT_IN.findall(output.content)
    }
    for output in own:
        if flaw := next(filter(None, (_flaw(output, document, made) for document in output.documents)), ""):
            template = template_of(output.path)
            message = f"`{output.path}` from this template {flaw}"
            yield error(CODE, message, at=Span(f"templates/{template}"), help="compare it with the built-in one")


def _flaw(output: Output, content: bytes, made: dict[_Resource, str]) -> str:
    document = read_document(output.path, content)
    if document.faults:
        fault = document.faults[0]
        return f"is not one YAML document: {fault.detail or fault.kind} at line {fault.span.line}"
    if not isinstance(document.data, Map):
        return "is not a mapping"
    missing = [name for name in ("apiVersion", "kind") if name not in document.data]
    kind, metadata = document.data.get("kind"), document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Map) else None
    if kind != "Kustomization" and not name:
        missing.append("metadata.name")
    if missing:
        return f"has no {' and no '.join(missing)}"
    resource = (str(kind), str(name))
    if name and resource in made:
        return f"makes {kind} `{name}`, which `{made[resource]}` has already"
    made[resource] = output.path
    return ""
