"""The graph as a Mermaid flowchart, which Git hosts draw in Markdown (https://mermaid.js.org/syntax/flowchart.html).

Nodes are numbered. Of a label everything but letters, digits and a few harmless marks is written as the number of its
character: Mermaid's own way out, which neither its grammar, its Markdown nor a browser reads as anything else. Colons
are among them: after the word `style` one makes Mermaid drop the next semicolon.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.graph.model import Kind

if TYPE_CHECKING:
    from ssmd_compiler.graph.model import Graph, Node

__all__ = ["label", "render"]

_SHAPES: Final = {
    Kind.FEED: ("([", "])"),
    Kind.KEY: (">", "]"),
    Kind.ENVIRONMENT: ("[[", "]]"),
    Kind.SHARD: ("[", "]"),
    Kind.SUBJECT: ("(", ")"),
    Kind.STREAM: ("[(", ")]"),
    Kind.CONSUMER: ("[", "]"),
    Kind.BUCKET: ("[(", ")]"),
    Kind.VOLUME: ("[(", ")]"),
    Kind.CACHE: ("{{", "}}"),
}
_SPELLED = re.compile(r"[^\w ./-]|_")


def render(graph: Graph) -> str:
    number = {node: f"n{index}" for index, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    ordered = sorted(graph.nodes, key=lambda node: node.environment)
    for index, (environment, group) in enumerate(groupby(ordered, key=lambda node: node.environment)):
        said = [_node(number[node], node) for node in group]
        if environment:
            said = [f"subgraph s{index}[{label('environment', environment)}]", *(f"  {one}" for one in said), "end"]
        lines += [f"  {one}" for one in said]
    lines += [f"  {number[edge.source]} --> {number[edge.target]}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _node(number: str, node: Node) -> str:
    left, right = _SHAPES[node.kind]
    return f"{number}{left}{label(node.kind, node.name)}{right}"


def label(kind: str, text: str) -> str:
    """What it is and any text, in quotes, as Mermaid shows it."""
    return f'"{kind}: {_SPELLED.sub(lambda found: f"#{ord(found[0])};", printable(text))}"'
