"""A client for the simulator's tests: it subscribes, and keeps every frame in the order of arrival."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from ssmd_runtime.simulator.server import Simulator
from websockets.asyncio.client import ClientConnection, connect

SUBSCRIBE = {
    "kalshi": {"id": 1, "cmd": "subscribe", "params": {"channels": ["trade"], "market_tickers": ["KXA-1", "KXA-2"]}},
    "kraken": {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD", "ETH/USD"]}},
    "kraken-futures": {"event": "subscribe", "feed": "trade", "product_ids": ["PF_XBTUSD", "PF_ETHUSD"]},
    "polymarket": {"assets_ids": ["11", "22"], "type": "market", "custom_feature_enabled": True},
    "binance": {"id": 1, "method": "SUBSCRIBE", "params": ["btcusdt@trade", "ethusdt@trade"]},
}
EXCHANGES = sorted(SUBSCRIBE)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


def steady() -> Callable[[], int]:
    """A clock that moves by a microsecond each time that it is read."""
    ticks = itertools.count(1_790_000_000_000_000_000, 1000)
    return lambda: next(ticks)


@contextlib.asynccontextmanager
async def client(
    simulator: Simulator, wanted: object = None, url: str | None = None
) -> AsyncIterator[ClientConnection]:
    """A subscribed client; `wanted` False: one that asks for nothing."""
    number = simulator.counters.accepted + 1
    async with connect(
        url or simulator.url, compression=None, max_size=None, ping_interval=None, max_queue=None
    ) as one:
        if wanted is not False:
            await one.send(json.dumps(wanted or SUBSCRIBE[simulator.floor.venue.name]))
            await simulator.until(lambda: number in [link.number for link in simulator.floor.subscribed])
        yield one
        one.transport.abort()  # a closing handshake would wait for what some simulators never answer


async def until_data(one: ClientConnection, simulator: Simulator, count: int, number: int = 1) -> list[str | bytes]:
    """Frames until so many entries of the log have come, answers and heartbeats left out."""
    logged = {sent.payload for sent in simulator.log if sent.connection == number}
    found: list[str | bytes] = []
    while len(found) < count:
        frame = await one.recv(decode=False)
        if frame in logged:
            found.append(frame)
    return found


async def the_rest(one: ClientConnection) -> list[bytes]:
    """All frames until the connection ends, in whatever way."""
    from websockets.exceptions import ConnectionClosed

    frames = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            frames.append(await one.recv(decode=False))
    return frames


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what nobody tells of."""
    while not holds():  # a listener's list has no event
        await asyncio.sleep(0.001)
