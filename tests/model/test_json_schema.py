"""The JSON Schemas accept what the models accept and refuse what they refuse, in every spelling; the list of what can
still differ is `DIFFERENCES`, and there is nothing else."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import jsonschema
import pytest
from budget import tries
from hypothesis import assume, event, given
from hypothesis import strategies as st
from json_documents import NUMBERS, SAMPLES, WORDS, Plain, Quoted, as_an_editor, core, documents, written
from json_examples import EXAMPLES
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from ssmd_compiler.model import Bound, ShapeFault, ShapeKind, bind, bind_settings, scalars
from ssmd_compiler.model.json_schema import KINDS, json_schema
from ssmd_compiler.model.spelling import MIDDLEWARE, OLDER_NAMES
from ssmd_compiler.source import Quoted as Read
from ssmd_compiler.source import read_document


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Any:
    """As editors match: `$` is the end of the text, and not also the place before a last line break."""
    if isinstance(instance, str) and not re.search(pattern.removesuffix("$") + r"\Z", instance):
        yield jsonschema.ValidationError("it does not match")


Draft07 = jsonschema.validators.extend(jsonschema.Draft7Validator, {"pattern": _pattern})
SCHEMAS = {kind: json_schema(kind) for kind in KINDS}
VALIDATORS = {kind: Draft07(schema) for kind, schema in SCHEMAS.items()}


@dataclass(frozen=True)
class Case:
    """One document, as each side sees it."""

    kind: str
    tree: Any

    @property
    def text(self) -> str:
        return written(self.tree)

    @property
    def bound(self) -> Bound[Any]:
        if self.kind == "Settings":
            return bind_settings(read_document("ssmd.yaml", self.text.encode()))
        return bind(read_document(f"somewhere/{self._stem()}.yaml", self.text.encode()), self.kind)

    def _stem(self) -> str:
        """The file has the document's name, whatever that is: a schema does not know the file."""
        root = self.tree if isinstance(self.tree, dict) else {}
        metadata = root.get("metadata")
        enveloped = "kind" in root or "spec" in root
        name = (metadata.get("name") if isinstance(metadata, dict) else None) if enveloped else root.get("name")
        return str(name) if isinstance(name, str) else "dev"

    def said(self, fault: ShapeFault) -> str:
        """The text that a fault points at; documents here are of one line."""
        return self.text[fault.span.column - 1 : fault.span.end_column - 1]


# What can differ, and why. Each is asked only about documents on which the two disagree.


def _spelling(case: Case, fault: ShapeFault) -> bool:
    said = case.said(fault)
    value = core(said) if not said.startswith(('"', "{", "[")) else said
    if isinstance(value, str):
        return False
    return (
        said != _usual(value)
        or fault.kind is ShapeKind.BAD_NAME
        or any(words in fault.detail for words in FORMS_OF_DIGITS)
    )


def _usual(value: Any) -> str:
    """How a value is usually written."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


FORMS_OF_DIGITS = (
    "lower-case letters",
    "letters and digits",
    "container image",
    "CPU such as",
    "expected a number of at most 18 digits",
)
"""A number that is written as usual can still have too many digits, or a point where none may be."""


def _together(case: Case, fault: ShapeFault) -> bool:
    return fault.kind is ShapeKind.SAID_TWICE and ("keys" in case.text or "secrets" in case.text)


def _mixed(case: Case, fault: ShapeFault) -> bool:
    beside = {"kind", "spec"} & case.tree.keys() and case.tree.keys() - {"apiVersion", "kind", "metadata", "spec"}
    return bool(beside) and fault.kind in (ShapeKind.SAID_TWICE, ShapeKind.MISSING_FIELD)


def _host(case: Case, fault: ShapeFault) -> bool:
    return "address of a host" in fault.detail


DIFFERENCES: dict[str, Callable[[Case, ShapeFault], bool]] = {
    "a plain number, boolean or null: an editor knows what it is and not how it is spelled (0x10, 010, 1.0, True)": _spelling,
    "one key said twice: in a list of keys, or in `keys` and `secrets`": _together,
    "fields beside `spec`: what is required or said twice is not looked for": _mixed,
    "a host that only a parser of URLs refuses: an IPv6 address that is none": _host,
}
"""What a schema accepts and the models refuse."""

NULLS = {"Null", "NULL"}
"""What the models accept and a schema refuses: text to us, nothing to YAML 1.2. There is nothing else."""


def check(case: Case) -> None:
    bound, errors = case.bound, list(VALIDATORS[case.kind].iter_errors(as_an_editor(case.tree)))
    event(f"{case.kind}: {'sound' if bound.sound else 'unsound'}")
    assume(as_an_editor(case.tree) is not None)  # an empty file is nobody's document
    assert not bound.document.faults, case.text
    if bound.sound and errors:
        assert any(one in NULLS for one in _plains(case.tree)), (case.text, [error.message for error in errors])
    if not bound.sound and not errors:
        for fault in bound.faults:
            allowed = [name for name, differs in DIFFERENCES.items() if differs(case, fault)]
            assert allowed, (case.text, fault)
            event(allowed[0])


def _plains(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for pair in node.items() for one in pair for text in _plains(one)]
    if isinstance(node, list):
        return [text for one in node for text in _plains(one)]
    return [node] if isinstance(node, Plain) else []


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@tries(100)
def test_models_and_schemas_accept_the_same_documents(kind, data):
    check(Case(kind, data.draw(documents(kind))))


# By hand


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: one.title)
def test_an_example_is_taken_and_shown_as_it_is_told(one):
    name = (
        "ssmd.yaml"
        if one.kind == "Settings"
        else f"somewhere/{re.search('name: ([a-z]+)|$', one.text)[1] or 'dev'}.yaml"
    )
    document = read_document(name, one.text.encode())
    errors = list(VALIDATORS[one.kind].iter_errors(as_an_editor(_tree(document.data))))
    bound = bind_settings(document) if one.kind == "Settings" else bind(document, one.kind)
    assert (bound.sound, not errors) == (one.taken, one.shown), (bound.faults, errors)


def _tree(node: Any) -> Any:
    """What was read, as the generator would have made it."""
    if isinstance(node, dict):
        return {Plain(key): _tree(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_tree(one) for one in node]
    return node if node is None else Quoted(node) if isinstance(node, Read) else Plain(node)


FORMS = {
    form.name: Annotated[kind, validator, form]
    for kind, validator, form in (
        (annotation.__origin__, *[one for one in annotation.__metadata__ if isinstance(one, BeforeValidator)], last)
        for annotation in vars(scalars).values()
        if typing.get_origin(annotation) is Annotated
        for last in [annotation.__metadata__[-1]]
    )
    if form.name in SAMPLES
}


def test_every_form_has_samples():
    written_down = {
        name for schema in SCHEMAS.values() for name, one in schema["definitions"].items() if "properties" not in one
    }
    assert written_down - {"Envelope", "Flat", "Mixed", "Freeform"} <= {*SAMPLES}
    assert FORMS.keys() == SAMPLES.keys() - {"DocumentName"}


@pytest.mark.parametrize("name", FORMS)
def test_a_scalar_is_taken_and_shown_alike(name):
    """Every sample of every form, plain and in quotes; a right one is right to both."""
    schema = Draft07(FORMS[name].__metadata__[-1].schema())
    adapter = TypeAdapter(FORMS[name])
    good, bad = SAMPLES[name]
    for text in [*good, *bad, *NUMBERS, *WORDS]:
        for plain in (True, False):
            value = core(text) if plain else text
            shown = schema.is_valid(value)
            taken = value is not None and _valid(adapter, text if plain else Read(text))
            assert taken or text not in good or not plain, text
            if taken and not shown:
                assert text in NULLS, text
            if shown and not taken:
                respelled = not isinstance(value, str) and text != _usual(value)
                assert plain, text
                assert respelled or name in {"Name", "Identifier", "ImageName", "Cpu", "Number"}, text


def _valid(adapter: TypeAdapter[Any], value: str) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


# What a person sees in the editor


def test_they_are_schemas():
    for schema in SCHEMAS.values():
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        jsonschema.Draft7Validator.check_schema(schema)


def test_every_field_says_what_it_is():
    for kind, schema in SCHEMAS.items():
        for name, definition in schema["definitions"].items():
            for field, one in definition.get("properties", {}).items() if "title" in definition else ():
                about = one if name != "ListedKey" else {"description": "said of the key"} | one
                assert about.get("description") or field in MIDDLEWARE, (kind, name, field)


def test_a_default_is_one_that_the_field_takes():
    for schema in SCHEMAS.values():
        for name, definition in schema["definitions"].items():
            for field, one in definition.get("properties", {}).items():
                if "default" in one:
                    fields = Draft07(
                        {"$ref": f"#/definitions/{name}/properties/{field}", "definitions": schema["definitions"]}
                    )
                    assert fields.is_valid(one["default"]), (name, field)


def test_older_names_are_told_apart():
    """As the tables of `spelling` say, and nothing else is."""
    older = {
        (name, field)
        for schema in SCHEMAS.values()
        for name, definition in schema["definitions"].items()
        for field, one in definition.get("properties", {}).items()
        if one.get("deprecated")
    }
    told = {(model, field) for model, names in OLDER_NAMES.items() for field in names}
    assert older == told | {("Environment", "secrets")}
