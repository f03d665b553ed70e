"""What a WebSocket client has to do for us, whichever library does it.

Text messages come whole (fragments put together) and in batches, in order; binary ones one by one. Pings are answered
with their payload, a close is answered, compression is declined, redirects are refused: signed headers go where they
were meant to. A message larger than allowed ends the connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from ssmd_runtime.exchanges.protocol import Connect

__all__ = ["BATCH_FRAMES", "READ_BYTES", "Client", "ConnectError", "Line", "Receiver"]

BATCH_FRAMES: Final = 256  # about what stays in a core's second cache, lines and all (decision 0020)
READ_BYTES: Final = 64 * 1024


class ConnectError(Exception):
    """The connection could not be opened. `status`: what HTTP said, where it said anything."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Receiver(Protocol):
    """Who is told what came; called from the event loop, never after `closed`."""

    def batch(self, frames: list[bytes]) -> None: ...

    def binary(self, frame: bytes) -> None: ...

    def alive(self) -> None: ...

    def closed(self, reason: str) -> None: ...


class Line(Protocol):
    """An open connection."""

    def send(self, text: bytes) -> None: ...

    def ping(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None:
        """The closing handshake; `closed` follows, at once where the other side does not answer."""

    def abort(self) -> None:
        """Ends the connection now."""


class Client(Protocol):
    """Opens connections."""

    async def open(self, connect: Connect, receiver: Receiver, *, most_bytes: int, timeout: float) -> Line:  # noqa: ASYNC109
        """A connection. Raises `ConnectError`, in one line and without a header's value."""
