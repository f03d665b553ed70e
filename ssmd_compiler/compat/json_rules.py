"""The rules of JSON Schema: the newer version must accept every document that the older one accepted.

Source: JSON Schema, core and validation; what can be broken follows from what its keywords forbid.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from ssmd_compiler.compat.rule import Rule

__all__ = ["RULES"]

_wire = partial(Rule, format="json_schema", tier="wire")
_source = partial(Rule, format="json_schema", tier="source")

RULES: Final = (
    _wire(
        "type-narrowed",
        means="values of a type that was accepted are refused",
        remedy="accept the old type as well, or add a property of another name",
        old='{"properties": {"size": {"type": "number"}}}',
        new='{"properties": {"size": {"type": "integer"}}}',
    ),
    _wire(
        "values-narrowed",
        means="a value that was accepted is refused",
        remedy="keep every value of the enum",
        old='{"properties": {"side": {"enum": ["buy", "sell", "none"]}}}',
        new='{"properties": {"side": {"enum": ["buy", "sell"]}}}',
    ),
    _wire(
        "limit-tightened",
        means="a value past the new limit was accepted and is refused",
        remedy="keep the old limit",
        old='{"properties": {"price": {"type": "number", "minimum": 0}}}',
        new='{"properties": {"price": {"type": "number", "minimum": 1}}}',
    ),
    _wire(
        "pattern-changed",
        means="a text that the old expression accepted may be refused; expressions are not compared but for equality",
        remedy="keep the expression, or approve the break",
        old='{"properties": {"ticker": {"type": "string"}}}',
        new='{"properties": {"ticker": {"type": "string", "pattern": "^KX"}}}',
    ),
    _wire(
        "format-changed",
        means="a text of another format was accepted, and may be refused by a reader that asserts formats",
        remedy="keep the format, or approve the break",
        old='{"properties": {"time": {"type": "string"}}}',
        new='{"properties": {"time": {"type": "string", "format": "date-time"}}}',
    ),
    _wire(
        "required-added",
        means="a document without the property was accepted and is refused",
        remedy="do not require it",
        old='{"properties": {"price": {"type": "string"}}}',
        new='{"properties": {"price": {"type": "string"}}, "required": ["price"]}',
    ),
    _wire(
        "property-added-to-open",
        means="the old version accepted anything under this name, and the new one does not",
        remedy="close the older version with `additionalProperties: false` if nobody wrote others, or approve it",
        old='{"properties": {"price": {"type": "string"}}}',
        new='{"properties": {"price": {"type": "string"}, "side": {"type": "string"}}}',
    ),
    _wire(
        "property-removed",
        means="a document with the property was accepted and is refused",
        remedy="keep the property, or accept additional ones",
        old='{"properties": {"price": {}, "side": {}}, "additionalProperties": false}',
        new='{"properties": {"price": {}}, "additionalProperties": false}',
    ),
    _wire(
        "properties-closed",
        means="properties of any other name were accepted, and are refused or must be of a form",
        remedy="leave the schema open",
        old='{"properties": {"price": {}}}',
        new='{"properties": {"price": {}}, "additionalProperties": false}',
    ),
    _wire(
        "alternative-removed",
        means="what one alternative accepted is accepted by none",
        remedy="keep the alternative",
        old='{"properties": {"price": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}',
        new='{"properties": {"price": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}',
    ),
    _wire(
        "forbidden",
        means="nothing at all is accepted here, and something was",
        remedy="accept what was accepted",
        old='{"properties": {"side": {"type": "string"}}}',
        new='{"properties": {"side": false}}',
    ),
    _wire(
        "cannot-be-proven",
        means="keywords are in use whose meaning is not compared: it may be compatible, and nobody has proven it",
        remedy="leave this part as it was, say it in simpler keywords, or approve the break",
        old='{"properties": {"side": {"type": "string"}}}',
        new='{"properties": {"side": {"type": "string", "not": {"const": "x"}}}}',
    ),
    _source(
        "property-unlisted",
        means="documents with the property are accepted, but the schema says nothing of it any more",
        remedy="change the code that reads the property with the version",
        old='{"properties": {"price": {}, "side": {"type": "string"}}}',
        new='{"properties": {"price": {}}}',
    ),
    _source(
        "type-widened",
        means="what was accepted still is; code meets values of another type as well",
        remedy="change the code that reads the value with the version",
        old='{"properties": {"size": {"type": "integer"}}}',
        new='{"properties": {"size": {"type": ["integer", "string"]}}}',
    ),
    _source(
        "required-dropped",
        means="what was accepted still is; code meets documents without the property",
        remedy="change the code that reads the property with the version",
        old='{"properties": {"price": {}}, "required": ["price"]}',
        new='{"properties": {"price": {}}}',
    ),
    _source(
        "default-changed",
        means="what was accepted still is; code that fills in the default reads another value",
        remedy="keep the default, or change the code with the version",
        old='{"properties": {"size": {"default": 0}}}',
        new='{"properties": {"size": {"default": 1}}}',
    ),
)
