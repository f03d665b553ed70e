"""The rules of Cap'n Proto. Source: its documentation, "Evolving Your Protocol", and what its encoding does."""

from __future__ import annotations

from functools import partial
from typing import Final

from ssmd_compiler.compat.rule import Rule

__all__ = ["RULES"]

_wire = partial(Rule, format="capnp", tier="wire")
_source = partial(Rule, format="capnp", tier="source")

RULES: Final = (
    _wire(
        "record-removed",
        means="a struct that was recorded is declared no more",
        remedy="keep the struct, under its name",
        old="struct Trade { price @0 :Text; }",
        new="struct Fill { price @0 :Text; }",
    ),
    _wire(
        "field-removed",
        means="what was recorded in the field can no longer be read",
        remedy="keep the field, and write in a comment that nobody fills it any more",
        old="struct Trade { price @0 :Text; side @1 :Text; }",
        new="struct Trade { price @0 :Text; }",
    ),
    _wire(
        "field-renumbered",
        means="the field is looked for where another one, or nothing, was recorded",
        remedy="give the field its old number back; order in the file is free",
        old="struct Trade { price @0 :Text; side @1 :Text; }",
        new="struct Trade { side @0 :Text; price @1 :Text; }",
    ),
    _wire(
        "field-type-changed",
        means="the bytes are read as something that they are not",
        remedy="keep the field as it is, and add one of the new type with the next number",
        old="struct Trade { size @0 :UInt32; }",
        new="struct Trade { size @0 :Float32; }",
    ),
    _wire(
        "field-default-changed",
        means="values are recorded as their difference from the default, so all of them read as others",
        remedy="keep the default, or add a field with the new one",
        old="struct Trade { size @0 :UInt32 = 1; }",
        new="struct Trade { size @0 :UInt32 = 2; }",
    ),
    _wire(
        "union-member-moved",
        means="the record no longer says which member of the union it holds, or says another one",
        remedy="leave existing fields where they are; a new union may take in one of them, and that as its first",
        old="struct Trade { price @0 :Text; yield @1 :Text; }",
        new="struct Trade { union { price @0 :Text; yield @1 :Text; } }",
    ),
    _wire(
        "enumerant-removed",
        means="a recorded value has no name any more",
        remedy="keep the enumerant, and write in a comment that nobody uses it any more",
        old="struct Trade { side @0 :Side; }  enum Side { buy @0; sell @1; }",
        new="struct Trade { side @0 :Side; }  enum Side { buy @0; }",
    ),
    _wire(
        "enum-ordinal-changed",
        means="a recorded value has another enumerant's name",
        remedy="give the enumerant its old number back; order in the file is free",
        old="struct Trade { side @0 :Side; }  enum Side { buy @0; sell @1; }",
        new="struct Trade { side @0 :Side; }  enum Side { sell @0; buy @1; }",
    ),
    _wire(
        "cannot-be-proven",
        means="there is more to compare than is compared: 5,000 members, or types that meet in very many pairs",
        remedy="split the definition, or approve the break",
        old="",
        new="",
    ),
    _source(
        "field-renamed",
        means="bytes read as before; code that names the field must change",
        remedy="make sure that the meaning is the same, and change the code with the version",
        old="struct Trade { price @0 :Text; }",
        new="struct Trade { rate @0 :Text; }",
    ),
    _source(
        "field-regrouped",
        means="bytes read as before; code finds the field in another group or union",
        remedy="change the code with the version; in a union it must ask first which member is there",
        old="struct Trade { price @0 :Text; }",
        new="struct Trade { union { price @0 :Text; yield @1 :Text; } }",
    ),
    _source(
        "list-upgraded",
        means="each element reads as a struct whose first field is the old element",
        remedy="change the code with the version: an element is now reached through its field",
        old="struct Trade { prices @0 :List(Float64); }",
        new="struct Trade { prices @0 :List(Level); }  struct Level { price @0 :Float64; size @1 :Float64; }",
    ),
    _source(
        "enumerant-renamed",
        means="bytes read as before; code that names the enumerant must change",
        remedy="make sure that the meaning is the same, and change the code with the version",
        old="struct Trade { side @0 :Side; }  enum Side { buy @0; sell @1; }",
        new="struct Trade { side @0 :Side; }  enum Side { bid @0; sell @1; }",
    ),
    _source(
        "type-renamed",
        means="bytes carry no names of types; code that names the type must change",
        remedy="change the code with the version",
        old="struct Trade { side @0 :Side; }  enum Side { buy @0; sell @1; }",
        new="struct Trade { side @0 :Way; }  enum Way { buy @0; sell @1; }",
    ),
)
