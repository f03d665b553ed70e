"""The graph of a workspace: who captures what, publishes where, reads, stores and caches; and its printers.

To add a format: a module here with `render`, and one line in `PRINTERS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ssmd_compiler.graph.model import COLUMNS, Edge, Graph, Kind, Node, Verb, graph

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COLUMNS", "PRINTERS", "Edge", "Graph", "Kind", "Node", "Verb", "graph", "printer"]

PRINTERS: Final = {
    "dot": "ssmd_compiler.graph.dot",
    "mermaid": "ssmd_compiler.graph.mermaid",
    "svg": "ssmd_compiler.graph.svg",
    "json": "ssmd_compiler.graph.json",
}
"""The name of a format -> the module whose `render` prints it."""


def printer(name: str) -> Callable[[Graph], str]:
    """The printer of a format in `PRINTERS`; an unknown name is a KeyError."""
    render: Callable[[Graph], str] = import_module(PRINTERS[name]).render
    return render
