"""CPU that a frame costs, from the socket to `batch`, with each WebSocket client: the numbers of decision 0019.

    .venv/bin/python benchmarks/websocket_clients.py [--frames 300000] [--size 180] [--runs 5]

A child process sends frames of text as fast as they are read. Each row is a client in a process of its own: CPU from
the first frame to the last, user and system, the best run and the middle one. aiohttp has a row where it is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import importlib.util
import multiprocessing
import socket
import statistics
import time
from typing import TYPE_CHECKING, Any

from ssmd_runtime.exchanges.protocol import Connect

if TYPE_CHECKING:
    from collections.abc import Callable

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def serve(listener: socket.socket, frames: int, size: int) -> None:
    """One handshake, then all the frames; unmasked, as a server's are."""
    connection, _ = listener.accept()
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += connection.recv(4096)
    names = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in request.split(b"\r\n"))
    }
    accept = base64.b64encode(hashlib.sha1(names[b"sec-websocket-key"] + _GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )
    payload = b'{"data":"' + b"x" * (size - 11) + b'"}'
    header = bytes([0x81, size]) if size < 126 else bytes([0x81, 126]) + size.to_bytes(2, "big")
    block = (header + payload) * 1000
    for _ in range(frames // 1000):
        connection.sendall(block)
    connection.recv(1)


class Counting:
    """A receiver that counts."""

    def __init__(self, frames: int) -> None:
        self.left, self.batches, self.started, self.seconds = frames, 0, 0.0, 0.0
        self.done = asyncio.Event()

    def batch(self, frames: list[bytes]) -> None:
        if not self.batches:
            self.started = time.process_time()
        self.batches += 1
        self.left -= len(frames)
        if self.left <= 0:
            self.seconds = time.process_time() - self.started
            self.done.set()

    def binary(self, frame: bytes) -> None:
        raise AssertionError(frame)

    def alive(self) -> None:
        pass

    def closed(self, reason: str) -> None:
        if self.left > 0:
            raise AssertionError(reason)


async def ours(client: Any, url: str, counting: Counting) -> None:
    line = await client.open(Connect(url), counting, most_bytes=1 << 24, timeout=10)
    await counting.done.wait()
    line.abort()


async def picows(url: str, counting: Counting) -> None:
    from ssmd_runtime.feeds.picows_client import PicowsClient

    await ours(PicowsClient(), url, counting)


async def picows_one_by_one(url: str, counting: Counting) -> None:
    """What a batch saves: the same client, a call for every frame."""
    from ssmd_runtime.feeds import picows_client

    picows_client.BATCH_FRAMES = 1
    await ours(picows_client.PicowsClient(), url, counting)


async def websockets(url: str, counting: Counting) -> None:
    from ssmd_runtime.feeds.websockets_client import WebsocketsClient

    await ours(WebsocketsClient(), url, counting)


async def aiohttp(url: str, counting: Counting) -> None:
    import aiohttp as library

    async with library.ClientSession() as session, session.ws_connect(url, compress=0, autoping=False) as line:
        async for message in line:
            counting.batch([message.data])  # text, decoded
            if counting.done.is_set():
                return


def measured(client: Callable[[str, Counting], Any], frames: int, size: int, answer: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = multiprocessing.get_context("fork").Process(target=serve, args=(listener, frames, size))
        server.start()

        async def run() -> Counting:
            counting = Counting(frames)
            await client(f"ws://127.0.0.1:{listener.getsockname()[1]}/", counting)
            return counting

        counting = asyncio.run(run())
        answer.put((counting.seconds / frames * 1e6, frames / counting.batches))
        server.terminate()
        server.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300_000)
    parser.add_argument("--size", type=int, default=180, help="bytes of a frame")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    clients = [picows, picows_one_by_one, websockets, *([aiohttp] if importlib.util.find_spec("aiohttp") else [])]
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    rounds: dict[str, list[tuple[float, float]]] = {client.__name__: [] for client in clients}
    for _ in range(options.runs):
        for client in clients:
            process = context.Process(target=measured, args=(client, options.frames, options.size, answer))
            process.start()
            rounds[client.__name__].append(answer.get())
            process.join()
    print(f"{options.frames} frames of {options.size} bytes, {options.runs} runs: microseconds of CPU a frame")
    for name, found in rounds.items():
        costs = [cost for cost, _ in found]
        best, middle, batch = min(costs), statistics.median(costs), found[0][1]
        print(f"{name:20} best {best:6.2f}  median {middle:6.2f}  frames a batch {batch:6.1f}")


if __name__ == "__main__":
    main()
