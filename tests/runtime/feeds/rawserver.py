"""A WebSocket server that sends exactly the bytes that a test wants: RFC 6455 by hand, so that it can be broken."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv1: bool = False) -> bytes:
    first = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 1 << 16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + payload
    return bytes([first, 127]) + size.to_bytes(8, "big") + payload


@dataclass
class Peer:
    """The server's end: raw writing, and the client's frames unmasked."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        head = await self.reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8), "big")
        assert head[1] & 0x80, "a client masks its frames"
        mask = await self.reader.readexactly(4)
        body = await self.reader.readexactly(size)
        return head[0] & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))


def closes(writer: asyncio.StreamWriter) -> None:
    """Hangs up in order (FIN)."""
    writer.close()


def resets(writer: asyncio.StreamWriter) -> None:
    """Hangs up without a word (RST)."""
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def hanging_up(
    how: Callable[[asyncio.StreamWriter], None], said: bytes = b"", *, asked: bool = True
) -> AsyncIterator[str]:
    """A server on loopback that goes before the handshake's answer is whole; `asked`: after it was asked for it."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if asked:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()
        how(writer)

    async with await asyncio.start_server(one, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"


@contextlib.asynccontextmanager
async def serving(play: Callable[[Peer], Awaitable[None]], answer: bytes | None = None) -> AsyncIterator[str]:
    """A server on loopback that plays `play` with its client; `answer`: what it says instead of the handshake."""

    writers: list[asyncio.StreamWriter] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            if answer is not None:
                writer.write(answer)
                await writer.drain()
                if not answer:
                    await reader.read()
            else:
                key = hashlib.sha1(headers["sec-websocket-key"].encode() + _GUID).digest()
                accept = b"Sec-WebSocket-Accept: " + base64.b64encode(key) + b"\r\n\r\n"
                writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept)
                await play(Peer(reader, writer, headers))
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)
