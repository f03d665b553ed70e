"""A key's `source`, read: where the runtime finds each field. No value is ever read here.

env:VAR1,VAR2   one variable a field          env             variables SSMD_<KEY>_<FIELD>
vault:PATH      fields at a Vault path        file:DIRECTORY  one file a field
sealed-secret[:/][NAMESPACE/]NAME             (absent)        the sealed secret `<env>-<key>`
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from ssmd_compiler.record import Record

__all__ = ["SCHEMES", "KeySource", "parse_source"]

Scheme = Literal["env", "vault", "file", "sealed-secret"]
SCHEMES: Final[tuple[Scheme, ...]] = ("env", "file", "sealed-secret", "vault")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VAULT = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_SECRET = re.compile(r"(?:([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)/)?([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)")


class KeySource(Record, frozen=True):
    """A source in its parts; `flaw` says what is wrong with it, without quoting it."""

    scheme: Scheme
    variables: tuple[str, ...] = ()
    location: str | None = None
    namespace: str | None = None
    flaw: str | None = None


@lru_cache(maxsize=1024)
def parse_source(text: str | None) -> KeySource | None:
    """The parts of `text`, or None when it has no scheme that we know.

    >>> parse_source("env:A,B").variables
    ('A', 'B')
    """
    if text is None:
        return KeySource("sealed-secret")
    if text == "env":
        return KeySource("env")
    if text == "sealed-secret":
        return KeySource("sealed-secret")
    scheme, separator, rest = text.partition(":")
    if not separator and text.startswith("sealed-secret/"):
        scheme, rest = "sealed-secret", text.removeprefix("sealed-secret/")
    match scheme:
        case "env":
            return _env(rest)
        case "sealed-secret":
            return _sealed(rest.removeprefix("/"))
        case "vault":
            return KeySource("vault", location=rest.strip("/"), flaw=_vault_flaw(rest.strip("/")))
        case "file":
            return KeySource("file", location=rest.rstrip("/"), flaw=_directory_flaw(rest))
    return None


def _env(rest: str) -> KeySource:
    variables = tuple(part.strip() for part in rest.split(","))
    flaw = None if all(map(_VARIABLE.fullmatch, variables)) else "`env:` takes names of environment variables"
    return KeySource("env", variables=variables, flaw=flaw)


def _sealed(rest: str) -> KeySource:
    match = _SECRET.fullmatch(rest)
    if match is None:
        return KeySource("sealed-secret", flaw="a sealed secret is named `name` or `namespace/name`")
    return KeySource("sealed-secret", location=match[2], namespace=match[1])


def _vault_flaw(path: str) -> str | None:
    if not _VAULT.fullmatch(path):
        return "`vault:` takes a path such as secret/kalshi"
    return "a path may not hold `..`" if ".." in path.split("/") else None


def _directory_flaw(rest: str) -> str | None:
    if not rest.startswith("/") or not rest.isprintable() or rest.strip("/") == "":
        return "`file:` takes an absolute directory, such as file:/run/secrets/kalshi"
    return "a directory may not hold `..`" if ".." in rest.split("/") else None
