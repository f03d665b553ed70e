"""In the child: what a Cap'n Proto definition declares, from the nodes of its compiler.

Members of groups and unions are told flat, each with its number, its slot and the unions that it is chosen by: this is
all that decides where its bytes are. Refuses what has more members than a person writes. Source: capnp/schema.capnp.
"""

from __future__ import annotations

import hashlib
from typing import Any

_MOST_MEMBERS = 5000
_DEEPEST_BRAND = 8
_NO_CHOICE = 0xFFFF
_ZERO = {"0", "0.0", "False", "void", "", "b''", "[]", "()", "None"}


def declared(parser: Any, module: Any) -> dict[str, Any]:
    """The answer's `declared`: see ssmd_compiler.definitions.declared."""
    return _Walk(parser, module).told()


class _Walk:
    def __init__(self, parser: Any, module: Any) -> None:
        self._schemas: list[Any] = []
        self._indices: dict[int, int] = {}
        self._visits = self._members = 0
        modules = parser.modules_by_id
        own = [node.id for node in _nested(module.schema.node, modules)]
        for each in own:
            self._collect(modules[each].schema, 0)
        self._own = [self._indices[each] for each in own]

    def told(self) -> dict[str, Any]:
        return {"declarations": [self._declaration(schema) for schema in self._schemas], "own": self._own}

    def _collect(self, schema: Any, brand: int) -> None:
        """Remember a type and those that it reaches; one with parameters bound reaches more than it does without."""
        node = schema.node
        self._visits += 1
        if self._visits > _MOST_MEMBERS:
            raise OverflowError("it reaches too many types")
        known = node.id in self._indices
        if not known:
            self._indices[node.id] = len(self._schemas)
            self._schemas.append(schema)
        if node.which() == "struct" and (not known or 0 < brand <= _DEEPEST_BRAND):
            self._collect_fields(schema, brand)

    def _collect_fields(self, schema: Any, brand: int) -> None:
        for field in schema.fields_list:
            if field.proto.which() == "group":
                self._collect_fields(field.schema, brand)
                continue
            kind, lists = field.proto.slot.type, 0
            while kind.which() == "list":
                kind, lists = kind.list.elementType, lists + 1
            if kind.which() in {"struct", "enum", "interface"}:
                bound = kind.which() == "struct" and len(kind.struct.brand.scopes) > 0
                self._collect(_schema(field, lists), brand + 1 if bound or brand else 0)
            elif brand and _is_parameter(kind):
                self._collect_bound(field, lists, brand)

    def _collect_bound(self, field: Any, lists: int, brand: int) -> None:
        """What a parameter stands for here: nothing, text, data, or a type that has a schema."""
        try:
            schema = _schema(field, lists)
            schema.node  # noqa: B018 -- raises where there is none
        except Exception:  # noqa: BLE001 -- pycapnp's own, whose class differs between releases
            return
        self._collect(schema, brand + 1)

    def _declaration(self, schema: Any) -> dict[str, Any]:
        node = schema.node
        file, _, name = str(node.displayName).partition(":")
        members: list[dict[str, Any]] = []
        if node.which() == "struct":
            members = self._fields(schema, [], [])
        elif node.which() == "enum":
            members = [{"names": [str(one.name)], "number": n} for n, one in enumerate(node.enum.enumerants)]
            self._count(len(members))
        return {"kind": node.which(), "names": name.split("."), "file": file, "members": members}

    def _fields(self, schema: Any, names: list[str], choices: list[dict[str, int]]) -> list[dict[str, Any]]:
        struct, found = schema.node.struct, []
        for field in sorted(schema.fields_list, key=lambda field: field.proto.codeOrder):
            proto, path, chosen = field.proto, [*names, str(field.proto.name)], choices
            if proto.discriminantValue != _NO_CHOICE:
                chosen = [*choices, {"at": int(struct.discriminantOffset), "tag": int(proto.discriminantValue)}]
            if proto.which() == "group":
                found += self._fields(field.schema, path, chosen)
            else:
                found.append(self._slot(field, path, chosen))
        self._count(len(found))
        return found

    def _slot(self, field: Any, names: list[str], choices: list[dict[str, int]]) -> dict[str, Any]:
        slot, ordinal = field.proto.slot, field.proto.ordinal
        return {
            "names": names,
            "number": int(ordinal.explicit) if ordinal.which() == "explicit" else -1,
            "type": self._type(slot.type),
            "default": _default(field) if slot.hadExplicitDefault else "",
            "slot": int(slot.offset),
            "choices": choices,
        }

    def _type(self, proto: Any) -> dict[str, Any]:
        kind = str(proto.which())
        if kind == "list":
            return {"kind": kind, "of": [self._type(proto.list.elementType)]}
        if kind in {"struct", "enum", "interface"}:
            used = getattr(proto, kind)
            arguments = [self._bound(bound) for scope in used.brand.scopes for bound in _bindings(scope)]
            return {"kind": kind, "to": self._indices.get(used.typeId, -1), "of": arguments}
        if kind == "anyPointer":
            return self._pointer(proto.anyPointer)
        return {"kind": kind}

    def _pointer(self, proto: Any) -> dict[str, Any]:
        if proto.which() == "parameter":
            scope = self._indices.get(proto.parameter.scopeId, -1)
            return {"kind": f"parameter {proto.parameter.parameterIndex}", "to": scope}
        return {"kind": f"any {proto.unconstrained.which()}" if proto.which() == "unconstrained" else "any"}

    def _bound(self, binding: Any) -> dict[str, Any]:
        return self._type(binding.type) if binding is not None and binding.which() == "type" else {"kind": "unbound"}

    def _count(self, members: int) -> None:
        self._members += members
        if self._members > _MOST_MEMBERS:
            raise OverflowError("it declares too many members")


def _nested(node: Any, modules: Any) -> list[Any]:
    """The structs, enums and interfaces of a file, those inside of others after them."""
    found = []
    for each in node.nestedNodes:
        schema = getattr(modules.get(each.id), "schema", None)
        if schema is not None and schema.node.which() in {"struct", "enum", "interface"}:
            found += [schema.node, *_nested(schema.node, modules)]
    return found


def _schema(field: Any, lists: int) -> Any:
    schema = field.schema
    for _ in range(lists):
        schema = schema.elementType
    return schema


def _is_parameter(kind: Any) -> bool:
    return bool(kind.which() == "anyPointer" and kind.anyPointer.which() == "parameter")


def _bindings(scope: Any) -> list[Any]:
    return list(scope.bind) if scope.which() == "bind" else [None]


def _default(field: Any) -> str:
    """A default as text; one that the format gives anyway is none, and one made of others is told by its digest."""
    value = field.proto.slot.defaultValue
    kind = value.which()
    if kind in {"list", "struct", "anyPointer"}:
        if kind == "anyPointer":
            return "any"
        held = value.list.as_list(field.schema) if kind == "list" else value.struct.as_struct(field.schema)
        said = str(held)
        return "" if said in _ZERO else hashlib.sha256(said.encode()).hexdigest()[:16]
    said = str(getattr(value, kind))
    return "" if said in _ZERO else said
