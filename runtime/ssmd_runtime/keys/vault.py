"""A key's fields from Vault, or whatever speaks its HTTP API: a secret of a KV engine, version 2 or 1.

`VAULT_ADDR` says where. Who we are: with `VAULT_ROLE` the pod's service account, by Kubernetes authentication; else
the token in `VAULT_TOKEN`, or in the file that `VAULT_TOKEN_FILE` names. `VAULT_NAMESPACE` and `VAULT_CACERT` as in
Vault's own client. A path is that of the API (`secret/data/kalshi`) or as Vault's client takes it (`secret/kalshi`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

import msgspec

from ssmd_runtime.keys import files
from ssmd_runtime.keys.asking import Answer, Server, sendable
from ssmd_runtime.keys.kubernetes import SERVICE_ACCOUNT
from ssmd_runtime.keys.problems import Unavailable, one_line
from ssmd_runtime.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Vault"]

_SEGMENT: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]+")
_T = TypeVar("_T")
_Raws = dict[str, msgspec.Raw]


class _Reading(msgspec.Struct):
    """An answer to a read; where `data` holds `data` and `metadata` the engine is version 2."""

    data: _Raws | None = None
    warnings: list[str] | None = None


class _Mount(msgspec.Struct):
    path: str


class _Mounted(msgspec.Struct):
    data: _Mount


class _Granted(msgspec.Struct):
    client_token: str


class _Login(msgspec.Struct):
    auth: _Granted


class Vault:
    """One Vault, one identity. `connect` makes the server from a name, an address and a CA's file."""

    def __init__(
        self,
        environ: Mapping[str, str],
        connect: Callable[[str, str, str | None], Server],
        account: str = SERVICE_ACCOUNT,
    ) -> None:
        self._environ = environ
        self._connect = connect
        self._account = account
        self._server: Server | None = None
        self._token: str | None = None

    async def fields(self, path: str) -> dict[str, Secret | Unavailable]:
        """Every field at a path, in one read; a value that is no text stands as what is wrong with it."""
        if not all(map(_SEGMENT.fullmatch, path.split("/"))):
            raise Unavailable(f"vault path {one_line(path)} is not one")
        answer = await self._get(path)
        if answer.status == 404 and any("versioned" in warning for warning in _reading(answer).warnings or ()):
            path = await self._versioned(path)
            answer = await self._get(path)
        return _fields(answer, path)

    async def close(self) -> None:
        if self._server is not None:
            await self._server.close()

    async def _get(self, path: str) -> Answer:
        server = self._connected()
        if self._token is None:
            self._token = await self._identity(server)
        return await server.ask("GET", f"/v1/{quote(path)}", self._headers() | {"X-Vault-Token": self._token})

    async def _versioned(self, path: str) -> str:
        """The API's path where the client's was named: `data` comes after the engine's mount."""
        answer = await self._get(f"sys/internal/ui/mounts/{path}")
        mount = _decoded(answer.body, _Mounted) if answer.status == 200 else None
        if mount is None or not path.startswith(mount.data.path):
            raise Unavailable(f"vault path {path}: its engine is versioned: write `data` after the engine's mount")
        return f"{mount.data.path}data/{path.removeprefix(mount.data.path)}"

    def _headers(self) -> dict[str, str]:
        headers = {"X-Vault-Request": "true", "Accept": "application/json", "Accept-Encoding": "identity"}
        namespace = self._environ.get("VAULT_NAMESPACE", "")
        if namespace and not sendable(namespace):
            raise Unavailable("VAULT_NAMESPACE is not a namespace")
        return headers | ({"X-Vault-Namespace": namespace} if namespace else {})

    def _connected(self) -> Server:
        if self._server is None:
            address = self._environ.get("VAULT_ADDR", "")
            if not address:
                raise Unavailable("VAULT_ADDR is not set")
            self._server = self._connect("Vault", address, self._environ.get("VAULT_CACERT") or None)
        return self._server

    async def _identity(self, server: Server) -> str:
        said, file, role = (self._environ.get(f"VAULT_{name}", "") for name in ("TOKEN", "TOKEN_FILE", "ROLE"))
        if role:
            token = await self._login(server, role)
        elif said:
            token = said
        elif file:
            token = files.read(file).reveal()
        else:
            raise Unavailable("none of VAULT_ROLE, VAULT_TOKEN and VAULT_TOKEN_FILE is set")
        if not sendable(token):
            raise Unavailable("the Vault token holds what no token can: a space, a line break")
        return token

    async def _login(self, server: Server, role: str) -> str:
        account = files.read(f"{self._account}/token").reveal()
        content = msgspec.json.encode({"role": role, "jwt": account})
        answer = await server.ask("POST", "/v1/auth/kubernetes/login", self._headers(), content)
        granted = _decoded(answer.body, _Login) if answer.status == 200 else None
        if granted is None:
            raise Unavailable(
                f"Vault does not take this pod's service account for role {one_line(role)} ({answer.status})"
            )
        return granted.auth.client_token


def _fields(answer: Answer, path: str) -> dict[str, Secret | Unavailable]:
    shown = f"vault path {path}"
    if answer.status == 403:
        raise Unavailable(f"{shown}: Vault denies it to this token")
    if answer.status == 404:
        raise Unavailable(f"{shown} holds nothing", absent=True)
    if answer.status != 200:
        raise Unavailable(f"{shown}: Vault answers {answer.status}")
    found = _reading(answer).data or {}
    if {"data", "metadata"} <= found.keys():
        found = _decoded(found["data"], _Raws) or {}
    return {name: _value(raw, f"{shown}, field {one_line(name)},") for name, raw in found.items()}


def _value(raw: msgspec.Raw, shown: str) -> Secret | Unavailable:
    """A text as it is, a number in the digits that stand there."""
    text = bytes(raw)
    if text[:1] == b'"':
        value = _decoded(raw, str) or ""
        return Secret(value) if value else Unavailable(f"{shown} is empty", absent=True)
    if text[:1] in b"-0123456789":
        return Secret(text.decode())
    return Unavailable(f"{shown} is neither text nor a number")


def _reading(answer: Answer) -> _Reading:
    found = _decoded(answer.body, _Reading)
    if found is None:
        raise Unavailable(f"Vault answers {answer.status} with something else than JSON of its own")
    return found


def _decoded(content: bytes | msgspec.Raw, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
