"""The graph as JSON in printable ASCII, with a version of its own shape: fields are added within one, never renamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ssmd_compiler.graph.model import Graph

__all__ = ["render"]

SHAPE_VERSION: Final = 1


def render(graph: Graph) -> str:
    """`nodes` with `id`, `kind`, `name` and `environment` (null when shared), and `edges` from id to id."""
    document = {
        "version": SHAPE_VERSION,
        "nodes": [
            {"id": node.id, "kind": node.kind.value, "name": node.name, "environment": node.environment or None}
            for node in graph.nodes
        ],
        "edges": [{"from": edge.source.id, "to": edge.target.id, "verb": edge.verb.value} for edge in graph.edges],
    }
    return json.dumps(document, indent=2) + "\n"
