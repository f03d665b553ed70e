"""The graph in DOT, for Graphviz and everything that reads its language (https://graphviz.org/doc/info/lang.html).

Nodes are numbered, so no name is ever an identifier. In a quoted string a backslash starts an escape and `&` an entity;
both are spelled out, and so is every character that a terminal could obey.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.graph.model import Kind

if TYPE_CHECKING:
    from ssmd_compiler.graph.model import Graph, Node

__all__ = ["quoted", "render"]

_SHAPES: Final = {
    Kind.FEED: "cds",
    Kind.KEY: "note",
    Kind.ENVIRONMENT: "box3d",
    Kind.SHARD: "component",
    Kind.SUBJECT: "plaintext",
    Kind.STREAM: "cylinder",
    Kind.CONSUMER: "box",
    Kind.BUCKET: "folder",
    Kind.VOLUME: "tab",
    Kind.CACHE: "hexagon",
}


def render(graph: Graph) -> str:
    number = {node: f"n{index}" for index, node in enumerate(graph.nodes)}
    lines = ["digraph ssmd {", '  graph [rankdir="LR", fontname="sans-serif"]']
    lines += ['  node [fontname="sans-serif", fontsize="11"]', '  edge [color="gray50"]']
    ordered = sorted(graph.nodes, key=lambda node: node.environment)
    for index, (environment, group) in enumerate(groupby(ordered, key=lambda node: node.environment)):
        said = [_node(number[node], node) for node in group]
        if environment:
            said = [f"subgraph cluster{index} {{", f"  label={quoted(environment)}", *(f"  {one}" for one in said), "}"]
        lines += [f"  {one}" for one in said]
    lines += [f"  {number[edge.source]} -> {number[edge.target]} [tooltip={quoted(edge.verb)}]" for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _node(number: str, node: Node) -> str:
    return f'{number} [label={quoted(node.name)}, shape="{_SHAPES[node.kind]}", tooltip={quoted(node.kind)}]'


def quoted(text: str) -> str:
    """Any text as a quoted string that shows as that text."""
    shown = printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{shown}"'
