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

from ssmd_compiler.checks.manifests import printed_by
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
        flaw = next(filter(None, (_flaw(output, document, made) for document in output.documents)), None)
        if flaw is not None:
            words, line = flaw
            at = _printed_by(emitted, output.path, line)
            message = f"`{output.path}` from this template {words}"
            yield error(CODE, message, at=at, help="compare it with the built-in one")


def _printed_by(emitted: Emitted, path: str, line: int | None) -> Span:
    """The template's line that printed one, or the template."""
    from ssmd_compiler.origin import template_line

    found = template_line(emitted.lowered, emitted.own_templates, path, line) if line is not None else None
    if found is None or not found.own:
        return Span(f"templates/{template_of(path)}")
    return printed_by(found.name, found.line, emitted.own_templates)


def _flaw(output: Output, content: bytes, made: dict[_Resource, str]) -> tuple[str, int | None] | None:
    """What is wrong, and the line of the file that it is in, if it is in one."""
    document = read_document(output.path, content)
    if document.faults:
        fault = document.faults[0]
        words = f"is not one YAML document: {fault.detail or fault.kind} at line {fault.span.line}"
        return words, fault.span.line
    if not isinstance(document.data, Map):
        return "is not a mapping", document.span().line
    missing = [name for name in ("apiVersion", "kind") if name not in document.data]
    kind, metadata = document.data.get("kind"), document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Map) else None
    if kind != "Kustomization" and not name:
        missing.append("metadata.name")
    if missing:
        return f"has no {' and no '.join(missing)}", None
    resource = (str(kind), str(name))
    if name and resource in made:
        line = document.span(("metadata", "name")).line
        return f"makes {kind} `{name}`, which `{made[resource]}` has already", line
    made[resource] = output.path
    return None
