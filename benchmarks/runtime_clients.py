"""WebSocket libraries by themselves, and cryptofeed's way from a socket to a file. Each counts the frames it got."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["aiohttp", "cryptofeed", "picows", "websockets"]


def picows(url: str, directory: Path) -> Callable[[], int]:
    """picows: a call for every frame, its payload copied, nothing else."""
    from picows import WSListener, WSMsgType, ws_connect

    del directory

    class Counting(WSListener):
        __slots__ = ("frames",)

        def __init__(self) -> None:
            self.frames = 0

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type is WSMsgType.TEXT:
                frame.get_payload_as_bytes()
                self.frames += 1
            else:
                transport.disconnect()

    async def run() -> int:
        transport, counting = await ws_connect(Counting, url, read_buffer_init_size=64 * 1024)
        await transport.wait_disconnected()
        return counting.frames

    return lambda: asyncio.run(run())


def websockets(url: str, directory: Path) -> Callable[[], int]:
    """websockets: messages as text, as its documentation reads them."""
    from websockets.asyncio.client import connect

    del directory

    async def run() -> int:
        frames = 0
        async with connect(url, compression=None, proxy=None) as connection:
            async for _ in connection:
                frames += 1
        return frames

    return lambda: asyncio.run(run())


def aiohttp(url: str, directory: Path) -> Callable[[], int]:
    """aiohttp: messages as text."""
    import aiohttp as library

    del directory

    async def run() -> int:
        frames = 0
        async with library.ClientSession() as session, session.ws_connect(url, compress=0) as line:
            async for _ in line:
                frames += 1
        return frames

    return lambda: asyncio.run(run())


def cryptofeed(url: str, directory: Path) -> Callable[[], int]:
    """cryptofeed: its connection with its raw data collection, on uvloop as it runs; no exchange of its behind."""
    import uvloop
    from cryptofeed.connection import Connection, WSAsyncConn
    from cryptofeed.raw_data_collection import AsyncFileCallback

    async def run() -> int:
        collection = AsyncFileCallback(str(directory))
        Connection.raw_data_callback = collection
        options = {"ping_interval": 10, "ping_timeout": None, "max_size": None, "max_queue": None}  # what its feeds say
        line = WSAsyncConn("wss://127.0.0.1", "flood", **options)
        line.address = url  # it refuses anything but wss, and TLS is in nobody's way here
        frames = 0
        async with line.connect() as connection:
            async for _ in connection.read():
                frames += 1
        collection.stop()
        return frames

    return lambda: uvloop.run(run())
