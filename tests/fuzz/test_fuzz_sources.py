"""Targets that read sources in memory: any bytes, mutated trees, comments that allow, templates, policies."""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path
from typing import Any

from examples import failing_trees
from fuzzing import target
from hypothesis import strategies as st
from invariants import check_tree
from mutations import EDITS, PIECE, REPOSITORY, SOURCES, edited_by

ENVIRONMENT, FEED, SCHEMA, SETTINGS = "environments/x.yaml", "exchanges/feeds/x.yaml", "schemas/x.yaml", "ssmd.yaml"
FEW = ("ssmd.yaml", "exchanges/feeds/kalshi.yaml", "environments/kalshi-dev.yaml")
SMALL = {path: SOURCES[path] for path in FEW}
ANY_BYTES = st.binary(max_size=400) | st.lists(PIECE, max_size=40).map(b"".join)
MUTATION = st.lists(EDITS, min_size=1, max_size=5)


@target(st.tuples(st.sampled_from([ENVIRONMENT, FEED, SCHEMA, SETTINGS]), ANY_BYTES), 120)
def test_reader(made: Any) -> None:
    """Any bytes, as a document of any kind."""
    path, content = made
    check_tree({path: content})


@functools.cache
def trees() -> dict[str, dict[str, bytes]]:
    """Our own sources, and what each check finds fault with, without definitions: those are a target of their own."""
    with tempfile.TemporaryDirectory() as folder:
        found = {
            code: {path: text for path, text in files.items() if not path.endswith((".capnp", ".json", ".proto"))}
            for code, files in failing_trees(Path(folder)).items()
        }
    few = {path: text for path, text in SOURCES.items() if not path.startswith("schemas/")}
    own = {path: re.sub(rb"(?m)^ +schemas?: .*\n", b"", text) for path, text in few.items()}
    return {**found, "own": {path: text for path, text in own.items() if "/k" in path or path == SETTINGS}}


PICK = st.integers(0, 2**16)


def picked(made: list[list[Any]], names: list[str], number: int) -> dict[str, Any]:
    return {names[(number + pick) % len(names)]: edits for pick, edits in made}


@target(st.tuples(PICK, st.lists(st.tuples(PICK, MUTATION), min_size=1, max_size=3)), 30)
def test_tree(made: Any) -> None:
    """A whole tree, of which some documents are mutated."""
    number, mutations = made
    known = trees()
    files = dict(known[sorted(known)[number % len(known)]])
    for path, edits in picked(mutations, sorted(files), number).items():
        files[path] = edited_by(files[path], edits)
    check_tree(files)


COMMENT = st.lists(
    st.sampled_from(
        [
            *(
                "ssmd:",
                "allow",
                "allo",
                "SSMD306",
                "SSMD999",
                "SSMD020",
                "SSMD019",
                "SSMD018",
                ",",
                ", ",
                "until",
                "--",
            ),
            *("2026-12-31", "2026-11-20", "2026-02-30", "9999-12-31", "0001-01-01", "#", " # ", "because", "\t", "  "),
            *(
                "\u202e",
                "é",
                "\x1b",
                "password: hunter2hunter2",
                "nats://u:hunter2hunter2@h",
                "::error::",
                "\u2028",
                "'",
                '"',
            ),
        ]
    ),
    max_size=10,
).map(" ".join) | st.text(max_size=30)


@target(st.tuples(st.sampled_from(FEW), st.lists(st.tuples(PICK, st.booleans(), COMMENT), min_size=1, max_size=4)), 60)
def test_allowances(made: Any) -> None:
    """Comments that allow something, or nearly: behind a line, or alone on one."""
    path, comments = made
    lines = SMALL[path].decode().split("\n")
    for place, alone, text in comments:
        at = place % len(lines)
        comment = f"# ssmd: allow {text}" if place % 3 else f"#{text}"
        if alone:
            lines.insert(at, f"{' ' * (place % 5)}{comment}")
        else:
            lines[at] += f"  {comment}"
    check_tree(SMALL | {path: "\n".join(lines).encode(errors="replace")})


TEMPLATES = {path.name: path.read_bytes() for path in sorted((REPOSITORY / "templates").glob("*.j2"))}
JINJA = st.sampled_from(
    [
        *(b"{{ name }}", b"{{ labels }}", b"{{", b"}}", b"{%", b"%}", b"{#", b"#}", b"{% if name %}", b"{% endif %}", b"-%}"),
        *(b"{% for a in labels %}", b"{% endfor %}", b"{{ a }}", b"|tree(4)", b"|block_text(99999999999)", b"|tree(-1)"),
        *(b"{% set a = name %}", b"{% include 'service.yaml.j2' %}", b"{% macro m() %}", b"{% endmacro %}", b"{{ m() }}"),
        *(b"{{ name.__class__ }}", b"{{ labels.items() }}", b"{{ self }}", b"{{ 1 // 0 }}", b"{{ 'a' * 3 }}", b"---\n"),
    ]
)  # fmt: skip
CHANGES = st.lists(st.tuples(PICK, st.integers(0, 6), JINJA | PIECE), max_size=6)


@target(st.tuples(st.sampled_from(sorted(TEMPLATES)), CHANGES), 40)
def test_templates(made: Any) -> None:
    """A template of the workspace's own: one of ours, mutated; what it prints is proven."""
    name, changes = made
    content = TEMPLATES[name]
    for place, size, new in changes:
        at = place % (len(content) + 1)
        content = content[:at] + new + content[at + size :]
    files = {path: re.sub(rb"(?m)^ +schemas?: .*\n", b"", text) for path, text in SMALL.items()}
    check_tree(files | {f"templates/{name}": content})


CEL = st.lists(
    st.sampled_from(
        [
            *("env", "spec", "feed", "workloads", "schemas", "names", "as_of", ".name", ".labels", ".symbols", "[0]", "['a']"),
            *("==", "!=", "<", "&&", "||", "!", "?", ":", "+", "*", "/", "in", "(", ")", "[", "]", "{", "}", ",", "."),
            *("has(env.labels)", ".all(s, ", ".exists(w, ", ".map(x, ", ".size()", ".matches('(a|b)*')", "'a'", '"', "r'", "\\"),
            *("1", "-1", "1u", "1.5", "1e999", "9223372036854775807", "true", "null", "b'\\xff'", "timestamp(as_of)"),
            *("duration('24h')", "dyn(1)", "\n", "//", "é", "\u202e", "\x00", "{env.name}", "{", "}", "{spec.url}", "a" * 300),
        ]
    ),
    max_size=12,
).map("".join) | st.text(max_size=40)  # fmt: skip
RULE = st.fixed_dictionaries(
    {"name": st.just("a") | CEL, "rule": CEL, "message": CEL},
    optional={"when": CEL, "at": CEL, "severity": st.sampled_from(["error", "warning", "x"])},
)


@target(st.lists(RULE, min_size=1, max_size=4), 8)
def test_policy(made: Any) -> None:
    """Rules in CEL, of any text."""
    import json

    settings = json.dumps({"policy": made}, ensure_ascii=False).encode(errors="replace")
    files = {path: re.sub(rb"(?m)^ +schemas?: .*\n", b"", text) for path, text in SMALL.items()}
    check_tree(files | {SETTINGS: settings})
