"""One request of a REST poll: bounded in time and bytes, never to another host, its failure sorted.

Compressed answers are unpacked within the same bound. A redirect is followed on the same host alone, a few times, so
that the header with the API key never goes elsewhere.
"""

from __future__ import annotations

import asyncio
import datetime
import zlib
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from ssmd_runtime.feeds.polling import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["Failure", "fetch"]

_MOST_REDIRECTS: Final = 3
_AGAIN: Final = frozenset({408, 425, 429})
_KINDS: Final = {401: "unauthorized", 403: "unauthorized", 404: "not_found", 429: "rate_limited"}


class Failure(Exception):  # noqa: N818 -- what an attempt came to
    """A request without a usable answer. `kind` is a word for a metric, `transient`: another attempt may do better.

    `against`: it speaks against the server's health, which is what a circuit breaker counts.
    """

    def __init__(self, kind: str, detail: str, *, transient: bool, wait_seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.kind = kind
        self.transient = transient
        self.wait_seconds = wait_seconds
        self.against = transient and kind != "rate_limited"


async def fetch(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, most_bytes: int, seconds: float
) -> bytes:
    """The body of a 2xx answer. Raises `Failure`."""
    import httpx

    try:
        async with asyncio.timeout(seconds):
            for _ in range(_MOST_REDIRECTS):
                body, location = await _once(client, url, headers, most_bytes)
                if location is None:
                    return body
                url = _same_host(url, location)
            flaw = Failure("redirect", "too many redirects", transient=False)
    except (TimeoutError, httpx.TimeoutException):
        flaw = Failure("timeout", f"no whole answer within {seconds:g} s", transient=True)
    except httpx.TransportError as problem:
        flaw = Failure("connection", f"the connection failed: {type(problem).__name__}", transient=True)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        flaw = Failure("request", "the request could not be made", transient=False)
    # Outside of the handlers: what httpx raises may hold the request, and with it the key.
    raise flaw


async def _once(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], most_bytes: int
) -> tuple[bytes, str | None]:
    """The body, or where a redirect leads."""
    async with client.stream("GET", url, headers=dict(headers)) as response:
        status = response.status_code
        if status in (301, 302, 303, 307, 308):
            return b"", response.headers.get("location", "")
        if not 200 <= status < 300:
            raise _refused(response)
        return await _body(response, most_bytes), None


def _refused(response: httpx.Response) -> Failure:
    status = response.status_code
    transient = status in _AGAIN or status >= 500
    kind = _KINDS.get(status, "server_error" if status >= 500 else "refused")
    wait = retry_after(response.headers.get("retry-after"), datetime.datetime.now(datetime.UTC)) if transient else 0.0
    return Failure(kind, f"the server answers {status}", transient=transient, wait_seconds=wait)


def _same_host(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        same = bool(location) and urlsplit(url)[:2] == urlsplit(target)[:2]
    except ValueError:
        target, same = "", False
    if not same:
        raise Failure("redirect", "a redirect to another host is not followed", transient=False)
    return target


async def _body(response: httpx.Response, most: int) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Failure("encoding", "the answer is in an encoding that was not asked for", transient=False)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk if unpack is None else _unpacked(unpack, chunk, most + 1 - len(body))
        if len(body) > most:
            raise Failure("oversized", f"the answer has more than {most} bytes", transient=False)
    if unpack is not None and not unpack.eof:
        raise Failure("encoding", "the answer's gzip ends too early", transient=True)
    return bytes(body)


def _unpacked(unpack: zlib._Decompress, chunk: bytes, most: int) -> bytes:
    try:
        return unpack.decompress(chunk, most)
    except zlib.error:
        pass
    raise Failure("encoding", "the answer is not the gzip that it says it is", transient=True)
