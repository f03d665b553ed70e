"""The lines of a data file: `{"ts":...,"feed":...,"data":<the frame as it came>}`.

Frames are spliced in, never encoded again. What cannot stand in a line as it is (no JSON, bad UTF-8, a line break,
binary) is kept as a string with a `flag` that says why: text escaped, bytes in base64. Nothing is dropped.
"""

from __future__ import annotations

import base64
import datetime
from typing import Final, Literal

import msgspec

__all__ = ["Envelope", "Flag", "Line", "frame_of"]

Flag = Literal["not_json", "newline", "utf8", "binary"]

_MICROSECONDS: Final = 1_000_000
_encode: Final = msgspec.json.Encoder().encode


class Line(msgspec.Struct, gc=False):
    """A line read back; `data` is the frame's bytes, or a JSON string where `flag` is set."""

    ts: str
    feed: str
    data: msgspec.Raw
    flag: str | None = None


class Envelope:
    """Wraps frames of one feed. Times are UTC with microseconds (RFC 3339): the time of receipt of the batch."""

    def __init__(self, feed: str) -> None:
        self._between = b'Z","feed":' + _encode(feed) + b',"data":'
        self._second = -1
        self._stamp = b""

    def stamp(self, now_ns: int) -> bytes:
        """`2026-11-21T10:30:00.123456` of a Unix time in nanoseconds."""
        second, rest = divmod(now_ns, 1_000_000_000)
        if second != self._second:
            self._second = second
            moment = datetime.datetime.fromtimestamp(second, datetime.UTC)
            self._stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.").encode()
        return self._stamp + b"%06d" % (rest // 1000)

    def lines(self, frames: list[bytes], now_ns: int) -> bytes:
        """One line for each frame; every frame must be JSON without a line break."""
        prefix = b'{"ts":"' + self.stamp(now_ns) + self._between
        return prefix + (b"}\n" + prefix).join(frames) + b"}\n"

    def flagged(self, frame: bytes, flag: Flag, now_ns: int) -> bytes:
        """One line for a frame that is kept as a string."""
        text = base64.b64encode(frame).decode() if flag in {"utf8", "binary"} else frame.decode()
        return b"".join(
            (b'{"ts":"', self.stamp(now_ns), self._between, _encode(text), b',"flag":"', flag.encode(), b'"}\n')
        )


def frame_of(line: Line) -> bytes:
    """The frame's bytes as they were received."""
    if line.flag is None:
        return bytes(line.data)
    text: str = msgspec.json.decode(line.data, type=str)
    return base64.b64decode(text) if line.flag in {"utf8", "binary"} else text.encode()
