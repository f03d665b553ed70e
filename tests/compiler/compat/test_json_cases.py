"""Spellings that say the same, or accept more, are no breaks; what is noticed beside that is true."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from test_json_truth import DRAFTS, parsed

from ssmd_compiler.compat import compare

TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
CASES: dict[str, tuple[Any, Any, set[str]]] = {
    "types become alternatives": ({"type": ["string", "null"]}, TEXT_OR_NULL, set()),
    "alternatives become types": (TEXT_OR_NULL, {"type": ["string", "null"]}, set()),
    "types become alternatives that are apart": (
        {"type": ["number", "null"]},
        {"oneOf": [{"type": "number"}, {"type": "null"}]},
        set(),
    ),
    "types become alternatives, with one less": (
        {"type": ["string", "boolean"]},
        TEXT_OR_NULL,
        {"alternative-removed"},
    ),
    "types become alternatives, one of them narrower": (
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]},
        {"alternative-removed"},
    ),
    "a type becomes one of several": ({"type": "string"}, TEXT_OR_NULL, {"type-widened"}),
    "elements that there are none of": (
        {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
        {"type": "array", "prefixItems": [{"type": "number"}], "items": False},
        set(),
    ),
}
VALUES = (None, True, 0, 1.5, "", "a", [], [1], [1.5], {}, {"a": 1})


@pytest.mark.parametrize("name", CASES)
def test_a_change(name: str) -> None:
    old, new, rules = CASES[name]
    found = compare(parsed({"$schema": DRAFTS[0], **old}, "old"), parsed({"$schema": DRAFTS[0], **new}, "new"))
    assert {one.rule.name for one in found} == rules
    before, after = Draft202012Validator(old), Draft202012Validator(new)
    refused = [each for each in VALUES if before.is_valid(each) and not after.is_valid(each)]
    assert bool(refused) == any(one.wire for one in found)


def test_what_can_stand_here_is_said_in_words_of_the_schema() -> None:
    new = {"anyOf": [{"type": "string"}, {"type": "number"}]}
    old = {"$schema": DRAFTS[0], "type": "string"}
    (found,) = compare(parsed(old, "old"), parsed({"$schema": DRAFTS[0], **new}, "new"))
    assert found.said == "number can stand here now"
