"""What people do to definitions, one by one: the rules that each breaks, and what the real library loses by it.

A wire rule without a loss would be a false alarm, and a loss without a wire rule a lie; the few alarms that are raised
to be careful are named here. Every pair of types is tried in every place that a type can have.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from test_wire_truth import losses, versions

from ssmd_compiler.compat import Break, compare

if TYPE_CHECKING:
    from ssmd_compiler.definitions import Format


SIDE = "enum Side { a @0; b @1; }"

CAPNP: dict[str, tuple[str, str, set[str]]] = {
    "the last field goes": ("struct R { a @0 :Text; b @1 :Int8; }", "struct R { a @0 :Text; }", {"field-removed"}),
    "two names are swapped": (
        "struct R { a @0 :Text; b @1 :Text; }",
        "struct R { b @0 :Text; a @1 :Text; }",
        {"field-renumbered"},
    ),
    "two groups' names are swapped": (
        "struct R { bid :group { price @0 :Text; } ask :group { price @1 :Text; } }",
        "struct R { ask :group { price @0 :Text; } bid :group { price @1 :Text; } }",
        {"field-renumbered"},
    ),
    "a group takes a name that had another meaning": (
        "struct R { bid :group { price @0 :Text; } }",
        "struct R { old :group { price @0 :Text; } bid :group { price @1 :Text; } }",
        {"field-renumbered"},
    ),
    "a field moves into a group, and its name is given away": (
        "struct R { price @0 :Text; }",
        "struct R { old :group { price @0 :Text; } price @1 :Text; }",
        {"field-renumbered"},
    ),
    "fields move into a group": (
        "struct R { a @0 :Text; b @1 :Text; }",
        "struct R { g :group { a @0 :Text; b @1 :Text; } }",
        {"field-regrouped"},
    ),
    "a group is renamed": (
        "struct R { g :group { a @0 :Text; } }",
        "struct R { h :group { a @0 :Text; } }",
        {"field-regrouped"},
    ),
    "a union is built around a field": (
        "struct R { a @0 :Text; }",
        "struct R { u :union { n @1 :Void; a @0 :Text; } }",
        {"field-regrouped"},
    ),
    "a union is dissolved": (
        "struct R { union { a @0 :Text; b @1 :Int32; } }",
        "struct R { a @0 :Text; b @1 :Int32; }",
        {"union-member-moved"},
    ),
    "a field joins a union": (
        "struct R { union { a @0 :Text; b @1 :Int32; } c @2 :Int8; }",
        "struct R { union { a @0 :Text; b @1 :Int32; c @2 :Int8; } }",
        {"union-member-moved"},
    ),
    "the first field joins a union that has a member of its own": (
        "struct R { c @0 :Int8; union { a @1 :Text; b @2 :Int32; } }",
        "struct R { union { c @0 :Int8; a @1 :Text; b @2 :Int32; } }",
        {"union-member-moved"},
    ),
    "a union gets a member of a lower tag's place": (
        "struct R { union { a @0 :Text; b @1 :Int32; } }",
        "struct R { union { c @2 :Int8; a @0 :Text; b @1 :Int32; } }",
        set(),
    ),
    "a union's tag gets a field's number": (
        "struct R { u @0! :union { a @1 :Text; b @2 :Int8; } }",
        "struct R { u :union { a @1 :Text; b @2 :Int8; } x @0 :Int16; }",
        {"union-member-moved"},
    ),
    "a default of a struct": (
        "struct R { a @0 :P = (x = 1); } struct P { x @0 :Int32; }",
        "struct R { a @0 :P = (x = 2); } struct P { x @0 :Int32; }",
        {"field-default-changed"},
    ),
    "a default by a constant": (
        "struct R { a @0 :Int32 = .c; } const c :Int32 = 3;",
        "struct R { a @0 :Int32 = .c; } const c :Int32 = 4;",
        {"field-default-changed"},
    ),
    "a default that is none": ("struct R { a @0 :Int32 = 0; }", "struct R { a @0 :Int32; }", set()),
    "a default of minus nothing": (
        "struct R { a @0 :Float64 = -0.0; }",
        "struct R { a @0 :Float64; }",
        {"field-default-changed"},
    ),
    "a default's enumerant is renamed": (
        f"struct R {{ a @0 :Side = b; }} {SIDE}",
        "struct R { a @0 :Side = z; } enum Side { a @0; z @1; }",
        {"enumerant-renamed"},
    ),
    "a list of lists is made one of structs": (
        "struct R { l @0 :List(List(Int8)); }",
        "struct R { l @0 :List(List(P)); } struct P { x @0 :Int8; y @1 :Text; }",
        {"list-upgraded"},
    ),
    "a list of structs is made one of numbers": (
        "struct R { l @0 :List(P); } struct P { x @0 :Int32; }",
        "struct R { l @0 :List(Int32); } struct P { x @0 :Int32; }",
        {"field-type-changed"},
    ),
    "a list's element lands behind another field": (
        "struct R { l @0 :List(Int32); }",
        "struct R { l @0 :List(P); } struct P { y @1 :Int32; x @2 :Int32; z @0 :Text; }",
        {"field-type-changed"},
    ),
    "a list's element gets a default": (
        "struct R { l @0 :List(Int32); }",
        "struct R { l @0 :List(P); } struct P { x @0 :Int32 = 7; }",
        {"field-type-changed"},
    ),
    "a list of bits": (
        "struct R { l @0 :List(Bool); }",
        "struct R { l @0 :List(P); } struct P { x @0 :Bool; }",
        {"field-type-changed"},
    ),
    "a nested struct moves and changes": (
        "struct R { struct P { x @0 :Int32; } a @0 :P; }",
        "struct R { a @0 :P; } struct P { x @0 :Text; }",
        {"field-type-changed"},
    ),
    "a nested struct moves": (
        "struct R { struct P { x @0 :Int32; } a @0 :P; }",
        "struct R { a @0 :P; } struct P { x @0 :Int32; }",
        set(),
    ),
    "a struct becomes a generic one": ("struct R { a @0 :Text; }", "struct R(T) { a @0 :Text; b @1 :T; }", set()),
    "parameters are swapped": (
        "struct R { a @0 :B(Text, P); } struct B(T, U) { v @0 :T; w @1 :U; } struct P { x @0 :Int32; }",
        "struct R { a @0 :B(Text, P); } struct B(T, U) { v @0 :U; w @1 :T; } struct P { x @0 :Int32; }",
        {"field-type-changed"},
    ),
    "an enumerant is put between": (
        f"struct R {{ a @0 :Side; }} {SIDE}",
        "struct R { a @0 :Side; } enum Side { a @0; c @1; b @2; }",
        {"enum-ordinal-changed"},
    ),
    "an enumerant is added": (
        f"struct R {{ a @0 :Side; }} {SIDE}",
        "struct R { a @0 :Side; } enum Side { c @2; a @0; b @1; }",
        set(),
    ),
    "an interface changes": (
        "struct R { a @0 :I; } interface I { f @0 (); }",
        "struct R { a @0 :I; } interface I { f @0 (x :Int32); }",
        set(),
    ),
}

PROTOBUF: dict[str, tuple[str, str, set[str]]] = {
    "reserved numbers go from the middle": (
        "proto3 message R { int32 a = 1; reserved 5 to 9; }",
        "proto3 message R { int32 a = 1; reserved 5, 9; }",
        {"reservation-dropped"},
    ),
    "a reservation is spelled in parts": (
        "proto3 message R { int32 a = 1; reserved 5 to 9; }",
        "proto3 message R { int32 a = 1; reserved 8 to max, 5, 6 to 7; }",
        set(),
    ),
    "a reserved number of an enum is free": (
        "proto3 message R { E a = 1; } enum E { A = 0; reserved 1; }",
        "proto3 message R { E a = 1; } enum E { A = 0; }",
        {"reservation-dropped"},
    ),
    "a field keeps to its oneof": (
        "proto3 message R { oneof o { int32 a = 1; int32 b = 2; } }",
        "proto3 message R { oneof p { int32 b = 2; int32 a = 1; string c = 3; } }",
        {"field-regrouped"},
    ),
    "two oneofs become one": (
        "proto3 message R { oneof o { int32 a = 1; } oneof p { int32 b = 2; } }",
        "proto3 message R { oneof o { int32 a = 1; int32 b = 2; } }",
        {"oneof-member-moved"},
    ),
    "a oneof is dissolved": (
        "proto3 message R { oneof o { int32 a = 1; int32 b = 2; } }",
        "proto3 message R { optional int32 a = 1; optional int32 b = 2; }",
        {"field-regrouped"},
    ),
    "a group becomes a message": (
        "proto2 message R { optional group A = 1 { optional int32 x = 1; } }",
        "proto2 message R { optional A a = 1; message A { optional int32 x = 1; } }",
        {"field-type-changed"},
    ),
    "a first value is another default": (
        "proto2 message R { optional E a = 1; } enum E { B = 1; A = 0; }",
        "proto2 message R { optional E a = 1; } enum E { A = 0; B = 1; }",
        {"field-default-changed"},
    ),
    "a name with two numbers": (
        "proto3 message R { E a = 1; } enum E { option allow_alias = true; A = 0; B = 1; C = 1; }",
        "proto3 message R { E a = 1; } enum E { A = 0; B = 1; C = 2; }",
        {"enum-ordinal-changed"},
    ),
    "an alias goes": (
        "proto3 message R { E a = 1; } enum E { option allow_alias = true; A = 0; B = 1; C = 1; }",
        "proto3 message R { E a = 1; } enum E { A = 0; B = 1; }",
        {"enumerant-renamed"},
    ),
    "names move on by one": (
        "proto3 message R { int32 a = 1; int32 b = 2; }",
        "proto3 message R { int32 b = 1; int32 c = 2; }",
        {"field-removed", "field-renumbered"},
    ),
    "a map's key": (
        "proto3 message R { map<int32, int32> a = 1; }",
        "proto3 message R { map<string, int32> a = 1; }",
        {"field-type-changed"},
    ),
    "a map's value": (
        "proto3 message R { map<string, int64> a = 1; }",
        "proto3 message R { map<string, int32> a = 1; }",
        {"field-type-narrowed"},
    ),
    "a value of a closed enum goes, and is reserved": (
        "proto2 message R { optional E a = 1; } enum E { A = 0; B = 1; }",
        "proto2 message R { optional E a = 1; } enum E { A = 0; reserved 1; }",
        {"enumerant-removed"},
    ),
    "a number becomes a closed enum": (
        "proto2 message R { optional int32 a = 1; }",
        "proto2 message R { optional E a = 1; } enum E { A = 0; }",
        {"field-type-narrowed"},
    ),
    "a required field is new": (
        "proto2 message R { optional int32 a = 1; }",
        "proto2 message R { optional int32 a = 1; required int32 b = 2; }",
        {"required-added"},
    ),
    "a nested message changes": (
        "proto3 message R { P p = 1; message P { int32 x = 1; } }",
        "proto3 message R { P p = 1; } message P { sint32 x = 1; }",
        {"field-type-changed"},
    ),
}

SCALARS: dict[Format, tuple[str, ...]] = {
    "capnp": (
        *("Bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"),
        *("Text", "Data", "Void", "Side", "P"),
    ),
    "protobuf": (
        *("bool", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "sfixed32", "fixed64"),
        *("sfixed64", "float", "double", "string", "bytes", "E", "P"),
    ),
}
FORMS: dict[Format, tuple[str, ...]] = {
    "capnp": ("a @0 :{}; b @1 :UInt8;", "a @0 :List({});", "a @0 :List(List({}));"),
    "protobuf": ("{} a = 1;", "repeated {} a = 1;", "oneof o {{ {} a = 1; }}", "map<string, {}> a = 1;"),
}
BESIDE: dict[Format, str] = {
    "capnp": f"@0xabcdef1234567890; {SIDE} struct P {{ x @0 :Int32; y @1 :Text; }}",
    "protobuf": 'syntax = "proto3"; enum E { A = 0; B = 1; N = -1; } message P { int32 x = 1; string y = 2; }',
}
BY_CHANCE: dict[Format, set[frozenset[str]]] = {
    "capnp": {
        *(frozenset({each, "Side"}) for each in ("Int8", "UInt8", "Int16", "UInt16")),
        *(frozenset({each, "Bool"}) for each in ("Int8", "UInt8")),
    },
    "protobuf": {frozenset({"bool", "E"})},
}
"""Types of which one reads as the other although the format does not say so; these are called breaks to be careful."""


UNSEEN = {"parameters are swapped"}  # what a parameter stands for, pycapnp does not read


def capnp(text: str) -> str:
    return f"@0xabcdef1234567890;\n{text}\n"


def protobuf(text: str) -> str:
    syntax, _, rest = text.partition(" ")
    return f'syntax = "{syntax}";\n{rest}\n'


def told(format_name: Format, pairs: list[tuple[str, str]]) -> list[tuple[Break, ...]]:
    parsed = versions(format_name, [text for pair in pairs for text in pair])
    assert [each.flaws for each in parsed] == [()] * len(parsed)
    return [compare(parsed[at], parsed[at + 1]) for at in range(0, len(parsed), 2)]


@pytest.mark.parametrize(("format_name", "table", "spell"), [("capnp", CAPNP, capnp), ("protobuf", PROTOBUF, protobuf)])
def test_what_people_do(format_name: Format, table: dict[str, tuple[str, str, set[str]]], spell: Any) -> None:
    pairs = [(spell(old), spell(new)) for old, new, _ in table.values()]
    found = told(format_name, pairs)
    rules = {name: {one.rule.name for one in each} for name, each in zip(table, found, strict=True)}
    assert rules == {name: expected for name, (_, _, expected) in table.items()}
    lost = losses(format_name, [(*pair, "R") for pair in pairs])
    for name, each, gone in zip(table, found, lost, strict=True):
        assert isinstance(gone, list), (name, gone)
        assert bool(gone) == any(one.wire for one in each) or name in UNSEEN, (name, gone)


@pytest.mark.parametrize(
    ("format_name", "form"), [(format_name, form) for format_name, forms in FORMS.items() for form in forms]
)
def test_every_type_beside_every_other(format_name: Format, form: str) -> None:
    """In records of their own, so that each can be unreadable by itself."""
    keyword = "struct" if format_name == "capnp" else "message"
    pairs = [*itertools.permutations(SCALARS[format_name], 2)]
    old, new = (
        BESIDE[format_name]
        + "\n".join(f"{keyword} R{n} {{ {form.format(pair[side])} }}" for n, pair in enumerate(pairs))
        for side in (0, 1)
    )
    (found,) = told(format_name, [(old, new)])
    broken = {one.subject.partition(".")[0] for one in found if one.wire}
    gone = lost(format_name, old, new, [f"R{n}" for n in range(len(pairs))])
    gone |= lost(format_name, old, new, 8 * sorted(broken - gone))  # not every value is lost
    lies = {pairs[int(name[1:])] for name in gone - broken}
    alarms = {frozenset(pairs[int(name[1:])]) for name in broken - gone}
    assert not lies
    assert alarms <= BY_CHANCE[format_name]
    assert broken


def lost(format_name: Format, old: str, new: str, records: list[str]) -> set[str]:
    """The records of which something is lost."""
    (found,) = losses(format_name, [(old, new, " ".join(records))])
    assert isinstance(found, list), found
    return {each.partition(".")[0] for each in found}
