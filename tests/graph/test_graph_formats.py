"""Whatever things are called: each format is read by a program of its own kind, and shows the names as they are."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from budget import tries
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.graph import COLUMNS, PRINTERS, Edge, Graph, Kind, Node, Verb, printer
from ssmd_compiler.graph.layout import layout

if TYPE_CHECKING:
    from collections.abc import Sequence

HOSTILE = [
    '"]; }; digraph x { a [label="',
    "\\",
    'a\\"',
    "&lt;b&gt;",
    "<script>alert(1)</script>",
    "]]>",
    "--><g>",
    "end",
    "style fill:#f00",
    "click n0 href javascript:alert(1)",
    "#quot;",
    "%%{init: {}}%%",
    "`**bold**`",
    "a\nb\r\tc",
    "\x1b[31m\x07\x00",
    "\u202ereversed",
    "\ud800",
    "名前 😀",
    "\\N \\G \\l",
    " ",
    "",
    "x" * 300,
]
names = st.sampled_from(HOSTILE) | st.text(max_size=20)
nodes = st.builds(Node, st.sampled_from(Kind), st.sampled_from(["", "dev", "prod"]) | names, names)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    found = draw(st.lists(nodes, min_size=1, max_size=6))
    pairs = draw(st.lists(st.tuples(st.sampled_from(found), st.sampled_from(Verb), st.sampled_from(found)), max_size=6))
    return Graph.of(found, (Edge(*pair) for pair in pairs))


def drawn(graph: Graph) -> Sequence[tuple[str, str]]:
    """The kinds and names that Graphviz itself found, and that it would write."""
    command = ["dot", "-Tjson0"]
    done = subprocess.run(command, input=printer("dot")(graph).encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    objects = json.loads(done.stdout, strict=False).get("objects", [])
    return [(one["tooltip"], one["label"]) for one in objects if "tooltip" in one]


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@given(graphs())
@tries(25)
def test_graphviz_reads_dot_and_every_name_is_a_label(graph: Graph) -> None:
    found = [(kind, html.unescape(label).replace('\\"', '"').replace("\\\\", "\\")) for kind, label in drawn(graph)]
    assert sorted(found) == sorted((node.kind.value, printable(node.name)) for node in graph.nodes)


@given(st.text() | st.sampled_from(HOSTILE))
@tries(200)
def test_nothing_in_dot_is_an_entity_but_an_ampersand(name: str) -> None:
    text = printer("dot")(Graph.of([Node(Kind.KEY, "dev", name)], ()))
    assert text.count("&") == text.count("&amp;") == printable(name).count("&")


@given(graphs())
@tries(200)
def test_dot_has_one_line_for_each_node_and_each_edge(graph: Graph) -> None:
    lines = printer("dot")(graph).splitlines()
    text = r'"(?:[^"\\]|\\.)*"'
    node = rf"n\d+ \[label={text}, shape={text}, tooltip={text}\]"
    edge = rf"n\d+ -> n\d+ \[tooltip={text}\]"
    known = [
        node,
        edge,
        r"subgraph cluster\d+ \{",
        rf"label={text}",
        r"\}",
        r"digraph ssmd \{",
        r"(graph|node|edge) \[.*\]",
    ]
    assert all(any(re.fullmatch(form, line.strip()) for form in known) for line in lines)
    assert sum(bool(re.fullmatch(node, line.strip())) for line in lines) == len(graph.nodes)
    assert sum(bool(re.fullmatch(edge, line.strip())) for line in lines) == len(graph.edges)


SVG = "{http://www.w3.org/2000/svg}"


@given(graphs())
@tries(200)
def test_svg_is_xml_that_holds_nothing_but_shapes_and_text(graph: Graph) -> None:
    root = ET.fromstring(printer("svg")(graph))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {"svg", "rect", "g", "path", "title", "text"}
    assert not any(name.lower().startswith("on") or "href" in name for one in root.iter() for name in one.attrib)
    assert len(list(root.iter(f"{SVG}path"))) == len(graph.edges)
    titles = sorted(one.text or "" for one in root.iter(f"{SVG}title"))
    of = {node: f", of {printable(node.environment)}" if node.environment else "" for node in graph.nodes}
    assert titles == sorted(f"{node.kind} {printable(node.name)}{of[node]}" for node in graph.nodes)


@given(graphs())
@tries(200)
def test_no_box_stands_on_another_and_all_are_in_the_picture(graph: Graph) -> None:
    placed = layout(graph)
    boxes = list(placed.boxes.values())
    assert all(box.x >= 0 and box.x + box.width <= placed.width for box in boxes)
    assert all(box.y >= 0 and box.y + box.height <= placed.height for box in boxes)
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(graphs())
@tries(200)
def test_mermaid_has_only_the_forms_that_we_write(graph: Graph) -> None:
    label = r'"[a-z]+: (?:[\w ./-]|#\d+;)*"'
    node = rf"n\d+(\(\[|>|\[\[|\[|\(|\[\(|\{{\{{){label}(\]\)|\]|\]\]|\)|\)\]|\}}\}})"
    known = [node, r"n\d+ --> n\d+", rf"subgraph s\d+\[{label}\]", "end", "flowchart LR"]
    for line in printer("mermaid")(graph).splitlines():
        assert any(re.fullmatch(form, line.strip()) for form in known), line


@given(graphs())
@tries(100)
def test_json_names_every_node_as_it_is(graph: Graph) -> None:
    document = json.loads(printer("json")(graph))
    assert [(one["kind"], one["name"]) for one in document["nodes"]] == [(node.kind, node.name) for node in graph.nodes]
    ids = {one["id"] for one in document["nodes"]}
    assert all(edge["from"] in ids and edge["to"] in ids for edge in document["edges"])


@given(graphs(), st.randoms(use_true_random=False))
@tries(50)
def test_the_order_of_what_is_given_makes_no_difference(graph: Graph, shuffled) -> None:
    some, others = list(graph.nodes), list(graph.edges)
    shuffled.shuffle(some)
    shuffled.shuffle(others)
    for name in PRINTERS:
        assert printer(name)(Graph.of(some, others)) == printer(name)(graph)


def test_every_kind_has_a_column_and_a_form() -> None:
    every = Graph.of([Node(kind, "dev", "a") for kind in Kind], ())
    assert {kind for kinds in COLUMNS for kind in kinds} == set(Kind)
    assert all(printer(name)(every) for name in PRINTERS)
