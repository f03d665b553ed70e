"""What capturing costs without anything between a socket and a file: two floors, in plain Python.

`raw` writes what it reads, frames and their headers as they come: no program that receives and stores these bytes can
do with less. `framed` finds the frames and writes ssmd's own lines, with nothing else: no checks, counters or numbers.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["framed", "raw"]

_READ = 256 * 1024
_FRAME = 4 + 220
_CLOSE = b"\x88\x02\x03\xe8"
_BETWEEN = b'Z","feed":"kalshi","data":'


def connected(url: str) -> socket.socket:
    """The handshake, without proving the answer."""
    place = urlsplit(url)
    connection = socket.create_connection((place.hostname, place.port))
    connection.sendall(f"GET {place.path} HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(1)
    return connection


def raw(url: str, directory: Path) -> Callable[[], int]:
    def run() -> int:
        descriptor = os.open(directory / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        total, room = 0, memoryview(bytearray(_READ))
        with connected(url) as connection:
            while size := connection.recv_into(room):
                os.write(descriptor, room[:size])
                total += size
                if room[max(0, size - 4) : size] == _CLOSE:
                    break
        os.close(descriptor)
        return (total - len(_CLOSE)) // _FRAME

    return run


def framed(url: str, directory: Path) -> Callable[[], int]:
    def run() -> int:
        descriptor = os.open(directory / "framed.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        total, rest, closed = 0, b"", False
        with connected(url) as connection:
            while not closed and (read := connection.recv(_READ)):
                frames, rest, closed = cut(rest + read)
                if frames:
                    os.write(descriptor, lines(frames))
                    total += len(frames)
        os.close(descriptor)
        return total

    return run


def cut(data: bytes) -> tuple[list[bytes], bytes, bool]:
    """The whole frames in `data`, what is left of it, and whether the close was there. Unmasked, below 64 KiB."""
    frames, place, end = [], 0, len(data)
    while place + 4 <= end:
        if data[place] == 0x88:
            return frames, b"", True
        size, start = data[place + 1], place + 2
        if size == 126:
            size, start = data[place + 2] << 8 | data[place + 3], place + 4
        if start + size > end:
            break
        place = start + size
        frames.append(data[start:place])
    return frames, data[place:], False


def lines(frames: list[bytes]) -> bytes:
    second, rest = divmod(time.time_ns(), 1_000_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode() + b".%06d" % (rest // 1000)
    prefix = b'{"ts":"' + stamp + _BETWEEN
    return prefix + (b"}\n" + prefix).join(frames) + b"}\n"
