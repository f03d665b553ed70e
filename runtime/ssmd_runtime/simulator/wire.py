"""Bytes on the wire: frames as a well-behaved server never sends them, and a transport that can falter.

`websockets` writes through a `Faltering` transport, so what holds for data holds for handshakes, pongs and closing too.
Source: RFC 6455, section 5.2; RFC 7692.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BINARY", "PING", "TEXT", "Faltering", "bomb", "encode", "in_fragments"]

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
PING: Final = 0x9
_FIN: Final = 0x80
_RSV1: Final = 0x40
_BOMB_BYTES: Final = 64 * 1024 * 1024


def encode(payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv1: bool = False) -> bytes:
    """One unmasked frame."""
    first = opcode | (_FIN if fin else 0) | (_RSV1 if rsv1 else 0)
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def in_fragments(payload: bytes, opcode: int = TEXT) -> bytes:
    """The payload in three fragments with a ping between the first two; a character may be cut in two."""
    third = max(1, len(payload) // 3)
    parts = payload[:third], payload[third : 2 * third], payload[2 * third :]
    return b"".join(
        (
            encode(parts[0], opcode, fin=False),
            encode(b"between", PING),
            encode(parts[1], CONTINUATION, fin=False),
            encode(parts[2], CONTINUATION),
        )
    )


def bomb(size: int = _BOMB_BYTES) -> bytes:
    """A compressed frame, a thousandth of what it swells to."""
    squeeze = zlib.compressobj(9, wbits=-15)
    chunk = b"a" * min(size, 1 << 20)
    # After a full flush nothing refers back, so that the same bytes can be repeated.
    packed = (squeeze.compress(chunk) + squeeze.flush(zlib.Z_FULL_FLUSH)) * (size // len(chunk))
    return encode(packed.removesuffix(b"\x00\x00\xff\xff"), TEXT, rsv1=True)


class Faltering(asyncio.Transport):
    """A transport that passes everything on until told otherwise.

    `hold` keeps what is written, and reads nothing, until `release`; `kill` does so for ever and lets nobody close;
    `drip` writes a byte at a time.
    """

    def __init__(self, below: asyncio.Transport, drip_seconds: float | None = None) -> None:
        super().__init__()
        self._below = below
        self._drip_seconds = drip_seconds
        self._waiting: deque[memoryview | Callable[[], None]] = deque()
        self.held = self.dead = False
        self._timer: asyncio.TimerHandle | None = None

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self.dead:
            return
        if self.held or self._drip_seconds is not None or self._waiting:
            self._later(memoryview(bytes(data)))
        else:
            self._below.write(data)

    def _later(self, what: memoryview | Callable[[], None]) -> None:
        self._waiting.append(what)
        self._go_on()

    def _go_on(self) -> None:
        if self._timer is None and self._waiting and not self.held:
            self._timer = asyncio.get_running_loop().call_later(self._drip_seconds or 0.0, self._some)

    def _some(self) -> None:
        self._timer = None
        while self._waiting and not self.held and not self._below.is_closing():
            what = self._waiting.popleft()
            if not isinstance(what, memoryview):
                what()
            elif self._drip_seconds is None:
                self._below.write(what)
            else:
                self._below.write(what[:1])
                if rest := what[1:]:
                    self._waiting.appendleft(rest)
                break
        self._go_on()

    def hold(self) -> None:
        """Nothing is read or written any more, until `release`."""
        self.held = True
        self._below.pause_reading()

    def release(self) -> None:
        """What was held goes out, and reading goes on."""
        if self.held and not self.dead:
            self.held = False
            self._below.resume_reading()
            self._go_on()

    def kill(self) -> None:
        """The connection stays, and nothing ever happens on it."""
        self.held = self.dead = True
        self._waiting.clear()
        self._below.pause_reading()

    def drip(self, seconds: float | None) -> None:
        """From now on a byte each so many seconds; None: at full speed again."""
        self._drip_seconds = seconds
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._go_on()

    def reset(self) -> None:
        """Ends the connection at once, with a TCP reset and without what was not yet sent."""
        plug = self._below.get_extra_info("socket")
        if plug is not None and not self._below.is_closing():
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        self._waiting.clear()
        self._below.abort()

    def close(self) -> None:
        if self.dead:
            return
        if self._waiting:
            self._later(self._below.close)
        else:
            self._below.close()

    def write_eof(self) -> None:
        if self.dead:
            return
        if self._waiting or self.held:
            self._later(self._below.write_eof)
        else:
            self._below.write_eof()

    def can_write_eof(self) -> bool:
        return self._below.can_write_eof()

    def is_closing(self) -> bool:
        return self._below.is_closing()

    def get_write_buffer_size(self) -> int:
        held = sum(len(what) for what in self._waiting if isinstance(what, memoryview))
        return self._below.get_write_buffer_size() + held

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._below.get_extra_info(name, default)

    def is_reading(self) -> bool:
        return self._below.is_reading()

    def pause_reading(self) -> None:
        self._below.pause_reading()

    def resume_reading(self) -> None:
        if not self.held:
            self._below.resume_reading()
