"""The graph as a picture: SVG 1.1 with a layout of our own, so that nothing needs to be installed to look at it.

No script, no link, no style from elsewhere. Every text is escaped; names that are cut are whole in their titles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.graph.layout import column_of, layout
from ssmd_compiler.graph.model import COLUMNS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.graph.layout import Box, Layout
    from ssmd_compiler.graph.model import Edge, Graph, Node

__all__ = ["render"]

_FILLS: Final = {
    Kind.FEED: "#cfe8ff",
    Kind.KEY: "#fff3b8",
    Kind.ENVIRONMENT: "#d5f5d5",
    Kind.SHARD: "#e9f9e9",
    Kind.SUBJECT: "#f4f4f4",
    Kind.STREAM: "#e6dcf7",
    Kind.CONSUMER: "#ffe0cc",
    Kind.BUCKET: "#f2d6d6",
    Kind.VOLUME: "#f2e3d6",
    Kind.CACHE: "#d6eef2",
}
_FONT: Final = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def render(graph: Graph) -> str:
    placed = layout(graph)
    width, height = max(placed.width, 320.0), placed.height
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(_FONT)} font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_headings(graph, placed),
        '<g fill="none" stroke="#8a8a8a" stroke-opacity="0.6">',
        *(_edge(edge, placed) for edge in graph.edges),
        "</g>",
        *(_node(node, placed.boxes[node]) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _headings(graph: Graph, placed: Layout) -> Iterator[str]:
    """What stands in each column, which is also what the colours mean."""
    there = {node.kind for node in graph.nodes}
    for kinds, x in zip(COLUMNS, placed.columns, strict=True):
        at = x
        for kind in (kind for kind in kinds if kind in there):
            wide = len(kind) * 7.25 + 14
            yield f'<rect x="{at:.1f}" y="20" width="{wide:.1f}" height="18" fill="{_FILLS[kind]}"/>'
            yield f'<text x="{at + 7:.1f}" y="33" font-weight="bold">{escape(kind)}</text>'
            at += wide + 6


def _node(node: Node, box: Box) -> str:
    said = escape(
        f"{node.kind} {printable(node.name)}" + (f", of {printable(node.environment)}" if node.environment else "")
    )
    return (
        f"<g><title>{said}</title>"
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="4" '
        f'fill="{_FILLS[node.kind]}" stroke="#555555"/>'
        f'<text x="{box.x + 7:.1f}" y="{box.y + 14:.1f}" xml:space="preserve">{escape(box.text)}</text></g>'
    )


def _edge(edge: Edge, placed: Layout) -> str:
    """From the right side of one box to the left side of the other; past a column, by the environment's lane."""
    source, target = placed.boxes[edge.source], placed.boxes[edge.target]
    x1, y1 = source.x + source.width, source.y + source.height / 2
    x2, y2 = target.x, target.y + target.height / 2
    first, last = column_of(edge.source), column_of(edge.target)
    lane = placed.lanes.get(edge.source.environment)
    if last > first + 1 and lane is not None:
        on, off = placed.columns[first + 1], placed.columns[last] - 60
        to_lane = f"C{(x1 + on) / 2:.1f} {y1:.1f} {(x1 + on) / 2:.1f} {lane:.1f} {on:.1f} {lane:.1f}H{off:.1f}"
        from_lane = f"C{x2 - 20:.1f} {lane:.1f} {off + 20:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        return f'<path d="M{x1:.1f} {y1:.1f}{to_lane}{from_lane}"/>'
    bend = max((x2 - x1) / 2, 30)
    return f'<path d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"/>'
