"""JSON Schema definitions: strict JSON, valid against the metaschema that `$schema` names, every `$ref` within reach.

The metaschema is judged by the jsonschema package in a process of its own, for its time grows without bound on the
wrong input. A `$ref` is followed inside the document, to another definition of the workspace by `$id` or relative path,
or to a metaschema; any other is a flaw, since nothing is ever fetched.
"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from ssmd_compiler.definitions.declared import Answer, Document, Documents
from ssmd_compiler.definitions.isolation import Reader
from ssmd_compiler.definitions.json_nodes import Node, read
from ssmd_compiler.definitions.json_references import METASCHEMAS, References
from ssmd_compiler.definitions.text import MAX_FLAWS, look, one_line, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ssmd_compiler.definitions.isolation import Outcome
    from ssmd_compiler.definitions.model import Definition, Flaw, Parsed
    from ssmd_compiler.definitions.text import Text

__all__ = ["parse"]

_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_ARTICLES = {"array": "an array", "integer": "an integer", "object": "an object", "null": "null"}


def parse(definitions: Sequence[Definition]) -> list[Parsed]:
    """Every definition with its flaws, or its title as the only record when it has one."""
    reading = _Reading(definitions)
    reading.check()
    return [reading.result(index) for index in range(len(definitions))]


class _Reading:
    """All the definitions of one run, by index."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self._definitions = definitions
        self._texts: list[Text] = []
        self._flaws: list[list[Flaw]] = []
        self._roots: dict[int, Node] = {}
        self._links: dict[int, dict[str, int]] = {}
        for index, definition in enumerate(definitions):
            text, refusals = look(definition)
            self._texts.append(text)
            self._flaws.append(list(refusals))
            if text.characters.strip() and not refusals:
                root, self._flaws[index] = read(text)
                if root is not None:
                    self._roots[index] = root

    def check(self) -> None:
        references = References([definition.path for definition in self._definitions], self._roots)
        for index, root in self._roots.items():
            self._links[index] = references.links(index)
            self._flaws[index] += self._placed(index, references.broken(index))
            self._flaws[index] += self._placed(index, _form(root))
        asked = [index for index, root in self._roots.items() if not any(_form(root))]
        for index, outcome in self._ask(asked):
            self._flaws[index] += self._placed(index, _findings(self._roots[index], outcome))

    def result(self, index: int) -> Parsed:
        root = self._roots.get(index)
        title = root.members.get("title") if root else None
        records = (one_line(title.value),) if title is not None and isinstance(title.value, str) and title.value else ()
        reached = [] if root is None or self._flaws[index] else self._reached(index)
        if any(self._flaws[other] for other in reached):
            return parsed(self._definitions[index], (), Answer(records))  # the flaw is told where it is
        paths = {other: self._definitions[other].path for other in reached}
        documents = {path: self._document(other, paths) for other, path in paths.items()}
        declared = Documents(self._definitions[index].path, documents) if documents else None
        files = {path: self._definitions[other] for other, path in paths.items()}
        return replace(parsed(self._definitions[index], self._flaws[index], Answer(records), files), declared=declared)

    def _document(self, index: int, paths: dict[int, str]) -> Document:
        schema = json.loads(self._texts[index].characters, parse_float=Decimal)
        return Document(schema, {address: paths[other] for address, other in self._links[index].items()})

    def _reached(self, index: int) -> list[int]:
        """The document and all that it refers to, however indirectly."""
        reached, ahead = [index], [index]
        while ahead:
            new = [other for other in self._links[ahead.pop()].values() if other not in reached]
            reached += dict.fromkeys(new)
            ahead += dict.fromkeys(new)
        return reached

    def _ask(self, asked: list[int]) -> Iterator[tuple[int, Outcome]]:
        if not asked:
            return
        with Reader("json_schema") as reader:
            for index in asked:
                reader.lay(f"f{index}", self._texts[index].characters)
            yield from zip(asked, reader.ask([f"f{index}" for index in asked]), strict=True)

    def _placed(self, index: int, findings: Iterator[tuple[Node, str]]) -> Iterator[Flaw]:
        some = islice(findings, MAX_FLAWS)
        return (self._texts[index].flaw(node.start, node.end, message) for node, message in some)


def _form(root: Node) -> Iterator[tuple[Node, str]]:
    """What keeps a document from being held against any metaschema."""
    named = root.members.get("$schema")
    if root.kind not in {"object", "true", "false"}:
        yield root, f"a JSON Schema is an object or a boolean, not {_article(root.kind)}"
    elif named is not None and not isinstance(named.value, str):
        yield named, f"`$schema` must be a string, not {_article(named.kind)}"
    elif named is not None and str(named.value).removesuffix("#") not in METASCHEMAS:
        yield named, f"`$schema` names no metaschema known here; the current one is {METASCHEMAS[0]}"


def _findings(root: Node, outcome: Outcome) -> Iterator[tuple[Node, str]]:
    """The metaschema's objections, each at the value that it is about."""
    if outcome.code != 0 or outcome.value is None:
        yield Node(root.start, root.start + 1), f"the check against the metaschema {outcome.ended}"
        return
    for path, keyword, expected, message in outcome.value:
        node = root.at(path)
        yield node, _worded(_subject(path), keyword, expected, node) or message


def _subject(path: list[str | int]) -> str:
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if not key:
        return "a schema"
    return f"`{key}`" if path[-1] == key else f"an element of `{key}`"


def _worded(subject: str, keyword: str, expected: object, node: Node) -> str:
    if keyword == "type":
        kinds = expected if isinstance(expected, list) else [expected]
        return f"{subject} must be {' or '.join(map(_article, kinds))}, not {_article(node.kind)}"
    if subject == "`type`" and keyword in {"anyOf", "enum"}:
        written = f"`{node.value}` is not a type" if node.kind == "string" else "this is not a type"
        return f"{written}; a type is one of {', '.join(_TYPES)}"
    if keyword == "enum" and isinstance(expected, list):
        return f"{subject} must be one of {', '.join(map(str, expected))}"
    return {
        "format": f"{subject} is not a regular expression that Python reads",
        "minimum": f"{subject} must be at least {expected}",
        "exclusiveMinimum": f"{subject} must be greater than {expected}",
        "minItems": f"{subject} must have at least {expected} element",
        "uniqueItems": f"{subject} has an element twice",
        "anyOf": f"{subject} has none of the forms that it may have",
    }.get(keyword, "")


def _article(kind: object) -> str:
    name = str(kind)
    return _ARTICLES.get(name, name if name in {"true", "false"} else f"a {name}")
