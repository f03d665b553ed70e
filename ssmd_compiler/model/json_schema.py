"""The models as JSON Schemas (draft 07, which editors read best): what `ssmd schema-json` prints.

Made from the models, their docstrings and the tables of `spelling`, and from nothing else. They say what one document
can be by itself; whether its names lead anywhere is left to `ssmd validate`. Where an editor and the compiler can still
differ is listed, with the property test that finds no other place, in tests/model/test_json_schema.py.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
import typing
from typing import TYPE_CHECKING, Any, Final

from annotated_types import MaxLen, MinLen

from ssmd_compiler.model.base import SECOND_FORM, Model
from ssmd_compiler.model.bind import MODELS, NAMES
from ssmd_compiler.model.forms import Form
from ssmd_compiler.model.json_spellings import document
from ssmd_compiler.model.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KINDS", "json_schema"]

KINDS: Final = (*MODELS, "Settings")
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_CONSTRAINTS: Final = {
    "array": {MinLen: "minItems", MaxLen: "maxItems"},
    "object": {MinLen: "minProperties", MaxLen: "maxProperties"},
}

Schema = dict[str, Any]


def json_schema(kind: str) -> Schema:
    """The schema of a document of that kind, in every spelling that is read."""
    definitions = _Definitions()
    model = Settings if kind == "Settings" else MODELS[kind]
    definitions.model(model)
    if kind == "Settings":
        root: Schema = {"$ref": "#/definitions/Settings"}
    else:
        root = document(kind, NAMES[kind].pattern, definitions.said)
    about = {"$schema": _DRAFT, "title": kind, "description": _docstrings(model)[""]}
    # Draft 07 ignores what stands beside a reference.
    body = {"allOf": [root]} if "$ref" in root else root
    return about | body | {"definitions": dict(sorted(definitions.said.items()))}


class _Definitions:
    """Every model and every scalar that a kind is made of, each written once, by name."""

    def __init__(self) -> None:
        self.said: dict[str, Schema] = {}

    def model(self, model: type[Model]) -> Schema:
        """A reference to `model`, which is written down when it is met first."""
        name = model.__name__
        if name not in self.said:
            self.said[name] = {}
            self.said[name] = self._model(model)
        return {"$ref": f"#/definitions/{name}"}

    def _model(self, model: type[Model]) -> Schema:
        told = _docstrings(model)
        properties: dict[str, Schema] = {}
        required = []
        for name, field in model.model_fields.items():
            spelled = field.alias or name
            if name == "name" and model in MODELS.values():
                continue  # It is the envelope's, or stands beside the fields.
            value = self.value(field.annotation, field.metadata)
            if spelled.endswith(SECOND_FORM):
                first = properties[spelled.removesuffix(SECOND_FORM)]
                first["anyOf"] = [_bare(first), _without_null(value)]
                continue
            about = {"title": spelled, "description": told.get(name, ""), **_default(field.default)}
            properties[spelled] = about | value
            if field.is_required():
                required.append(spelled)
        return {
            "title": model.__name__,
            "description": told[""],
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }

    def value(self, kind: Any, metadata: Iterable[Any] = ()) -> Schema:
        """What stands for an annotation."""
        forms = [one for one in metadata if isinstance(one, Form)]
        if forms:
            return self._scalar(forms[-1])
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.value(arguments[0], kind.__metadata__)
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.value(one) for one in arguments]}
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return {"type": "array", "items": self.value(arguments[0]), **_bounds("array", metadata)}
        if origin is dict:
            return self._map(*arguments) | _bounds("object", metadata)
        return {"type": "null"} if kind is type(None) else self.model(kind)

    def _scalar(self, form: Form) -> Schema:
        self.said.setdefault(form.name, form.schema())
        return {"$ref": f"#/definitions/{form.name}"}

    def _map(self, key: Any, value: Any) -> Schema:
        names = self.value(key) if key is not str else {}
        return {"type": "object", "additionalProperties": self.value(value)} | (
            {"propertyNames": names} if names else {}
        )


def _bounds(kind: str, metadata: Iterable[Any]) -> Schema:
    keys = _CONSTRAINTS[kind]
    return {
        keys[type(one)]: one.max_length if isinstance(one, MaxLen) else one.min_length
        for one in metadata
        if type(one) in keys
    }


def _default(default: Any) -> Schema:
    return {"default": default} if isinstance(default, str | int | float) else {}


def _bare(schema: Schema) -> Schema:
    """What a property is, taken out of it; what is said about it stays."""
    return {key: schema.pop(key) for key in list(schema) if key not in ("title", "description")}


def _without_null(schema: Schema) -> Any:
    return next(one for one in schema["anyOf"] if one != {"type": "null"})


def _docstrings(model: type[Model]) -> dict[str, str]:
    """What the source says of a model (under "") and of each of its fields, right below it.

    Read here and not by pydantic: to read sources while models are built would cost every command its start.
    """
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 -- that is what the source of a class is
    told = {"": inspect.cleandoc(ast.get_docstring(body) or "")}
    for statement, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    told[statement.target.id] = " ".join(text.split())
    return {name: " ".join(text.split()) for name, text in told.items()}
