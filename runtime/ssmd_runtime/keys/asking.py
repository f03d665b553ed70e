"""Asking a server that holds secrets, over HTTP: bounded in time and size, tried again while it may help.

No redirect is followed and no proxy of the environment is used, so that a token reaches the server it is meant for and
no other. What goes wrong is one line that quotes nothing of a request or an answer.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ssmd_runtime.keys.files import MOST_BYTES
from ssmd_runtime.keys.problems import Unavailable, one_line
from ssmd_runtime.reliability.retry import retry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    import httpx

    from ssmd_runtime.spec import Retry

__all__ = ["Answer", "Server", "sendable"]

_MOST: Final = 2 * MOST_BYTES
"""Bytes of an answer: a Secret of 1 MiB in base64, and what stands around it."""
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
SECONDS: Final = 10.0


class _AgainError(Unavailable):
    """Another attempt may do better."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body, which is likely to hold secrets."""

    status: int
    body: bytes = field(repr=False)


class Server:
    """One server, called `name` in messages; what was tried in vain is not tried again.

    `authority` is a file of certificates; without one the system's are used.
    """

    def __init__(  # noqa: PLR0913 -- where, how, and what a test puts in the place of time and chance
        self,
        name: str,
        url: str,
        policy: Retry,
        *,
        authority: str | None = None,
        seconds: float = SECONDS,
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
    ) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._policy = policy
        self._authority = authority
        self._seconds = seconds
        self._sleep = sleep
        self._random = random
        self._client: httpx.AsyncClient | None = None
        self._lost: str | None = None

    async def ask(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None) -> Answer:
        """The server's answer, whatever its status, short of a redirect or of lasting trouble. Raises `Unavailable`."""
        if self._lost is not None:
            raise Unavailable(self._lost)
        if self._client is None:
            self._client = self._open()
        client = self._client

        async def attempt() -> Answer:
            answer = await self._once(client, method, path, headers, content)
            if answer.status in _AGAIN:
                raise _AgainError(f"{self._name} answers {answer.status}{_MEANING.get(answer.status, '')}")
            return answer

        try:
            answer = await retry(
                attempt, self._policy, lambda one: isinstance(one, _AgainError), self._sleep, random=self._random
            )
        except _AgainError as problem:
            self._lost = str(problem)
            raise
        if 300 <= answer.status < 400:
            raise Unavailable(
                f"{self._name} answers with a redirect, which is not followed: name the server that it means"
            )
        return answer

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    def _open(self) -> httpx.AsyncClient:
        import httpx

        flaw = _url_flaw(self._url)
        if flaw:
            raise Unavailable(f"{self._name}: {flaw}")
        return httpx.AsyncClient(verify=self._context(), timeout=self._seconds, follow_redirects=False, trust_env=False)

    def _context(self) -> ssl.SSLContext | bool:
        if not self._url.startswith("https:"):
            return False
        try:
            return ssl.create_default_context(cafile=self._authority)
        except (OSError, ValueError):
            pass
        raise Unavailable(f"{self._name}: no certificates can be read from {one_line(self._authority or 'the system')}")

    async def _once(
        self, client: httpx.AsyncClient, method: str, path: str, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        import asyncio

        import httpx

        try:
            async with (
                asyncio.timeout(self._seconds),
                client.stream(method, self._url + path, headers=dict(headers), content=content) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > _MOST:
                        break
                else:
                    return Answer(response.status_code, bytes(body))
                flaw, kind = f"answers with more than {_MOST} bytes", Unavailable
        except (TimeoutError, httpx.TimeoutException):
            flaw, kind = f"does not answer within {self._seconds:g} s", _AgainError
        except httpx.TransportError as problem:
            flaw, kind = f"cannot be reached: {_reason(problem)}", _AgainError
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            flaw, kind = "takes no such request", Unavailable
        # Outside of the handlers, so that no exception is kept that knows more than the line says.
        raise kind(f"{self._name} {flaw}")


_MEANING: Final = {429: ": too many requests", 503: ": not ready, or sealed"}


def _reason(problem: BaseException) -> str:
    """Why, in the words of the system or of TLS: the deepest cause that has some. Never those of the request."""
    seen: BaseException | None = problem
    for _ in range(8):
        if seen is None:
            break
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is refused: {one_line(seen.verify_message)}"
        if isinstance(seen, OSError) and seen.strerror:
            return one_line(seen.strerror).lower()
        seen = seen.__cause__ or seen.__context__
    return type(problem).__name__


def _url_flaw(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return "its address is not a URL"
    if not sound:
        return "its address is not a URL such as https://host:8200"
    return (
        "its address may hold no user, password, query or fragment"
        if "@" in parts.netloc or "?" in url or "#" in url
        else None
    )


def sendable(token: str) -> bool:
    """Whether a text can stand in a header: what cannot would be quoted in somebody else's error message."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
