"""In the child: what a Protocol Buffers definition declares, from protoc's descriptors.

The protobuf package resolves them, so that presence, openness and defaults are its own judgement, whatever syntax or
edition a file is in. Refuses what has more members than a person writes. Source: google/protobuf/descriptor.proto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_MEMBERS = 5000
_KINDS = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}


def declared(descriptor_set: bytes) -> tuple[list[str], Callable[[], dict[str, Any]]]:
    """The file's top-level messages, and how to get the answer's `declared`: see ssmd_compiler.definitions.declared."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file

    def told() -> dict[str, Any]:
        pool = descriptor_pool.DescriptorPool()
        for file in files:
            pool.AddSerializedFile(file.SerializeToString())
        return _Walk(files).told(pool.FindFileByName(files[-1].name))

    return [message.name for message in files[-1].message_type], told


class _Walk:
    def __init__(self, files: Any) -> None:
        self._protos: dict[str, Any] = {}
        for file in files:
            prefix = f"{file.package}." if file.package else ""
            self._remember(prefix, file.message_type, file.enum_type)
        self._found: list[Any] = []
        self._indices: dict[str, int] = {}
        self._extensions: dict[str, list[Any]] = {}
        self._members = 0

    def told(self, file: Any) -> dict[str, Any]:
        own = []
        for message in file.message_types_by_name.values():
            own += self._nested(message)
        own += [self._index(enum) for enum in file.enum_types_by_name.values()]
        self._extend(file.extensions_by_name.values())
        declarations = []
        for index, one in enumerate(self._found):  # it grows while it is walked
            declarations.append(self._declaration(one))
            if index > _MOST_MEMBERS:
                raise OverflowError("it reaches too many types")
        return {"declarations": declarations, "own": own, "package": file.package}

    def _remember(self, prefix: str, messages: Any, enums: Any) -> None:
        for one in (*messages, *enums):
            self._protos[prefix + one.name] = one
        for message in messages:
            self._remember(f"{prefix}{message.name}.", message.nested_type, message.enum_type)

    def _nested(self, message: Any) -> list[int]:
        if message.GetOptions().map_entry:
            return []
        found = [self._index(message)]
        self._extend(message.extensions)
        for below in message.nested_types:
            found += self._nested(below)
        return [*found, *(self._index(enum) for enum in message.enum_types)]

    def _extend(self, extensions: Any) -> None:
        for one in extensions:
            self._extensions.setdefault(one.containing_type.full_name, []).append(one)

    def _index(self, descriptor: Any) -> int:
        if descriptor.full_name not in self._indices:
            self._indices[descriptor.full_name] = len(self._found)
            self._found.append(descriptor)
        return self._indices[descriptor.full_name]

    def _declaration(self, one: Any) -> dict[str, Any]:
        proto = self._protos[one.full_name]
        package = one.file.package
        enum = hasattr(one, "values_by_number")
        members = [{"names": [v.name], "number": v.number} for v in one.values] if enum else self._fields(one)
        self._members += len(members)
        if self._members > _MOST_MEMBERS:
            raise OverflowError("it declares too many members")
        return {
            "kind": "enum" if enum else "struct",
            "names": (one.full_name[len(package) + 1 :] if package else one.full_name).split("."),
            "file": one.file.name,
            "members": members,
            # The end of an enum's range is part of it, that of a message's is not.
            "reserved": [[each.start, each.end - (not enum)] for each in proto.reserved_range],
            "reserved_names": list(proto.reserved_name),
            "open": not (enum and one.is_closed),
        }

    def _fields(self, message: Any) -> list[dict[str, Any]]:
        own = [self._field(field, field.name) for field in message.fields]
        return own + [self._field(one, f"[{one.name}]") for one in self._extensions.get(message.full_name, ())]

    def _field(self, field: Any, name: str) -> dict[str, Any]:
        label = _label(field)
        choice = field.containing_oneof
        synthetic = choice is not None and len(choice.fields) == 1 and choice.name == f"_{field.name}"
        return {
            "names": [name],
            "number": field.number,
            "type": self._type(field),
            "default": _default(field) if label != "repeated" and field.message_type is None else "",
            "label": label,
            "choices": [{"name": choice.name}] if choice is not None and not synthetic else [],
        }

    def _type(self, field: Any) -> dict[str, Any]:
        message = field.message_type
        if message is not None and message.GetOptions().map_entry:
            return {"kind": "map", "of": [self._type(part) for part in message.fields]}
        if message is not None:
            return {"kind": _KINDS[field.type], "to": self._index(message)}
        if field.enum_type is not None:
            return {"kind": "enum", "to": self._index(field.enum_type)}
        return {"kind": _KINDS[field.type]}


def _label(field: Any) -> str:
    required = field.is_required if hasattr(field, "is_required") else field.label == FieldDescriptor.LABEL_REQUIRED
    repeated = field.is_repeated if hasattr(field, "is_repeated") else field.label == FieldDescriptor.LABEL_REPEATED
    if repeated:
        return "repeated"
    return "required" if required else "optional" if field.has_presence else "implicit"


def _default(field: Any) -> str:
    value = field.default_value
    if isinstance(value, bool):
        return str(int(value))
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
