"""Targets of schema definitions: Cap'n Proto, Protocol Buffers and JSON Schema, alone and one version beside another."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fuzzing import target
from hypothesis import strategies as st
from invariants import check_tree
from mutations import EDITS, edited_by

HERE = Path(__file__).parent
FORMATS = {".capnp": "capnp", ".proto": "protobuf", ".json": "json_schema"}
FOUND = [path for path in (HERE.parent / "compiler/definitions").glob("*itive/*") if path.suffix in FORMATS]
DEFINITIONS = {path.name: path.read_bytes() for path in sorted(FOUND)}
FOREIGN = sorted(name for name in DEFINITIONS if not name.endswith(".json"))
JSON = sorted(name for name in DEFINITIONS if name.endswith(".json"))


def workspace(*versions: tuple[str, bytes]) -> dict[str, bytes]:
    """One schema with these definitions, a version each."""
    ending = Path(versions[0][0]).suffix
    files, said = {}, []
    for number, (_, content) in enumerate(versions, 1):
        name = f"x.v{number}{ending}"
        files[f"schemas/{name}"] = content
        digest = hashlib.sha256(content).hexdigest()
        said.append(
            {
                "version": f"v{number}",
                "effective_from": f"202{number}-01-01",
                "schema_file": name,
                "hash": f"sha256:{digest}",
            }
        )
    files["schemas/x.yaml"] = json.dumps({"name": "x", "format": FORMATS[ending], "versions": said}).encode()
    return files


MUTATION = st.lists(EDITS, max_size=4)


@target(st.tuples(st.sampled_from(FOREIGN), MUTATION), 6)
def test_definitions(made: Any) -> None:
    """A definition for a foreign parser, mutated, beside what it was."""
    name, edits = made
    check_tree(workspace((name, DEFINITIONS[name]), (name, edited_by(DEFINITIONS[name], edits))))


@target(st.tuples(st.sampled_from(JSON), MUTATION), 10)
def test_json_definitions(made: Any) -> None:
    """A JSON Schema, mutated, beside what it was."""
    name, edits = made
    check_tree(workspace((name, DEFINITIONS[name]), (name, edited_by(DEFINITIONS[name], edits))))


WORDS = st.sampled_from(
    ["a", "b", "object", "array", "integer", "string", "^a", "#", "#/$defs/a", "date-time", "-1", ""]
)
KEYWORDS = st.sampled_from(
    [
        *(
            "type",
            "properties",
            "required",
            "items",
            "enum",
            "const",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "$ref",
            "$defs",
        ),
        *("minimum", "maximum", "maxLength", "pattern", "patternProperties", "additionalProperties", "prefixItems"),
        *("if", "then", "format"),
    ]
)
SCHEMA = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYWORDS, inner, max_size=4)
        | st.dictionaries(WORDS, inner, max_size=3)
    ),
    max_leaves=14,
)


@target(st.tuples(SCHEMA, SCHEMA), 10)
def test_compatibility(made: Any) -> None:
    """Any two JSON Schemas, as versions of one."""
    check_tree(workspace(*(("x.json", json.dumps(one).encode()) for one in made)))
