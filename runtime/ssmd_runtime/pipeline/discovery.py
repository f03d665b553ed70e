"""Finds the instruments that a spec means and does not name, before the start and again while it runs."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from ssmd_runtime.exchanges import kalshi_discovery
from ssmd_runtime.reliability.retry import retry
from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["DiscoveryError", "discover"]

SECONDS: Final = 20.0
MOST_PAGES: Final = 1000
_MOST_PAGE_BYTES: Final = 64 << 20
_RETRIED: Final = 500
_TOO_MANY: Final = 429


class DiscoveryError(Exception):
    """The instruments could not be found; the message is one line. `transient`: it may go better the next time."""

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient


async def discover(spec: CollectorSpec) -> tuple[str, ...]:
    """The instruments that the spec's discovery means now, sorted. Raises `DiscoveryError` after the spec's retries."""
    if spec.feed.exchange != "kalshi":
        raise SpecError(
            f"{spec.feed.exchange}: this runtime cannot find instruments there: name them in the environment"
        )

    async def attempt() -> tuple[str, ...]:
        return await _pages(spec)

    return await retry(attempt, spec.retry, lambda problem: isinstance(problem, DiscoveryError) and problem.transient)


async def _pages(spec: CollectorSpec) -> tuple[str, ...]:
    import httpx

    markets: list[kalshi_discovery.Market] = []
    url = kalshi_discovery.first_url(spec)
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
        for _ in range(MOST_PAGES):
            try:
                content = await _page(client, url)
                page = kalshi_discovery.parse(content)
            except httpx.HTTPError as problem:
                raise DiscoveryError(f"cannot ask {_place(url)} for markets: {type(problem).__name__}") from None
            except kalshi_discovery.PageError as problem:
                raise DiscoveryError(f"{_place(url)}: {problem}") from None
            markets += page.markets
            if not page.cursor:
                return kalshi_discovery.chosen(spec, markets, datetime.datetime.now(datetime.UTC))
            url = kalshi_discovery.next_url(spec, page.cursor)
    raise DiscoveryError(f"{_place(url)} has more than {MOST_PAGES} pages of markets", transient=False)


async def _page(client: object, url: str) -> bytes:
    import httpx

    assert isinstance(client, httpx.AsyncClient)  # noqa: S101 -- typed so that this module imports without httpx
    content = bytearray()
    async with client.stream("GET", url) as response:
        status = response.status_code
        if status != httpx.codes.OK:
            transient = status >= _RETRIED or status == _TOO_MANY
            raise DiscoveryError(f"{_place(url)} answers with HTTP {status}", transient=transient)
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _MOST_PAGE_BYTES:
                raise DiscoveryError(
                    f"{_place(url)} sends a page of more than {_MOST_PAGE_BYTES} bytes", transient=False
                )
    return bytes(content)


def _place(url: str) -> str:
    return url.partition("?")[0]
