"""The rules of Protocol Buffers' binary encoding. Source: its language guide, "Updating a message type"."""

from __future__ import annotations

from functools import partial
from typing import Final

from ssmd_compiler.compat.rule import Rule

__all__ = ["RULES"]

_wire = partial(Rule, format="protobuf", tier="wire")
_source = partial(Rule, format="protobuf", tier="source")

RULES: Final = (
    _wire(
        "record-removed",
        means="a message that was recorded is declared no more",
        remedy="keep the message, under its name",
        old="message Trade { string price = 1; }",
        new="message Fill { string price = 1; }",
    ),
    _wire(
        "field-removed",
        means="what was recorded in the field is passed over, and its number is free for another meaning",
        remedy="keep the field, or reserve its number: `reserved 2;`",
        old="message Trade { string price = 1; string side = 2; }",
        new="message Trade { string price = 1; }",
    ),
    _wire(
        "field-renumbered",
        means="the field is looked for under a number where another one, or nothing, was recorded",
        remedy="give the field its old number back",
        old="message Trade { string price = 1; }",
        new="message Trade { string price = 2; }",
    ),
    _wire(
        "field-type-changed",
        means="the bytes are passed over, or read as something that they are not",
        remedy="keep the field as it is, and add one of the new type with a new number",
        old="message Trade { double size = 1; }",
        new="message Trade { string size = 1; }",
    ),
    _wire(
        "field-type-narrowed",
        means="values that the new type cannot hold read as others, or make the message unreadable",
        remedy="keep the wider type, or add a field of the new one with a new number",
        old="message Trade { int64 size = 1; }",
        new="message Trade { int32 size = 1; }",
    ),
    _wire(
        "field-default-changed",
        means="a field that was not recorded reads as another value",
        remedy="keep the default, or add a field with the new one",
        old="message Trade { optional int32 size = 1 [default = 1]; }",
        new="message Trade { optional int32 size = 1 [default = 2]; }",
    ),
    _wire(
        "field-now-singular",
        means="of the elements recorded the last one is read, or none",
        remedy="keep the field repeated, or add another one with a new number",
        old="message Trade { repeated string tags = 1; }",
        new="message Trade { string tags = 1; }",
    ),
    _wire(
        "required-added",
        means="a message that was recorded without the field cannot be read at all",
        remedy="make the field optional",
        old="message Trade { optional string price = 1; }",
        new="message Trade { required string price = 1; }",
    ),
    _wire(
        "reserved-number-reused",
        means="bytes of the field or value that once had the number are read as the new one",
        remedy="take a number that was never used",
        old="message Trade { string price = 1; reserved 2; }",
        new="message Trade { string price = 1; string side = 2; }",
    ),
    _wire(
        "oneof-member-moved",
        means="of two fields that were recorded together one is lost",
        remedy="leave existing fields where they are; a new oneof may take in one of them",
        old="message Trade { string price = 1; string yield = 2; }",
        new="message Trade { oneof quote { string price = 1; string yield = 2; } }",
    ),
    _wire(
        "enumerant-removed",
        means="a recorded value has no name any more, and its number is free for another meaning",
        remedy="keep the value, or reserve its number if the enum is an open one: `reserved 1;`",
        old="message Trade { Side side = 1; }  enum Side { BUY = 0; SELL = 1; }",
        new="message Trade { Side side = 1; }  enum Side { BUY = 0; }",
    ),
    _wire(
        "enum-ordinal-changed",
        means="a recorded value has another name, or none",
        remedy="give the value its old number back",
        old="message Trade { Side side = 1; }  enum Side { NONE = 0; BUY = 1; SELL = 2; }",
        new="message Trade { Side side = 1; }  enum Side { NONE = 0; BUY = 2; SELL = 1; }",
    ),
    _wire(
        "enum-closed",
        means="a recorded number that has no name is passed over, where it was kept",
        remedy="keep the enum open: leave it in a proto3 file, or one of an edition",
        old='syntax = "proto3";  message Trade { optional Side side = 1; }  enum Side { BUY = 0; }',
        new='syntax = "proto2";  message Trade { optional Side side = 1; }  enum Side { BUY = 0; }',
    ),
    _wire(
        "cannot-be-proven",
        means="there is more to compare than is compared: 5,000 members, or types that meet in very many pairs",
        remedy="split the definition, or approve the break",
        old="",
        new="",
    ),
    _source(
        "field-retired",
        means="the field is gone and its number is reserved, as it should be; what was recorded in it is passed over",
        remedy="change the code that reads the field with the version",
        old="message Trade { string price = 1; string side = 2; }",
        new="message Trade { string price = 1; reserved 2; }",
    ),
    _source(
        "field-renamed",
        means="bytes read as before; code and JSON that name the field must change",
        remedy="make sure that the meaning is the same, and change the code with the version",
        old="message Trade { string price = 1; }",
        new="message Trade { string rate = 1; }",
    ),
    _source(
        "field-type-widened",
        means="every recorded value reads as the same one, of a wider type",
        remedy="change the code with the version: it meets values that the old type could not hold",
        old="message Trade { int32 size = 1; }",
        new="message Trade { int64 size = 1; }",
    ),
    _source(
        "field-now-repeated",
        means="a recorded value reads as a list of one",
        remedy="change the code with the version",
        old="message Trade { string tag = 1; }",
        new="message Trade { repeated string tag = 1; }",
    ),
    _source(
        "field-presence-changed",
        means="bytes read as before; code asks in another way whether the field is there",
        remedy="change the code with the version",
        old="message Trade { string price = 1; }",
        new="message Trade { optional string price = 1; }",
    ),
    _source(
        "field-regrouped",
        means="bytes read as before; code finds the field in another oneof, or in none",
        remedy="change the code with the version",
        old="message Trade { string price = 1; }",
        new="message Trade { oneof quote { string price = 1; string yield = 2; } }",
    ),
    _source(
        "reservation-dropped",
        means="a number that was used once is free for another meaning",
        remedy="keep the reservation",
        old="message Trade { string price = 1; reserved 2; }",
        new="message Trade { string price = 1; }",
    ),
    _source(
        "enumerant-retired",
        means="the value is gone and its number is reserved, as it should be; a recorded one reads as a bare number",
        remedy="change the code that reads the value with the version",
        old='syntax = "proto3";  message Trade { Side side = 1; }  enum Side { BUY = 0; SELL = 1; }',
        new='syntax = "proto3";  message Trade { Side side = 1; }  enum Side { BUY = 0; reserved 1; }',
    ),
    _source(
        "enumerant-renamed",
        means="bytes read as before; code and JSON that name the value must change",
        remedy="make sure that the meaning is the same, and change the code with the version",
        old="message Trade { Side side = 1; }  enum Side { BUY = 0; SELL = 1; }",
        new="message Trade { Side side = 1; }  enum Side { BID = 0; SELL = 1; }",
    ),
    _source(
        "type-renamed",
        means="bytes carry no names of types; code that names the type must change",
        remedy="change the code with the version",
        old="message Trade { Side side = 1; }  enum Side { BUY = 0; SELL = 1; }",
        new="message Trade { Way side = 1; }  enum Way { BUY = 0; SELL = 1; }",
    ),
    _source(
        "package-changed",
        means="bytes carry no names of packages; code that imports the messages must change",
        remedy="change the code with the version",
        old="package trade.v1;  message Trade { string price = 1; }",
        new="package trade.v2;  message Trade { string price = 1; }",
    ),
)
