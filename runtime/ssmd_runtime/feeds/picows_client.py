"""The client on picows: a tenth of the CPU of the others for a frame (decision 0019).

picows hands over raw frames, so what is missing is here: fragments are put together, closes are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Final

from picows import WSCloseCode, WSError, WSHandshakeError, WSListener, WSMsgType, ws_connect

from ssmd_runtime.feeds.client import BATCH_FRAMES, READ_BYTES, ConnectError

if TYPE_CHECKING:
    from picows import WSFrame, WSTransport

    from ssmd_runtime.exchanges.protocol import Connect
    from ssmd_runtime.feeds.client import Receiver

__all__ = ["PicowsClient"]

_TEXT: Final = WSMsgType.TEXT
_RECEIVE_BUFFER: Final = 1 << 20
_CLOSE_SECONDS: Final = 1.0
_MOST_UNSENT: Final = 256 * 1024
_MOST_PARTS: Final = 10_000
_SWITCHING: Final = 101


class _Listener(WSListener):
    """Collects text frames; what one read of the socket brought is delivered at once, in batches."""

    # a tenth of what receiving a frame costs is saved by these (decision 0020)
    __slots__ = (
        "_batch",
        "_most_bytes",
        "_parts",
        "_parts_count",
        "_parts_type",
        "_reason",
        "_receiver",
        "ended",
        "transport",
    )

    def __init__(self, receiver: Receiver, most_bytes: int) -> None:
        self._receiver = receiver
        self._most_bytes = most_bytes
        self._batch: list[bytes] = []
        self._parts: bytearray | None = None
        self._parts_count = 0
        self._parts_type = _TEXT
        self._reason: str | None = None
        self.ended = False
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is _TEXT and frame.fin:
            batch = self._batch
            batch.append(frame.get_payload_as_bytes())
            if len(batch) >= BATCH_FRAMES or frame.last_in_buffer:
                self.deliver()
            return
        self._rarely(transport, frame)
        if frame.last_in_buffer:
            self.deliver()

    def deliver(self) -> None:
        """Hands the batch over."""
        batch = self._batch
        if batch and not self.ended:
            self._batch = []
            self._receiver.batch(batch)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.ended:
            return
        self.deliver()
        self.ended = True
        self._receiver.closed(self._reason or _why(transport))

    def end(self, reason: str) -> None:
        """Why the connection is about to end, where we end it."""
        self._reason = self._reason or reason

    def _rarely(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if self._reason is not None:  # we are leaving: what still comes is not looked at
            return
        if kind is WSMsgType.PING:
            self._pong(transport, frame)
        elif kind is WSMsgType.PONG:
            self._receiver.alive()
        elif kind is WSMsgType.CLOSE:
            self.deliver()
            self.end(f"closed by the exchange{_close_text(frame)}")
            _leave(transport, WSCloseCode.OK)
        else:
            self._fragment(transport, frame)

    def _pong(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answers a ping, unless answers pile up: whoever pings without reading would fill our memory."""
        unsent = transport.underlying_transport.get_write_buffer_size()
        if unsent > _MOST_UNSENT:
            self.end(f"the exchange does not read what we send: {unsent} bytes wait")
            transport.underlying_transport.abort()
            return
        transport.send_pong(frame.get_payload_as_bytes())
        self._receiver.alive()

    def _fragment(self, transport: WSTransport, frame: WSFrame) -> None:
        """A part of a message. `_parts` grows as a whole, so that many small parts cost no more than a large one."""
        if (frame.msg_type is WSMsgType.CONTINUATION) is (self._parts is None):
            what = "a continuation of nothing" if self._parts is None else "a message inside of another one"
            self._violation(transport, what)
            return
        if self._parts is None:
            self._parts, self._parts_type, self._parts_count = bytearray(), frame.msg_type, 0
        self._parts += frame.get_payload_as_bytes()
        self._parts_count += 1
        if len(self._parts) > self._most_bytes:
            self._violation(transport, f"a message of more than {self._most_bytes} bytes", WSCloseCode.MESSAGE_TOO_BIG)
        elif frame.fin:
            message, self._parts = bytes(self._parts), None
            self._whole(message)
        elif self._parts_count >= _MOST_PARTS:
            self._violation(transport, f"a message of more than {_MOST_PARTS} parts", WSCloseCode.MESSAGE_TOO_BIG)

    def _whole(self, message: bytes) -> None:
        if self._parts_type is _TEXT:
            self._batch.append(message)
        else:
            self.deliver()
            self._receiver.binary(message)

    def _violation(self, transport: WSTransport, what: str, code: WSCloseCode = WSCloseCode.PROTOCOL_ERROR) -> None:
        self.end(f"the exchange broke the protocol: {what}")
        self._parts = None
        _leave(transport, code)


class _Line:
    def __init__(self, transport: WSTransport, listener: _Listener) -> None:
        self._transport = transport
        self._listener = listener
        self._over = asyncio.ensure_future(transport.wait_disconnected())
        self._over.add_done_callback(_seen)

    def send(self, text: bytes) -> None:
        self._transport.send(_TEXT, text)

    def ping(self) -> None:
        self._transport.send_ping(b"")

    def pause(self) -> None:
        self._transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        self._transport.underlying_transport.resume_reading()

    def close(self) -> None:
        self._listener.end("closed by us")
        self._transport.send_close(WSCloseCode.OK)
        asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        if not self._listener.ended:
            self._transport.underlying_transport.abort()


class PicowsClient:
    """Opens connections with picows. `tls`: what to trust, by default the system's certificates."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    async def open(self, connect: Connect, receiver: Receiver, *, most_bytes: int, timeout: float) -> _Line:  # noqa: ASYNC109
        listener = _Listener(receiver, most_bytes)
        try:
            async with asyncio.timeout(timeout):
                transport, _ = await ws_connect(
                    lambda: listener,
                    connect.url,
                    ssl_context=self._tls,
                    extra_headers=dict(connect.headers),
                    websocket_handshake_timeout=timeout,
                    enable_auto_pong=False,
                    max_frame_size=most_bytes,
                    max_redirects=0,
                    read_buffer_init_size=READ_BYTES,
                )
        except asyncio.CancelledError:
            if listener.transport is not None:  # it was just opened
                listener.transport.underlying_transport.abort()
            raise
        except WSHandshakeError as problem:
            raise _refused(problem) from None
        except TimeoutError:
            raise ConnectError(f"no answer within {timeout:g} s") from None
        except ssl.SSLError as problem:
            raise ConnectError(f"TLS: {problem.reason or problem.__class__.__name__}") from None
        except OSError as problem:
            raise ConnectError(problem.strerror or str(problem) or problem.__class__.__name__) from None
        except (WSError, ValueError) as problem:
            raise ConnectError(f"no WebSocket: {str(problem)[:200]!r}") from None
        if listener.transport is None:  # picows returns all the same, and never calls the listener
            raise ConnectError("the connection was closed before the handshake was over")
        line = transport.underlying_transport.get_extra_info("socket")
        with contextlib.suppress(OSError, AttributeError):  # it may be over already, which `closed` has told
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        return _Line(transport, listener)


def _seen(over: asyncio.Future[None]) -> None:
    """Why it ended was told by `closed`; nobody else asks."""
    if not over.cancelled():
        over.exception()


def _leave(transport: WSTransport, code: WSCloseCode) -> None:
    """Says goodbye and goes; a peer that does not let us go is left behind."""
    transport.send_close(code)
    transport.disconnect()
    asyncio.get_running_loop().call_later(_CLOSE_SECONDS, transport.underlying_transport.abort)


def _refused(problem: WSHandshakeError) -> ConnectError:
    status = getattr(getattr(problem, "response", None), "status", None)
    if status is None or status == _SWITCHING:
        return ConnectError(f"the handshake failed: {str(problem)[:200]!r}")
    return ConnectError(f"refused with HTTP {int(status)} {getattr(status, 'phrase', '')}".rstrip(), int(status))


def _close_text(frame: WSFrame) -> str:
    code = frame.get_close_code()
    reason = frame.get_close_message()
    number = getattr(code, "value", code)
    return f" ({number}{' ' + ascii(bytes(reason).decode(errors='replace'))[1:-1] if reason else ''})"


def _why(transport: WSTransport) -> str:
    sent = transport.close_handshake.sent if transport.close_handshake is not None else None
    if sent is not None and sent.code is WSCloseCode.MESSAGE_TOO_BIG:
        return "the exchange sent a frame that is too large"
    return f"closed ({sent.reason})" if sent is not None and sent.reason else "connection lost"
