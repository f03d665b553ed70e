"""Documents in every spelling, with what the models and an editor's schema say of each: the places where they differ
are here too, one of each kind, so that a difference that is gone is taken off its list."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True)
class Example:
    """One document, whether the models take it, and whether an editor does."""

    title: str
    kind: str
    text: str
    taken: bool
    shown: bool


_HASH = "sha256:" + "0" * 64
_MIDDLEWARE = "middleware: {transport: {type: memory}, storage: {type: memory}}"


def _environment(text: str, middleware: str = _MIDDLEWARE) -> str:
    return f"name: dev\nfeed: kalshi\n{middleware}\n{text}\n"


def _enveloped(spec: str, beside: str = "", metadata: str = "name: dev") -> str:
    return f"apiVersion: ssmd/v1\nkind: Environment\nmetadata: {{{metadata}}}\nspec: {{feed: a, {spec}}}\n{beside}"


def _version(text: str) -> str:
    return f"name: kalshi\ntype: rest\nversions: [{{version: v1, effective_from: 2026-01-31, {text}}}]\n"


def _schema(text: str) -> str:
    return f"name: trade\nformat: capnp\nversions: [{{version: v1, effective_from: 2026-01-31, hash: '{_HASH}', {text}}}]\n"


BOTH = {
    "flat": ("Environment", _environment("")),
    "flat, with its version": ("Environment", _environment("apiVersion: ssmd/v1")),
    "flat, with an empty version": ("Environment", _environment("apiVersion:")),
    "an envelope": ("Environment", _enveloped(_MIDDLEWARE)),
    "an envelope with labels": ("Environment", _enveloped(_MIDDLEWARE, metadata="name: dev, labels: {a: b}")),
    "fields beside spec": ("Environment", _enveloped("description: a", _MIDDLEWARE + "\n")),
    "middleware at top level": ("Environment", _environment("", "transport: {type: memory}\nstorage: {type: memory}")),
    "half of it": ("Environment", _environment("storage: {type: memory}", "middleware: {transport: {type: memory}}")),
    "a list of keys": ("Environment", _environment("keys: [{name: a, type: tls}]")),
    "secrets": ("Environment", _environment("secrets: {nats: sealed-secret/nats, b: {type: tls}}")),
    "one schema": ("Environment", _environment("schema: trade:v1")),
    "startup and teardown": ("Environment", _environment("schedule: {startup: 00:10, teardown: 23:50}")),
    "symbols": ("Environment", _environment("symbols: [A, 1.10, no]")),
    "a sync": ("Environment", _environment("symbols: {sync: true}")),
    "for": ("Environment", _environment("alerts: {a: {for: 5m, threshold: 1e-7}}")),
    "nothing where nothing may be": ("Environment", _environment("archiver:\ndescription: ~")),
    "a number that is text": ("Environment", _environment("namespace: 12\nconnector: {version: 1.10}")),
    "the end of a day's number": ("Environment", _environment("connector: {buffer: {max_bytes: 65536}}")),
    "a protocol in a word": ("Feed", _version("protocol: wss, endpoint_template: 'wss://a.example'")),
    "a protocol": ("Feed", _version("protocol: {transport: wss}, endpoint: 'wss://u:p@[::1]:65535/a?b'")),
    "free settings": ("Feed", _version("protocol: wss, endpoint: 'wss://a', parser_config: {a: [1, {b: }]}")),
    "a reason": ("Schema", _schema("breaking_changes: because")),
    "a reason with a date": ("Schema", _schema("breaking_changes: {reason: a, approved_until: 2024-02-29}")),
    "settings": ("Settings", "namespace: a\nrepository: {url: 'https://a.example/b.git'}\n"),
}
NEITHER = {
    "a list": ("Environment", "[a]\n"),
    "text": ("Environment", "a\n"),
    "no name": ("Environment", f"feed: a\n{_MIDDLEWARE}\n"),
    "another kind": ("Feed", _enveloped(_MIDDLEWARE)),
    "no spec": ("Environment", "apiVersion: ssmd/v1\nkind: Environment\nmetadata: {name: dev}\n"),
    "a name in spec": ("Environment", _enveloped(f"name: dev, {_MIDDLEWARE}")),
    "another version": ("Environment", _environment("apiVersion: ssmd/v2")),
    "metadata in the flat form": ("Environment", _environment("metadata: {name: dev}")),
    "an unknown field": ("Environment", _environment("conector: {}")),
    "an unknown field beside spec": ("Environment", _enveloped(_MIDDLEWARE, "conector: {}\n")),
    "no middleware": ("Environment", _environment("", "")),
    "no storage": ("Environment", _environment("", "middleware: {transport: {type: memory}}")),
    "storage twice": ("Environment", _environment("storage: {type: memory}")),
    "middleware that is none": ("Environment", _environment("", "middleware: a\ntransport: {type: memory}\nstorage: {type: memory}")),
    "two spellings of a day": ("Environment", _environment("schedule: {startup: 00:10, day_start: 00:10, day_end: 00:00}")),
    "one schema and several": ("Environment", _environment("schema: a:v1\nschemas: [a:v1]")),
    "a schema twice, as one value": ("Environment", _environment("schemas: &a [a:v1]\nschema: *a")),
    "a key without a name": ("Environment", _environment("keys: [{type: tls}]")),
    "a list of secrets": ("Environment", _environment("secrets: [{name: a, type: tls}]")),
    "too many": ("Environment", _environment(f"schemas: [{', '.join(['a:v1'] * 129)}]")),
    "nothing where something must be": ("Environment", _environment("connector:")),
    "an empty text": ("Environment", _environment('description: ""')),
    "a list for a text": ("Environment", _environment("description: [a]")),
    "a boolean of another language": ("Environment", _environment("schedule: {day_start: 00:10, day_end: 00:00, auto_roll: on}")),
    "a boolean in quotes": ("Environment", _environment("symbols: {sync: 'true'}")),
    "a number in quotes": ("Environment", _environment("connector: {replicas: '1'}")),
    "no CPU": ("Environment", _environment("connector: {resources: {requests: {cpu: 0.0}}}")),
    "a URL without a host": ("Feed", _version("protocol: wss, endpoint: 'wss://:80'")),
    "a port that is none": ("Feed", _version("protocol: wss, endpoint: 'wss://a:65536'")),
    "a day that is none": ("Schema", _schema("deprecated_at: 2025-02-29")),
    "a century without a leap day": ("Schema", _schema("deprecated_at: 1900-02-29")),
    "settings with another's word": ("Settings", "namespace: a\nfeed: a\n"),
    "a unit of nobody": ("Environment", _environment("connector: {buffer: {max_bytes: 64 MiB}}")),
}  # fmt: skip
MODELS_ONLY = {"text that YAML takes for nothing": ("Environment", _environment("symbols: [Null]"))}
EDITOR_ONLY = {
    "a whole number with a point": ("Environment", _environment("connector: {replicas: 1.0}")),
    "a number in another base": ("Environment", _environment("connector: {replicas: 0x10}")),
    "a boolean in capitals": ("Environment", _environment("symbols: {sync: True}")),
    "a point where none may be": ("Environment", _environment("namespace: 1.5")),
    "one key twice in a list": ("Environment", _environment("keys: [{name: a, type: tls}, {name: a, type: tls}]")),
    "one key in two maps": ("Environment", _environment("keys: {a: {type: tls}}\nsecrets: {a: sealed-secret/a}")),
    "required, and nowhere": ("Environment", _enveloped("description: a", "schemas: [a:v1]\n")),
    "an address that is none": ("Feed", _version("protocol: wss, endpoint: 'wss://[::1::]'")),
}
EXAMPLES = [
    Example(title, kind, text, taken, shown)
    for found, taken, shown in (
        (BOTH, True, True),
        (NEITHER, False, False),
        (MODELS_ONLY, True, False),
        (EDITOR_ONLY, False, True),
    )
    for title, (kind, text) in found.items()
]
