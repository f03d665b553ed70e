"""What the simulator sent, frame by frame: the list that a test counts against, and the log that outlives a kill.

A line of the log is written before its frame is handed to the socket, so nothing that arrives is missing from it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Kind", "Log", "Sent"]

Kind = Literal["data", "repeat", "garbage", "partial", "replay"]
_MOST_BYTES: Final = 1 << 20
_encode: Final = msgspec.json.Encoder().encode


class Sent(msgspec.Struct, frozen=True, gc=False):
    """One data frame. `connection` 0: skipped while nobody was connected.

    `number` counts the entries of a connection from 1, skipped ones too. `seq` is the number of the first of `records`.
    `sent` is false for what used up its sequence number and never left whole.
    """

    ts: int
    connection: int
    number: int
    payload: bytes
    type: str
    sid: int | None = None
    symbol: str | None = None
    seq: int | None = None
    records: int = 1
    sent: bool = True
    kind: Kind = "data"
    binary: bool = False

    @property
    def frame(self) -> str:
        """The frame's text; what is no UTF-8 stands as escapes."""
        return self.payload.decode(errors="backslashreplace")

    def line(self) -> bytes:
        """The line of the log. What is no UTF-8 stands in base64, what is larger than 1 MiB as its size and hash."""
        fields: dict[str, object] = {"ts": self.ts, "connection": self.connection, "number": self.number}
        optional = {"type": self.type, "sid": self.sid, "symbol": self.symbol, "seq": self.seq}
        fields |= {name: value for name, value in optional.items() if value is not None}
        if self.records != 1:
            fields["records"] = self.records
        fields["sent"] = self.sent
        if self.kind != "data":
            fields["kind"] = self.kind
        return _encode(fields | self._payload()) + b"\n"

    def _payload(self) -> dict[str, object]:
        if len(self.payload) > _MOST_BYTES:
            return {"bytes": len(self.payload), "sha256": hashlib.sha256(self.payload).hexdigest()}
        if not self.binary:
            try:
                return {"frame": self.payload.decode()}
            except UnicodeDecodeError:
                pass
        return {"base64": base64.b64encode(self.payload).decode()}


class Log:
    """Entries in the order in which they were handed out: the first `keep` in memory, all of them in the file."""

    def __init__(self, file: BinaryIO | None = None, keep: int = 0) -> None:
        self.entries: list[Sent] = []
        self._file = file
        self._keep = keep

    def write(self, batch: Iterable[Sent]) -> None:
        """Writes a batch down, flushed. Raises OSError."""
        batch = list(batch)
        if room := max(0, self._keep - len(self.entries)):
            self.entries += batch[:room]
        if self._file is not None and batch:
            self._file.write(b"".join(sent.line() for sent in batch))
            self._file.flush()
