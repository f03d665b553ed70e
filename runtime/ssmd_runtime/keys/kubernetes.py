"""A key's fields from a Kubernetes Secret, asked of the API server of the cluster that this runs in.

For keys that name a Secret and no other place. The pod's service account must be allowed to `get` that one Secret, and
its token mounted; both are read anew each time, as Kubernetes rotates them.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

import msgspec

from ssmd_runtime.keys import files
from ssmd_runtime.keys.asking import Server, sendable
from ssmd_runtime.keys.problems import Unavailable, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ssmd_runtime.secret import Secret

__all__ = ["SERVICE_ACCOUNT", "Kubernetes"]

SERVICE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class _Secret(msgspec.Struct):
    data: dict[str, str] | None = None


class Kubernetes:
    """The Secrets of the pod's own namespace. `connect` makes the server from a name, an address and a CA's file."""

    def __init__(
        self, environ: Mapping[str, str], connect: Callable[[str, str, str], Server], account: str = SERVICE_ACCOUNT
    ) -> None:
        self._environ = environ
        self._connect = connect
        self._account = account
        self._server: Server | None = None

    async def fields(self, secret: str) -> dict[str, Secret | Unavailable]:
        """Every field of a Secret; one whose value is no text stands as what is wrong with it. Raises `Unavailable`."""
        shown = f"secret {one_line(secret)}"
        if not _NAME.fullmatch(secret):
            raise Unavailable(f"{shown}: no Secret can have this name")
        namespace, token = (files.read(f"{self._account}/{name}").reveal() for name in ("namespace", "token"))
        if not _NAME.fullmatch(namespace) or not sendable(token):
            raise Unavailable(f"{shown}: the namespace or the token in {one_line(self._account)} is not one")
        self._server = self._server or self._connected()
        path = f"/api/v1/namespaces/{namespace}/secrets/{secret}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Encoding": "identity"}
        answer = await self._server.ask("GET", path, headers)
        if answer.status == 404:
            raise Unavailable(f"{shown} does not exist in namespace {namespace}", absent=True)
        if answer.status in (401, 403):
            raise Unavailable(f"{shown}: the service account of this pod may not read it in namespace {namespace}")
        if answer.status != 200:
            raise Unavailable(f"{shown}: Kubernetes answers {answer.status}")
        return _read(answer.body, shown)

    async def close(self) -> None:
        if self._server is not None:
            await self._server.close()

    def _connected(self) -> Server:
        host, port = (self._environ.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
        if not host:
            raise Unavailable("KUBERNETES_SERVICE_HOST is not set: Secrets are read only inside of a cluster")
        host = f"[{host}]" if ":" in host else host
        return self._connect("Kubernetes", f"https://{host}:{port or 443}", f"{self._account}/ca.crt")


def _read(body: bytes, shown: str) -> dict[str, Secret | Unavailable]:
    try:
        found = msgspec.json.decode(body, type=_Secret)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = None
    if found is None:
        raise Unavailable(f"{shown}: Kubernetes answers with something else than a Secret")
    return {name: _value(text, f"{shown}, field {one_line(name)},") for name, text in (found.data or {}).items()}


def _value(text: str, shown: str) -> Secret | Unavailable:
    try:
        return files.value_of(base64.b64decode(text, validate=True), shown)
    except Unavailable as problem:
        return problem
    except (binascii.Error, ValueError):
        return Unavailable(f"{shown} is not base64")
