"""Names -> objects: one environment with everything that it refers to, found or not.

A reference keeps both ends: where it is used, and what it could have meant. It is `missing` when nothing has that name;
what exists but is itself faulty is not missing, so that nobody is told twice. Nothing is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from ssmd_compiler.record import Record, field
from ssmd_compiler.source import texts

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Collection, Iterator

    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.model import Bound, Environment, Feed, Schema, Settings
    from ssmd_compiler.model.environment import Key
    from ssmd_compiler.model.feed import FeedVersion
    from ssmd_compiler.model.schema import SchemaVersion
    from ssmd_compiler.source import Path

__all__ = [
    "Family",
    "KeyUse",
    "Kind",
    "LinkedEnvironment",
    "Question",
    "Reference",
    "SchemaUse",
    "Shared",
    "keys_of_feed",
    "link",
    "schema_uses",
]

T = TypeVar("T")

Kind = Literal["feed", "schema", "environment"]
Question = tuple[Kind, str]
"""What a reader asked for: the document of that kind and name or, without a name, all names of that kind."""


class Family(Mapping[str, T]):
    """Documents of one kind by name, read when somebody asks; it notes what was asked for.

    Its names are asked for by going through it: of what is found nobody needs them, so only a failure depends on them.
    """

    def __init__(self, kind: Kind, names: Collection[str], load: Callable[[str], T], asked: set[Question]) -> None:
        self._kind, self._names, self._load, self._asked = kind, names, load, asked

    def __getitem__(self, name: str) -> T:
        self._asked.add((self._kind, name))
        if name not in self._names:
            raise KeyError(name)
        return self._load(name)

    def __contains__(self, name: object) -> bool:
        self._asked.add((self._kind, str(name)))
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        self._asked.add((self._kind, ""))
        return iter(self._names)

    def __len__(self) -> int:
        self._asked.add((self._kind, ""))
        return len(self._names)

    def noting(self, asked: set[Question]) -> Family[T]:
        """The same documents, for somebody else who asks."""
        return Family(self._kind, self._names, self._load, asked)


class Shared(Record, frozen=True):
    """What all environments of a workspace have in common, and the date that is compiled for.

    `asked` is what a reader wanted to know of the feeds, the schemas and the other environments: what its result
    depends on, besides its own document, the settings and the date.
    """

    settings: Settings
    feeds: Family[Bound[Feed]]
    schemas: Family[Bound[Schema]]
    as_of: datetime.date
    environments: Family[str]
    whole: bool = True
    """Whether every folder of sources is known; where not, nobody can tell that a name is missing."""
    asked: set[Question] = field(default_factory=set)

    def reader(self) -> Shared:
        """The same, for one reader whose questions are noted apart."""
        asked: set[Question] = set()
        return Shared(
            settings=self.settings,
            feeds=self.feeds.noting(asked),
            schemas=self.schemas.noting(asked),
            as_of=self.as_of,
            environments=self.environments.noting(asked),
            whole=self.whole,
            asked=asked,
        )


class Reference(Record, Generic[T], frozen=True):
    """A name as used, and what it names."""

    name: str
    span: Span
    target: T | None
    family: Family[T]

    @property
    def missing(self) -> bool:
        return self.target is None

    @property
    def known(self) -> tuple[str, ...]:
        return tuple(self.family)


class SchemaUse(Record, frozen=True):
    """`name:version` as used; `schema` and `version` are what it names, where they exist."""

    text: str
    span: Span
    name: str
    version_name: str | None
    schema: Bound[Schema] | None
    version: SchemaVersion | None
    family: Mapping[str, Bound[Schema]]

    @property
    def known(self) -> tuple[str, ...]:
        return tuple(self.family)


class KeyUse(Record, frozen=True):
    """`$key:NAME` or `$key:NAME.field` as used, the path to where it stands, and the key when there is one."""

    text: str
    span: Span
    path: Path
    name: str
    field: str | None
    key: Key | None


class LinkedEnvironment(Record, frozen=True):
    """One environment, its references resolved."""

    bound: Bound[Environment]
    shared: Shared
    feed: Reference[Bound[Feed]]
    schemas: tuple[SchemaUse, ...]
    key_uses: tuple[KeyUse, ...]
    version: FeedVersion | None = None

    @property
    def name(self) -> str:
        return self.bound.name

    @property
    def environment(self) -> Environment:
        return self.bound.value

    @property
    def sound_feed(self) -> Feed | None:
        """The feed's model, when it is found and whole."""
        target = self.feed.target
        return target.value if target is not None and target.sound else None

    @property
    def auth_key(self) -> str | None:
        """The key that authenticates at the exchange: the connector's credentials, or else the first `api_key`."""
        said = _KEY.fullmatch(self.environment.connector.credentials or "")
        if said:
            return said[1]
        keys = self.environment.keys
        own = keys.get(self.environment.feed)
        if own is not None and own.type in ("api_key", "tls"):
            return self.environment.feed
        return next((name for name, key in keys.items() if key.type == "api_key"), None)


_KEY = re.compile(r"\$key:([^.\s]*)(?:\.(\S*))?")


def link(bound: Bound[Environment], shared: Shared) -> LinkedEnvironment:
    """`bound`, which is sound, with everything it names."""
    environment = bound.value
    target = shared.feeds.get(environment.feed)
    feed = Reference(environment.feed, bound.span("feed"), target, shared.feeds)
    version = target.value.version_on(shared.as_of) if target is not None and target.sound else None
    texts = ((text, bound.span("schemas", index)) for index, text in enumerate(environment.schemas))
    return LinkedEnvironment(
        bound,
        shared,
        feed,
        tuple(_schema_use(text, span, shared.schemas) for text, span in texts),
        tuple(_key_uses(bound)),
        version,
    )


def schema_uses(feed: Bound[Feed], schemas: Mapping[str, Bound[Schema]]) -> Iterator[SchemaUse]:
    """The schemas that a feed's message types name."""
    for name, message_type in feed.value.message_types.items():
        if message_type.schema_ is not None:
            yield _schema_use(message_type.schema_, feed.span("message_types", name, "schema"), schemas)


def _schema_use(text: str, span: Span, schemas: Mapping[str, Bound[Schema]]) -> SchemaUse:
    name, colon, version_name = text.partition(":")
    schema = schemas.get(name)
    version = schema.value.version(version_name) if schema is not None and schema.sound else None
    return SchemaUse(text, span, name, version_name if colon else None, schema, version, schemas)


def keys_of_feed(feed: Bound[Feed]) -> set[str]:
    """The keys that a feed refers to, for the components that it gives defaults for."""
    found = (_KEY.fullmatch(text) for _, _, text in texts(feed.body, "$key:"))
    return {match[1] for match in found if match}


def _key_uses(bound: Bound[Environment]) -> Iterator[KeyUse]:
    for path, _, text in texts(bound.body, "$key:"):
        match = _KEY.fullmatch(text)
        name, field_ = (match[1], match[2]) if match else (text.removeprefix("$key:"), None)
        yield KeyUse(text, bound.span(*path), path, name, field_, bound.value.keys.get(name))
