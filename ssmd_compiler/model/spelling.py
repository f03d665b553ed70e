"""Every accepted spelling of a document -> the one that the models know, with the places where it was written.

Accepted: the canonical form and the flat one, older field names, a key list for a key map, middleware at top level,
`protocol: wss`, `secrets`. Two spellings of one thing in one document are refused, not merged.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.model.base import SECOND_FORM
from ssmd_compiler.record import Record
from ssmd_compiler.source import Document, Map, Quoted, Seq

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.source.document import Range

__all__ = [
    "API_VERSION",
    "ENVELOPE",
    "MIDDLEWARE",
    "OLDER_NAMES",
    "SHORT",
    "Form",
    "Nameless",
    "Older",
    "Spelled",
    "Twice",
    "secret_type",
    "spell",
]

API_VERSION: Final = "ssmd/v1"
ENVELOPE: Final = ("apiVersion", "kind", "metadata", "spec")
_ENVELOPE: Final = frozenset(ENVELOPE)
_SECRET_TYPES: Final = {"nats": "transport", "postgres": "database", "s3": "storage", "storage": "storage"}
MIDDLEWARE: Final = ("transport", "storage", "cache", "journal")
"""What may stand beside `middleware` as well as in it."""

OLDER_NAMES: Final = {
    "FeedVersion": {"endpoint_template": "endpoint"},
    "Schedule": {"startup": "day_start", "teardown": "day_end"},
}
"""By model: the older names of its fields."""

SHORT: Final = {"FeedVersion": {"protocol": "transport"}, "SchemaVersion": {"breaking_changes": "reason"}}
"""By model: the fields for which a text may stand, and the entry of their mapping that it then means."""


class Twice(Record, frozen=True):
    """One thing said under two names."""

    first: str
    second: str
    span: Span
    other: Span


class Nameless(Record, frozen=True):
    """An item of a list that stands for a map, without the field that names it."""

    where: str
    field: str
    span: Span


class Form(enum.Enum):
    """Every way in which a document can be written otherwise than in the canonical form."""

    FLAT = "no envelope"
    STRAY = "a field beside the envelope"
    RENAMED = "an older name"
    ALONE = "a text for a list"
    LISTED = "a list for a map by name"
    SECRETS = "secrets for keys"
    LAYER = "a layer beside `middleware`"


class Older(Record, frozen=True):
    """One thing written in an older form: the place of its key, and the canonical name for it.

    Of a list for a map the name is that of the field that names an item; of a flat document, its kind.
    """

    form: Form
    at: Range
    name: str


class Spelled(Record, frozen=True):
    """A document in canonical form: the envelope's words apart, `body` as the model wants it."""

    document: Document
    body: Map
    enveloped: bool
    kind: str | None
    api_version: str | None
    name: Any
    twice: tuple[Twice, ...]
    nameless: tuple[Nameless, ...]
    older: tuple[Older, ...] = ()
    """What was written otherwise; a document without any is canonical, but for the order of its envelope."""


def secret_type(name: str) -> str:
    """The type of the key that an entry of the older `secrets` means."""
    return _SECRET_TYPES.get(name, "api_key")


def spell(document: Document, kind: str) -> Spelled:
    """`document`, whose data is a mapping, in the canonical form of a `kind`."""
    respelling = _Respelling(document)
    data: Map = document.data
    if _ENVELOPE & data.keys() - {"name"} and ("spec" in data or "kind" in data):
        envelope, body = data, _copy(data["spec"]) if isinstance(data.get("spec"), Map) else Map()
        metadata = data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Map) else None
        for key in [key for key in data if key not in _ENVELOPE]:
            respelling.note(Form.STRAY, data, key, key)
            respelling.move(data, key, body, key)
        return respelling.done(body, kind, envelope.get("kind"), envelope.get("apiVersion"), name, enveloped=True)
    body = _copy(data)
    respelling.older.append(Older(Form.FLAT, data.range, kind))
    name = body.pop("name", None)
    return respelling.done(body, kind, None, body.pop("apiVersion", None), name, enveloped=False)


class _Respelling:
    """Moves entries within one document, with their places, and notes what was said twice."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.twice: list[Twice] = []
        self.nameless: list[Nameless] = []
        self.older: list[Older] = []

    def note(self, form: Form, mapping: Map, key: str, name: str) -> None:
        self.older.append(Older(form, mapping.key_at[key], name))

    def done(  # noqa: PLR0913 -- the envelope has this many words
        self, body: Map, kind: str, said_kind: Any, api: Any, name: Any, *, enveloped: bool
    ) -> Spelled:
        rules: dict[str, Callable[[Map], None]] = {
            "Feed": self._feed,
            "Schema": self._schema,
            "Environment": self._environment,
        }
        rules[kind](body)
        found = tuple(self.twice), tuple(self.nameless), tuple(self.older)
        return Spelled(self.document, body, enveloped, said_kind, api, name, *found)

    def move(self, source: Map, old: str, target: Map, new: str) -> None:
        """Take entry `old` of `source` over into `target` as `new`, unless `new` is said already."""
        if old not in source:
            return
        if new in target:
            at = Document(self.document.path, source).span((old,), key=True)
            other = Document(self.document.path, target).span((new,), key=True)
            self.twice.append(Twice(new, old, at, other))
        else:
            target[new] = source[old]
            target.key_at[new], target.value_at[new] = source.key_at[old], source.value_at[old]
        if source is target:
            del source[old]

    def _feed(self, body: Map) -> None:
        for version in _maps(body, "versions"):
            self._respell(version, "FeedVersion")

    def _schema(self, body: Map) -> None:
        for version in _maps(body, "versions"):
            self._respell(version, "SchemaVersion")

    def _environment(self, body: Map) -> None:
        self._map_by_name(body, "keys", "name")
        self._secrets(body)
        self._wrap_list(body, "schema", "schemas")
        for schedule in [body["schedule"]] if isinstance(body.get("schedule"), Map) else []:
            self._respell(schedule, "Schedule")
        self._middleware(body)
        if isinstance(body.get("symbols"), Map):
            self.move(body, "symbols", body, f"symbols{SECOND_FORM}")

    def _respell(self, mapping: Map, model: str) -> None:
        for older, name in OLDER_NAMES.get(model, {}).items():
            if older in mapping:
                self.note(Form.RENAMED, mapping, older, name)
            self.move(mapping, older, mapping, name)
        for key, inner in SHORT.get(model, {}).items():
            self._wrap_scalar(mapping, key, inner)

    def _wrap_scalar(self, mapping: Map, key: str, inner: str) -> None:
        """`key: text` is short for `key: {inner: text}`."""
        value = mapping.get(key)
        if isinstance(value, str):
            mapping[key] = _entry(inner, value, mapping, key)

    def _wrap_list(self, body: Map, singular: str, plural: str) -> None:
        value = body.get(singular)
        if singular in body:
            self.note(Form.ALONE if isinstance(value, str) else Form.RENAMED, body, singular, plural)
        if isinstance(value, str):
            wrapped = Seq()
            wrapped.append(value)
            wrapped.value_at.append(body.value_at[singular])
            wrapped.range = body.value_at[singular]
            body[singular] = wrapped
        self.move(body, singular, body, plural)

    def _map_by_name(self, body: Map, key: str, name_field: str) -> None:
        """A list of `{name, ...}` means a map by name."""
        items = body.get(key)
        if not isinstance(items, Seq) or not all(isinstance(item, Map) for item in items):
            return
        self.note(Form.LISTED, body, key, name_field)
        named = Map()
        named.range = items.range
        for index, (item, at) in enumerate(zip(items, items.value_at, strict=True)):
            entry = _copy(item)
            name = entry.pop(name_field, None)
            if not isinstance(name, str):
                span = Document(self.document.path, items).span((index,))
                self.nameless.append(Nameless(key, name_field, span))
                continue
            if name in named:
                other = Document(self.document.path, named).span((name,), key=True)
                self.twice.append(Twice(name, name, Document(self.document.path, item).span((name_field,)), other))
                continue
            named[name] = entry
            named.key_at[name], named.value_at[name] = item.value_at[name_field], at
        body[key] = named

    def _secrets(self, body: Map) -> None:
        """The older map name -> sealed-secret/<name>: each is a key with that source, fields unsaid."""
        secrets = body.get("secrets")
        if "secrets" in body:
            self.note(Form.SECRETS if isinstance(secrets, Map) else Form.RENAMED, body, "secrets", "keys")
        if not isinstance(secrets, Map):
            self.move(body, "secrets", body, "keys")
            return
        del body["secrets"]
        keys = body.setdefault("keys", Map())
        if not isinstance(keys, Map):
            return
        body.key_at.setdefault("keys", body.key_at["secrets"])
        body.value_at.setdefault("keys", body.value_at["secrets"])
        for name in list(secrets):
            if isinstance(secrets[name], str):
                key = _entry("source", secrets[name], secrets, name)
                key["type"] = secret_type(name)
                key.value_at["type"] = key.key_at["type"] = secrets.value_at[name]
                secrets[name] = key
            self.move(secrets, name, keys, name)

    def _middleware(self, body: Map) -> None:
        found = [name for name in MIDDLEWARE if name in body]
        if found and "middleware" not in body:
            body["middleware"] = Map()
            body.key_at["middleware"], body.value_at["middleware"] = body.key_at[found[0]], body.value_at[found[0]]
        elif found and isinstance(body["middleware"], Map):
            body["middleware"] = _copy(body["middleware"])
        for name in found:
            self.note(Form.LAYER, body, name, name)
            # What `middleware` is when it is no mapping, is told already.
            if isinstance(body["middleware"], Map):
                self.move(body, name, body["middleware"], name)
            body.pop(name, None)


def _maps(body: Map, key: str) -> list[Map]:
    """The mappings in the list at `key`, each replaced by a copy that may be respelled."""
    items = body.get(key)
    if not isinstance(items, Seq):
        return []
    copied = Seq()
    copied.range, copied.value_at = items.range, items.value_at
    copied.extend(_copy(item) if isinstance(item, Map) else item for item in items)
    body[key] = copied
    return [item for item in copied if isinstance(item, Map)]


def _copy(mapping: Map) -> Map:
    copied = Map()
    copied.update(mapping)
    copied.key_at, copied.value_at = dict(mapping.key_at), dict(mapping.value_at)
    copied.range = mapping.range
    return copied


def _entry(inner: str, value: str | Quoted, outer: Map, key: str) -> Map:
    """The mapping `{inner: value}`, standing where `key`'s value stands."""
    entry = Map()
    entry[inner] = value
    entry.range = entry.key_at[inner] = entry.value_at[inner] = outer.value_at[key]
    return entry
