"""Documents -> models: what a person wrote, typed, or every reason why it is not what the model asks for.

All faults of a document at once. A document with a fault binds to nothing; its name stays known as broken, so that
what refers to it is not told a second time.
"""

from __future__ import annotations

import enum
import types
import typing
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ssmd_compiler.model.base import MOST, SECOND_FORM, Model
from ssmd_compiler.model.convert import describe
from ssmd_compiler.model.environment import Environment
from ssmd_compiler.model.feed import Feed
from ssmd_compiler.model.remedies import accepted, accepted_at_top, right_scalar
from ssmd_compiler.model.scalars import ENVIRONMENT_NAME, NAME, SCHEMA_NAME
from ssmd_compiler.model.schema import Schema
from ssmd_compiler.model.settings import Settings
from ssmd_compiler.model.spelling import API_VERSION, Spelled, spell
from ssmd_compiler.record import Record, replace
from ssmd_compiler.source import Document, Map, Path, Seq

if typing.TYPE_CHECKING:
    from ssmd_compiler.diagnostics import Span

__all__ = ["Bound", "ShapeFault", "ShapeKind", "bind", "bind_settings", "outline"]

T = TypeVar("T", bound=Model)
MOST_FAULTS = 500
"""Faults of one document that are looked at; its checks tell fifty of a kind."""

NAMES = {"Feed": NAME, "Schema": SCHEMA_NAME, "Environment": ENVIRONMENT_NAME}
MODELS: dict[str, type[Model]] = {"Feed": Feed, "Schema": Schema, "Environment": Environment}


class ShapeKind(enum.StrEnum):
    """Every reason for which a document is not what its kind asks for."""

    NOT_A_MAPPING = "not-a-mapping"
    UNKNOWN_FIELD = "unknown-field"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    NOT_ALLOWED = "not-allowed"
    WRONG_FORM = "wrong-form"
    WRONG_KIND = "wrong-kind"
    NAME_DIFFERS = "name-differs"
    API_VERSION = "api-version"
    BAD_NAME = "bad-name"
    SAID_TWICE = "said-twice"


class ShapeFault(Record, frozen=True):
    """One fact: which kind, where, the field, what its message quotes, and the names that could be meant."""

    kind: ShapeKind
    span: Span
    subject: str
    detail: str = ""
    known: tuple[str, ...] = ()
    other: Span | None = None
    older: tuple[str, ...] = ()
    """Names that could be meant as well, and are not listed: older ones, and those of the envelope."""
    written: str = ""
    """The text that stands there, where `known` is what it could mean and `detail` says something else."""
    right: str = ""
    """What should stand there, where that is certain."""
    near_secrets: bool = False
    """It stands among keys, where somebody may have written the secret itself: what is there is not shown."""


class Bound(Record, Generic[T], frozen=True):
    """A document and its model; `value` is None when there are faults."""

    document: Document
    body: Map
    name: str
    value_: T | None
    faults: tuple[ShapeFault, ...] = ()

    @property
    def value(self) -> T:
        """The model; ask only where `sound`."""
        assert self.value_ is not None  # noqa: S101 -- callers look at `sound` first
        return self.value_

    @property
    def sound(self) -> bool:
        return self.value_ is not None

    @property
    def path(self) -> str:
        return self.document.path

    def span(self, *path: str | int, key: bool = False) -> Span:
        """Where the value at `path` of the canonical body was written, or the nearest place around it."""
        return Document(self.document.path, self.body, range=self.document.range).span(path, key=key)


def bind(document: Document, kind: str) -> Bound[Any]:
    """The document as a `kind`: Feed, Schema or Environment; the file's name is its name."""
    stem = document.path.rpartition("/")[2].removesuffix(".yaml")
    if document.faults:
        return Bound(document, Map(), stem, None)
    if not isinstance(document.data, Map):
        fault = ShapeFault(ShapeKind.NOT_A_MAPPING, document.span(), kind, describe(document.data))
        return Bound(document, Map(), stem, None, (fault,))
    spelled = spell(document, kind)
    faults = [*_envelope_faults(spelled, kind, stem)]
    value, shape = _validate(spelled.document.path, spelled.body, MODELS[kind], _root_range(spelled), {"name": stem})
    faults += _at_top(spelled, kind, shape)
    root = Document(document.path, document.data, range=_root_range(spelled))
    return Bound(root, spelled.body, stem, None if faults else value, tuple(faults))


def outline(bound: Bound[Environment]) -> Bound[Environment] | None:
    """What is certain of a faulty environment, so that its references are proven in the same run: feed and schemas."""
    feed, schemas = bound.body.get("feed"), bound.body.get("schemas")
    if bound.sound or not isinstance(feed, str):
        return None
    named = (
        tuple(map(str, schemas[:MOST]))
        if isinstance(schemas, Seq) and all(isinstance(one, str) for one in schemas)
        else ()
    )
    value = Environment.model_construct(name=bound.name, feed=str(feed), schemas=named, keys={})
    return Bound(bound.document, bound.body, bound.name, value)


def bind_settings(document: Document) -> Bound[Settings]:
    """The workspace's `ssmd.yaml`."""
    if document.faults:
        return Bound(document, Map(), "ssmd", None)
    if not isinstance(document.data, Map):
        fault = ShapeFault(ShapeKind.NOT_A_MAPPING, document.span(), "Settings", describe(document.data))
        return Bound(document, Map(), "ssmd", None, (fault,))
    value, faults = _validate(document.path, document.data, Settings, document.range, {})
    return Bound(document, document.data, "ssmd", typing.cast("Settings | None", value), tuple(faults))


def _root_range(spelled: Spelled) -> tuple[int, int, int, int]:
    """What a missing field of the top level is reported at: the `spec` key, or the first key of a flat document."""
    data: Map = spelled.document.data
    key = "spec" if "spec" in data else next(iter(data), None)
    return data.key_at[key] if key is not None else (0, 0, 0, 1)


def _at_top(spelled: Spelled, kind: str, faults: list[ShapeFault]) -> list[ShapeFault]:
    """The faults of the body, with what else a name at its top could mean; without `spec` nothing is missing in it."""
    if spelled.enveloped and "spec" not in spelled.document.data:
        faults = [fault for fault in faults if fault.kind is not ShapeKind.MISSING_FIELD or fault.detail]
    return [
        replace(fault, older=tuple(accepted_at_top(spelled, kind, fault.subject)))
        if fault.kind is ShapeKind.UNKNOWN_FIELD and not fault.detail
        else fault
        for fault in faults
    ]


def _envelope_faults(spelled: Spelled, kind: str, stem: str) -> list[ShapeFault]:
    document, data = spelled.document, spelled.document.data
    faults = [
        ShapeFault(ShapeKind.SAID_TWICE, twice.span, twice.second, twice.first, other=twice.other)
        for twice in spelled.twice
    ]
    faults += [
        ShapeFault(ShapeKind.MISSING_FIELD, nameless.span, nameless.field, nameless.where)
        for nameless in spelled.nameless
    ]
    if spelled.enveloped and spelled.kind != kind:
        faults.append(_said(document, ("kind",), ShapeKind.WRONG_KIND, kind, spelled.kind))
    if (spelled.enveloped or spelled.api_version is not None) and spelled.api_version != API_VERSION:
        faults.append(_said(document, ("apiVersion",), ShapeKind.API_VERSION, API_VERSION, spelled.api_version))
    if spelled.enveloped and isinstance(data.get("metadata"), Map):
        known = ("name", "labels", "annotations")
        faults += [
            ShapeFault(ShapeKind.UNKNOWN_FIELD, document.span(("metadata", key), key=True), key, "metadata", known)
            for key in sorted(data["metadata"].keys() - set(known))
        ]
    if spelled.enveloped and "name" in spelled.body:
        at_name = Document(document.path, spelled.body).span(("name",), key=True)
        faults.append(ShapeFault(ShapeKind.UNKNOWN_FIELD, at_name, "name"))
    at: Path = ("metadata", "name") if spelled.enveloped else ("name",)
    if spelled.name is None:
        faults.append(ShapeFault(ShapeKind.MISSING_FIELD, document.span(at), ".".join(map(str, at))))
    elif spelled.name != stem:
        faults.append(_said(document, at, ShapeKind.NAME_DIFFERS, stem, spelled.name))
    elif not NAMES[kind].fullmatch(stem):
        faults.append(ShapeFault(ShapeKind.BAD_NAME, document.span(at), kind, stem))
    if spelled.enveloped and not isinstance(data.get("spec"), Map):
        span = document.span(("spec",))
        detail = f"expected a mapping, found {describe(data.get('spec'))}"
        missing = ShapeFault(ShapeKind.MISSING_FIELD, span, "spec")
        faults.append(missing if "spec" not in data else ShapeFault(ShapeKind.WRONG_TYPE, span, "spec", detail))
    return faults


def _said(document: Document, at: Path, kind: ShapeKind, expected: str, found: Any) -> ShapeFault:
    if found is None:
        return ShapeFault(ShapeKind.MISSING_FIELD, document.span(at), ".".join(map(str, at)))
    return ShapeFault(kind, document.span(at), found if isinstance(found, str) else describe(found), expected)


def _validate(
    path: str, body: Map, model: type[Model], root: tuple[int, int, int, int], extra: dict[str, str]
) -> tuple[Model | None, list[ShapeFault]]:
    try:
        return model.model_validate({**body, **extra}), []
    except ValidationError as problem:
        place = Document(path, body, range=root)
        found = problem.errors(include_url=False, include_input=True)
        # A list whose items are wrong is not too short as well.
        told = [error for error in found if error["type"] != "too_short" or not error["input"]][:MOST_FAULTS]
        faults = ((error["loc"][0], _shape_fault(place, model, error)) for error in told)
        return None, [replace(fault, near_secrets=top == "keys") for top, fault in faults]


_EXPECTED = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
}
_FORMS = {
    "too_short": "expected at least one item",
    "too_long": f"expected at most {MOST} items",
}


def _shape_fault(place: Document, model: type[Model], error: Any) -> ShapeFault:
    """One of pydantic's errors, in our words."""
    kind, found = error["type"], error["input"]
    loc: Path = tuple(step for step in error["loc"] if step != "[key]")
    subject, parent = _dotted(loc), _dotted(loc[:-1])
    span = place.span(loc, key="[key]" in error["loc"] or kind == "extra_forbidden")
    if kind == "extra_forbidden":
        known, older = fields_at(model, loc[:-1]), accepted(_model_at(model, loc[:-1]).__name__)
        return ShapeFault(ShapeKind.UNKNOWN_FIELD, span, str(loc[-1]), parent, known, older=older)
    if kind == "missing":
        return ShapeFault(ShapeKind.MISSING_FIELD, span, str(loc[-1]), parent)
    if kind == "literal_error" and isinstance(found, str):
        return ShapeFault(ShapeKind.NOT_ALLOWED, span, subject, found, _allowed(error))
    if kind in _EXPECTED or kind == "literal_error":
        expected = _EXPECTED.get(kind, "text")
        return ShapeFault(ShapeKind.WRONG_TYPE, span, subject, f"expected {expected}, found {describe(found)}")
    detail = _FORMS.get(kind, error["msg"])
    if kind == "ssmd_type":
        return ShapeFault(ShapeKind.WRONG_TYPE, span, subject, detail, right=right_scalar(detail, found))
    known = error.get("ctx", {}).get("known", ())
    written = str(found) if known else ""
    return ShapeFault(ShapeKind.WRONG_FORM, span, subject, detail, tuple(known), written=written)


def _allowed(error: Any) -> tuple[str, ...]:
    """The values of a Literal, from pydantic's "'a', 'b' or 'c'"."""
    expected: str = error["ctx"]["expected"]
    return tuple(part.strip().strip("'") for part in expected.replace(" or ", ", ").split(","))


def _dotted(loc: Path) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text.replace(SECOND_FORM, "")


def fields_at(model: Any, loc: Path) -> tuple[str, ...]:
    """The field names of the model that stands at `loc` under `model`."""
    found = _model_at(model, loc)
    # The name of a document is not a field of its body.
    names = (field.alias or name for name, field in found.model_fields.items() if name != "name" or loc)
    return tuple(name for name in names if SECOND_FORM not in name)


def _model_at(model: Any, loc: Path) -> type[Model]:
    """The model that stands at `loc` under `model`; one without fields where there is none."""
    for step in loc:
        if isinstance(model, _Items):
            model = _inner(model.model)
        elif isinstance(model, type) and issubclass(model, Model):
            named = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = _inner(named.get(str(step)))
    return model if isinstance(model, type) and issubclass(model, Model) else Model


def _inner(annotation: Any) -> Any:
    """The model inside of Optional, tuple[..., ...] or dict[str, ...]; lists and maps keep their own step."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _inner(next((argument for argument in arguments if argument is not type(None)), None))
    if origin is tuple:
        return _Items(arguments[0])
    if origin is dict:
        return _Items(arguments[1])
    return annotation


class _Items(Record, frozen=True):
    """What every item of a list, or every value of a map, is."""

    model: Any
