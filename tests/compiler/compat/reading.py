"""What the real libraries read: values written with one version of a definition, read with another. A child process.

`python reading.py capnp|protobuf` reads a list of [old text, new text, records, seed] from standard input (JSON), and
answers for each with what was lost: names of members that no longer read as they were written, or of a record that
cannot be read at all. Every pair is read in a fork of its own, so that a crash is an answer as well.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

NO_CHOICE = 0xFFFF
ROUNDS = 12
UNREAD = {"anyPointer", "interface"}


# Cap'n Proto


def capnp_losses(old: str, new: str, records: str, seed: int) -> list[str]:
    import capnp

    random, lost = Random(seed), set[str]()
    modules = []
    for name, text in (("old.capnp", old), ("new.capnp", new)):
        Path(name).write_text(text)
        modules.append(capnp.SchemaParser().load(name))
    for record in records.split():
        try:
            lost |= capnp_lost(modules, record, random)
        except capnp.KjException:  # it says that these are no such bytes
            lost.add(record)
    return sorted(lost)


def capnp_lost(modules: list[Any], record: str, random: Random) -> set[str]:
    lost = set[str]()
    if not hasattr(modules[1], record):
        return {record}
    for _ in range(ROUNDS):
        message = getattr(modules[0], record).new_message()
        fill(message, message.schema, random, 3)
        written = message.to_bytes()
        with getattr(modules[0], record).from_bytes(written) as before:
            was = plain(before, before.schema)
        with getattr(modules[1], record).from_bytes(written) as after:
            lost |= set(differences(was, plain(after, after.schema), record))
    return lost


def fill(builder: Any, schema: Any, random: Random, depth: int) -> None:
    chosen = random.choice([*schema.union_fields]) if schema.union_fields else None
    for field in schema.fields_list:
        proto = field.proto
        if proto.discriminantValue != NO_CHOICE and proto.name != chosen:
            continue
        if proto.which() == "group":
            inside = builder.init(proto.name) if proto.discriminantValue != NO_CHOICE else getattr(builder, proto.name)
            fill(inside, field.schema, random, depth)
        elif proto.discriminantValue != NO_CHOICE or random.random() < 0.8:
            fill_slot(builder, field, random, depth)


def fill_slot(builder: Any, field: Any, random: Random, depth: int) -> None:
    name, kind = field.proto.name, field.proto.slot.type
    if kind.which() == "struct":
        inside = builder.init(name)
        if depth:
            fill(inside, field.schema, random, depth - 1)
    elif kind.which() == "list":
        elements = builder.init(name, random.randint(0, 3))
        fill_list(elements, kind.list.elementType, field.schema, random, depth)
    elif kind.which() not in UNREAD:
        setattr(builder, name, value(kind, field.schema if kind.which() == "enum" else None, random))


def fill_list(elements: Any, kind: Any, schema: Any, random: Random, depth: int) -> None:
    for index in range(len(elements)):
        if kind.which() == "struct":
            fill(elements[index], schema.elementType, random, depth - 1) if depth else None
        elif kind.which() == "list":
            fill_list(elements.init(index, 2), kind.list.elementType, schema.elementType, random, depth)
        else:
            elements[index] = value(kind, schema.elementType if kind.which() == "enum" else None, random)


def value(kind: Any, schema: Any, random: Random) -> Any:
    which = str(kind.which())
    if which == "void":
        return None
    if which == "bool":
        return random.random() < 0.5
    if which == "enum":
        return str(random.choice(schema.node.enum.enumerants).name)
    if which in {"text", "data"}:
        text = random.choice(("", "a", "zz", "price"))
        return text if which == "text" else text.encode()
    if which.startswith("float"):
        return random.choice((0.0, 1.5, -2.0, 1e30))
    bits = int(which.lstrip("uint"))
    low, high = (0, (1 << bits) - 1) if which.startswith("u") else (-(1 << bits - 1), (1 << bits - 1) - 1)
    return random.choice((0, 1, low, high, random.randint(low, high)))


def plain(reader: Any, schema: Any) -> dict[str, tuple[int, Any]]:
    """Members that are there, by name: number and value. An inactive member of a union is not there.

    A member of a group is told with the group's name, which code says as well.
    """
    found: dict[str, tuple[int, Any]] = {}
    chosen = str(reader.which()) if schema.union_fields else None
    for field in schema.fields_list:
        proto = field.proto
        if proto.discriminantValue != NO_CHOICE and proto.name != chosen:
            continue
        if proto.which() == "group":
            inside = plain(getattr(reader, proto.name), field.schema)
            found |= {f"{proto.name}.{name}": held for name, held in inside.items()}
        else:
            kind = proto.slot.type
            has_schema = kind.which() in {"struct", "list", "enum"}
            held = None if kind.which() in UNREAD else getattr(reader, proto.name)
            shown = read(held, kind, field.schema if has_schema else None)
            found[str(proto.name)] = (int(proto.ordinal.explicit), shown)
    return found


def read(found: Any, kind: Any, schema: Any) -> Any:
    which = kind.which()
    if which == "struct":
        return plain(found, schema)
    if which == "list":
        inner = kind.list.elementType
        below = schema.elementType if inner.which() in {"struct", "list", "enum"} else None
        return [read(one, inner, below) for one in found]
    if which == "enum":
        names = [str(one.name) for one in schema.node.enum.enumerants]
        return ("enum", names[found.raw] if found.raw < len(names) else "", found.raw, names)
    return found


# Protocol Buffers


def protobuf_losses(old: str, new: str, records: str, seed: int) -> list[str]:
    random = Random(seed)
    was, now = (pool(name, text) for name, text in (("old.proto", old), ("new.proto", new)))
    return sorted(each for record in records.split() for each in protobuf_lost(was, now, record, random))


def protobuf_lost(was: dict[str, Any], now: dict[str, Any], record: str, random: Random) -> set[str]:
    from google.protobuf import message as messages

    lost = set[str]()
    if now.get(record) is None:
        return {record}
    for _ in range(ROUNDS):
        before = was[record]()
        fill_message(before, random, 3)
        after = now[record]()
        try:
            after.ParseFromString(before.SerializeToString())
        except (messages.DecodeError, ValueError, UnicodeDecodeError):
            return {record}
        if not after.IsInitialized():
            return {record}
        lost |= set(differences(fields(before), fields(after), record))
    return lost


def pool(name: str, text: str) -> dict[str, Any]:
    """The classes of a file's messages."""
    import grpc_tools
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from grpc_tools import protoc

    Path(name).write_text(text)
    standard = Path(grpc_tools.__file__).parent / "_proto"
    if protoc.main(["protoc", f"-I{standard}", "-I.", f"--descriptor_set_out={name}.bin", "--include_imports", name]):
        raise ValueError(text)
    own = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(Path(f"{name}.bin").read_bytes()).file:
        own.AddSerializedFile(file.SerializeToString())
    descriptors = own.FindFileByName(name).message_types_by_name
    return {each: message_factory.GetMessageClass(found) for each, found in descriptors.items()}


def fill_message(message: Any, random: Random, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if not field.is_required and random.random() < 0.3:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            target = getattr(message, field.name)
            key, held = field.message_type.fields
            for _ in range(random.randint(0, 2)):
                if held.message_type is None:
                    target[scalar(key, random)] = scalar(held, random)
                else:
                    fill_message(target[scalar(key, random)], random, depth - 1)
        elif field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(random.randint(0, 3)):
                target.append(scalar(field, random)) if field.message_type is None else fill_message(
                    target.add(), random, depth - 1
                )
        elif field.message_type is None:
            setattr(message, field.name, scalar(field, random))
        elif depth:
            getattr(message, field.name).SetInParent()
            fill_message(getattr(message, field.name), random, depth - 1)


def scalar(field: Any, random: Random) -> Any:
    from google.protobuf.descriptor import FieldDescriptor as Field

    if field.enum_type is not None:
        return random.choice(field.enum_type.values).number
    if field.type == Field.TYPE_BOOL:
        return random.random() < 0.5
    if field.type in (Field.TYPE_STRING, Field.TYPE_BYTES):
        text = random.choice(("", "a", "zz", "price"))
        return text if field.type == Field.TYPE_STRING else random.choice((text.encode(), b"\xff\xfe"))
    if field.type in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
        return random.choice((0.0, 1.5, -2.0))
    unsigned = field.type in (Field.TYPE_UINT32, Field.TYPE_UINT64, Field.TYPE_FIXED32, Field.TYPE_FIXED64)
    wide = field.type in (
        *(Field.TYPE_INT64, Field.TYPE_UINT64, Field.TYPE_FIXED64, Field.TYPE_SFIXED64, Field.TYPE_SINT64),
    )
    bits = 64 if wide else 32
    low, high = (0, (1 << bits) - 1) if unsigned else (-(1 << bits - 1), (1 << bits - 1) - 1)
    return random.choice((0, 1, low, high, random.randint(low, high)))


def fields(message: Any) -> dict[str, tuple[int, Any]]:
    """Every field as it reads, by name; a member of a oneof that another one replaced is not there."""
    found: dict[str, tuple[int, Any]] = {}
    for field in message.DESCRIPTOR.fields:
        one = field.containing_oneof
        if one is not None and message.WhichOneof(one.name) not in (field.name, None):
            continue
        held = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            keys = sorted(held)
            plain_value = {
                f"[{key}]": (n, shown(field.message_type.fields[1], held[key])) for n, key in enumerate(keys)
            }
        elif field.is_repeated:
            plain_value = [shown(field, each) for each in held]
        elif field.message_type is not None and not message.HasField(field.name):
            plain_value = None
        else:
            plain_value = shown(field, held)
        found[field.name] = (field.number, plain_value)
    return found


def shown(field: Any, held: Any) -> Any:
    if field.message_type is not None:
        return fields(held)
    if field.enum_type is not None:
        names = {value.number: value.name for value in field.enum_type.values}
        return ("enum", names.get(held, ""), held, list(names.values()))
    return held


# Both


def differences(was: dict[str, tuple[int, Any]], now: dict[str, tuple[int, Any]], path: str) -> list[str]:
    """Members that were written and do not read as they were: by name, or by number where the name is gone."""
    numbers = dict(now.values())
    found = []
    for name, (number, held) in was.items():
        after = now[name][1] if name in now else numbers.get(number, LOST)
        found += differ(held, after, f"{path}.{name}")
    return found


LOST = object()


def differ(was: Any, now: Any, path: str) -> list[str]:
    if isinstance(was, dict) and was and isinstance(next(iter(was.values())), tuple) and isinstance(now, dict):
        return differences(was, now, path)
    if isinstance(now, list) and not isinstance(was, list):  # one value became a list of it
        alone = [] if not now else now[0]
        return [] if (not now and not meant(was)) or not differ(was, alone, path) else [path]
    if isinstance(was, list) and isinstance(now, list):
        if len(was) != len(now):
            return [path]
        return [each for one, other in zip(was, now, strict=True) for each in differ(one, other, path)]
    if isinstance(now, dict) and not isinstance(was, dict):  # an element became a struct around it
        return differ(was, next((held for number, held in now.values() if number == 0), LOST), path)
    if isinstance(was, tuple) and isinstance(now, tuple) and was[2] == now[2] and now[1] not in now[3]:
        return [f"{path} (name)"]  # the number is there, and means nothing any more
    return [] if alike(was, now) else [f"{path} (gone)" if now is LOST else path]


def meant(held: Any) -> bool:
    return held[2] != 0 if isinstance(held, tuple) else bool(held)


def alike(was: Any, now: Any) -> bool:
    if isinstance(was, tuple) and isinstance(now, tuple):  # enums: the same name where it lives on, or the number
        return bool(was[1] == now[1] if was[1] in now[3] else was[2] == now[2])
    if isinstance(was, tuple):
        return bool(was[2] == now)
    if isinstance(now, tuple):
        return bool(was == now[2])
    if isinstance(was, str) and isinstance(now, bytes):
        return was.encode() == now
    if isinstance(was, float) and isinstance(now, float) and math.isnan(was):
        return math.isnan(now)
    return bool(was == now)


def in_a_fork(losses: Any, pair: list[Any]) -> Any:
    out, end = os.pipe()
    fork = os.fork()
    if fork == 0:
        try:
            answer = losses(*pair)
        except BaseException as problem:  # noqa: BLE001 -- told, whatever it is
            answer = f"{type(problem).__name__}: {problem}"
        os.write(end, json.dumps(answer).encode())
        os._exit(0)
    os.close(end)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(fork, 0)
    return json.loads(said) if said else f"ended with {os.waitstatus_to_exitcode(status)}"


def main() -> None:
    losses = {"capnp": capnp_losses, "protobuf": protobuf_losses}[sys.argv[1]]
    if sys.argv[1] == "capnp":
        import capnp  # noqa: F401 -- once, for all forks
    else:
        import grpc_tools.protoc  # noqa: F401 -- as above
        from google.protobuf import descriptor_pool  # noqa: F401 -- as above
    pairs = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        answers = [in_a_fork(losses, pair) for pair in pairs]
        os.chdir("/")
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
