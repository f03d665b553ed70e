"""Where the nodes of a graph stand: in columns from left to right, each environment's own in a band of its own.

What several environments share stands beside the middle of those that share it, and nothing stands on anything else.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics.cells import width
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.graph.model import COLUMNS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ssmd_compiler.graph.model import Graph, Node

__all__ = ["ROW", "Box", "Layout", "column_of", "layout"]

ROW: Final = 26
"""Pixels from one node's top to the next one's."""
_HEIGHT: Final = 20
_BETWEEN_BANDS: Final = 18
_BETWEEN_COLUMNS: Final = 90
_MARGIN: Final = 20
_TOP: Final = 60
_CELL: Final = 7.25
_PADDING: Final = 14
MOST_CELLS: Final = 46
"""Cells of a name that are shown; the whole of it is the node's title."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands, in pixels, and what is written in it."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Every node's box, the left edge of each column, the free lanes, and the size of the whole."""

    boxes: Mapping[Node, Box]
    columns: tuple[float, ...]
    lanes: Mapping[str, float]
    """Below each environment's nodes, where a line may pass a column without crossing a box."""
    width: float
    height: float


def layout(graph: Graph) -> Layout:
    """The layout of a graph; the same for the same graph."""
    columns = [[node for node in graph.nodes if node.kind in kinds] for kinds in COLUMNS]
    wanted, lanes = _bands(graph)
    wanted |= _beside(graph, wanted)
    boxes: dict[Node, Box] = {}
    lefts: list[float] = []
    x, bottom = float(_MARGIN), float(_TOP)
    for nodes in columns:
        lefts.append(x)
        texts = {node: _shown(node.name) for node in nodes}
        wide = max((_wide(text) for text in texts.values()), default=_PADDING)
        y = float(_TOP)
        for node in sorted(nodes, key=lambda node: (wanted[node], node)):
            y = max(y, wanted[node])
            boxes[node] = Box(x, y, _wide(texts[node]), _HEIGHT, texts[node])
            y += ROW
        bottom = max(bottom, y)
        x += max(wide, 80) + _BETWEEN_COLUMNS
    return Layout(boxes, tuple(lefts), lanes, x - _BETWEEN_COLUMNS + _MARGIN, bottom + _MARGIN)


def _wide(text: str) -> float:
    return width(text) * _CELL + _PADDING


def _shown(name: str) -> str:
    """A name as it fits: what is too long keeps its end, which tells more than its start."""
    text = printable(name)
    if width(text) <= MOST_CELLS:
        return text
    while width(text) > MOST_CELLS - 1:
        text = text[1:]
    return f"…{text}"


def _bands(graph: Graph) -> tuple[dict[Node, float], dict[str, float]]:
    """The height at which each environment's nodes stand, one environment under the other, by feed and name; lanes."""
    feed = {edge.target.environment: edge.source.name for edge in graph.edges if edge.source.kind is Kind.FEED}
    own = sorted(
        (node for node in graph.nodes if node.environment),
        key=lambda node: (feed.get(node.environment, ""), node.environment, column_of(node)),
    )
    wanted: dict[Node, float] = {}
    lanes: dict[str, float] = {}
    top = float(_TOP)
    for environment, band in groupby(own, key=lambda node: node.environment):
        columns = [list(nodes) for _, nodes in groupby(band, key=column_of)]
        high = max(map(len, columns)) * ROW
        for nodes in columns:
            start = top + (high - len(nodes) * ROW) / 2
            wanted |= {node: start + turn * ROW for turn, node in enumerate(nodes)}
        lanes[environment] = top + high + (_BETWEEN_BANDS - ROW + _HEIGHT) / 2
        top += high + _BETWEEN_BANDS
    return wanted, lanes


def _beside(graph: Graph, wanted: Mapping[Node, float]) -> dict[Node, float]:
    """The height of what is shared: the middle of its neighbours."""
    neighbours: dict[Node, list[float]] = defaultdict(list)
    for edge in graph.edges:
        for one, other in ((edge.source, edge.target), (edge.target, edge.source)):
            if one not in wanted and other in wanted:
                neighbours[one].append(wanted[other])
    shared = [node for node in graph.nodes if node not in wanted]
    return {node: sum(found) / len(found) if (found := neighbours[node]) else float(_TOP) for node in shared}


def column_of(node: Node) -> int:
    return next(number for number, kinds in enumerate(COLUMNS) if node.kind in kinds)
