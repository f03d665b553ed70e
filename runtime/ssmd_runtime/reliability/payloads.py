"""What a dead letter said, written out as one line of JSON Lines."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["line_of", "write_to"]


def line_of(payload: bytes) -> bytes:
    """JSON as it is (on one line), other text as a JSON string, bytes as `{"base64": ...}`; a line break at the end."""
    try:
        payload.decode()  # what a Raw passes over is not looked at for UTF-8
        msgspec.json.decode(payload, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    else:
        # A line break in valid JSON stands between values, where a space says the same.
        return payload.strip(b" \t\r\n").translate(_SPACES) + b"\n"
    try:
        return msgspec.json.encode(payload.decode()) + b"\n"
    except UnicodeDecodeError:
        return msgspec.json.encode({"base64": base64.b64encode(payload).decode("ascii")}) + b"\n"


def write_to(path: Path, lines: bytes) -> None:
    """Append lines to a file; they are on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o640)
    try:
        view = memoryview(lines)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_SPACES = bytes.maketrans(b"\r\n", b"  ")
