"""Where the `$ref`s of JSON Schema documents lead, without ever going there.

Known are the documents given, by `$id` and by path, and the metaschemas. Every other address is refused, for whoever
used the schema later could not resolve it either, or would have to fetch it. Rules: JSON Schema core 8.2, RFC 6901.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urljoin

from ssmd_compiler.definitions.names import find, why_lost
from ssmd_compiler.diagnostics.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ssmd_compiler.definitions.json_nodes import Node

__all__ = ["METASCHEMAS", "References"]

METASCHEMAS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    *(f"http://json-schema.org/draft-0{number}/schema" for number in (7, 6, 4, 3)),
)
# Keywords whose values are schemas, or arrays of them, and those whose values are objects of schemas. Nothing else is
# looked into: a `$ref` inside `const` or `examples` is data.
_SCHEMAS = {
    *("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"),
    *("additionalProperties", "unevaluatedProperties", "propertyNames", "contentSchema"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "extends"),
}
_MAPS = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}


class _Place(NamedTuple):
    """A schema, the resource (a schema with an `$id`, or the document) that it belongs to, and that one's address."""

    node: Node
    resource: Node
    base: str


class References:
    """All documents of one run, by index."""

    def __init__(self, paths: Sequence[str], roots: Mapping[int, Node]) -> None:
        self._paths = paths
        self._indices = {paths[index]: index for index in reversed(list(roots))}
        self._roots = roots
        self._named: dict[int, set[str]] = {}
        self._places = {index: list(_places(root)) for index, root in roots.items()}
        self._resources = {
            place.base: place.resource for places in self._places.values() for place in places if place.base
        }

    def broken(self, index: int) -> Iterator[tuple[Node, str]]:
        """The references of one document that lead nowhere, and why."""
        for place in self._places[index]:
            for keyword in ("$ref", "$dynamicRef"):
                reference = place.node.members.get(keyword)
                if reference is None or not isinstance(reference.value, str):
                    continue
                if why := self._why_broken(index, place, reference.value):
                    yield reference, why

    def links(self, index: int) -> dict[str, int]:
        """The definitions that a document's references address, by the address as written; ambiguous ones are not."""
        found: dict[str, set[int | None]] = {}
        roots = {id(root): other for other, root in self._roots.items()}
        for place in self._places[index]:
            reference = place.node.members.get("$ref")
            if reference is not None and isinstance(reference.value, str):
                address = reference.value.partition("#")[0]
                resource = self._resource(index, place, address) if address else None
                found.setdefault(address, set()).add(roots.get(id(resource)))
        certain = ((address, next(iter(those))) for address, those in found.items() if len(those) == 1)
        return {address: other for address, other in certain if other is not None}

    def _why_broken(self, index: int, place: _Place, reference: str) -> str:
        address, _, fragment = reference.partition("#")
        resource = self._resource(index, place, address)
        if isinstance(resource, str):
            return resource
        if resource is None or not fragment:
            return ""
        if fragment.startswith("/"):
            return _why_broken_pointer(resource, unquote(fragment))
        return "" if unquote(fragment) in self._anchors(resource) else f"no `$anchor` is named `{unquote(fragment)}`"

    def _anchors(self, resource: Node) -> set[str]:
        """The names given to places within a resource; gathered once, for a document may have many references."""
        if id(resource) not in self._named:
            self._named[id(resource)] = {name for place in _places(resource) for name in _anchors(place.node)}
        return self._named[id(resource)]

    def _resource(self, index: int, place: _Place, address: str) -> Node | str | None:
        """What an address means here: a document, nothing that needs a look (None), or why there is no such thing."""
        if not address:
            return place.resource
        try:
            absolute = urljoin(place.base, address).removesuffix("#")
        except ValueError:
            return "this is not a URI"
        if absolute in self._resources:
            return self._resources[absolute]
        if absolute in METASCHEMAS:
            return None
        if ":" in address or address.startswith("//"):
            return "a `$ref` is never fetched; define what it names in `$defs`, or in a definition of this workspace"
        found = find(self._paths[index], unquote(address), self._indices)
        return why_lost(self._paths[index], unquote(address), self._indices) if found is None else self._roots[found]


def _places(root: Node) -> Iterator[_Place]:
    ahead = [_Place(root, root, "")]
    while ahead:
        node, resource, base = ahead.pop()
        identity = node.members.get("$id", node.members.get("id"))
        if identity is not None and isinstance(identity.value, str) and not identity.value.startswith("#"):
            resource, base = node, _joined(base, identity.value)
        yield _Place(node, resource, base)
        for keyword, below in node.members.items():
            schemas = [below, *below.elements] if keyword in _SCHEMAS else []
            schemas += below.members.values() if keyword in _MAPS else []
            ahead += [_Place(schema, resource, base) for schema in schemas]


def _joined(base: str, identity: str) -> str:
    try:
        return urljoin(base, identity).removesuffix("#")
    except ValueError:
        return base


def _why_broken_pointer(resource: Node, fragment: str) -> str:
    """Why a JSON pointer leads nowhere in its document, or nothing."""
    node = resource
    for step in fragment[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        below = node.child(name)
        if below is None:
            near = nearest(name, node.members)
            return f"`#{fragment}` leads nowhere: no `{name}`" + (f"; did you mean `{near}`?" if near else "")
        node = below
    return ""


def _anchors(node: Node) -> set[str]:
    values = (node.members.get(keyword) for keyword in ("$anchor", "$dynamicAnchor", "$id", "id"))
    return {value.value.removeprefix("#") for value in values if value is not None and isinstance(value.value, str)}
