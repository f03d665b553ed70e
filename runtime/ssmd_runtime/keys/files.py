"""A field from a file, such as one of a mounted Secret.

One line break at the end is taken away, as editors and `echo` leave one; more, or other space, is the value's own. PEM
is kept as it is, its line break too. Links are followed, as Kubernetes mounts by them. Refused: what is no file (a
directory, a FIFO), more than 1 MiB (which is what a Secret can hold), an empty file, and what is not UTF-8.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from ssmd_runtime.keys.problems import Unavailable, one_line
from ssmd_runtime.secret import Secret

__all__ = ["MOST_BYTES", "read", "value_of"]

MOST_BYTES: Final = 1 << 20
_PEM: Final = "-----BEGIN "


def read(path: str) -> Secret:
    """The file's value. Raises `Unavailable`."""
    shown = f"file {one_line(path)}"
    try:
        content = _content(path)
    except (FileNotFoundError, NotADirectoryError):
        flaw, absent = "does not exist", True
    except PermissionError:
        flaw, absent = "may not be read by this user", False
    except (OSError, ValueError) as problem:
        flaw, absent = f"cannot be read: {getattr(problem, 'strerror', None) or 'no such name'}", False
    else:
        return value_of(content, shown)
    # Outside of the handler, so that no exception is kept that knows more than the line says.
    raise Unavailable(f"{shown} {flaw}", absent=absent)


def value_of(content: bytes, shown: str) -> Secret:
    """The value that bytes of a file stand for. Raises `Unavailable`, with what is `shown` in front."""
    if len(content) > MOST_BYTES:
        raise Unavailable(f"{shown} has more than {MOST_BYTES} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise Unavailable(f"{shown} is not UTF-8 text")
    if not text.startswith(_PEM):
        text = text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
    if not text:
        raise Unavailable(f"{shown} is empty", absent=True)
    return Secret(text)


def _content(path: str) -> bytes:
    """The bytes, one more than allowed at most. Opened without waiting: a FIFO has no end that we would wait for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unavailable(f"file {one_line(path)} is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
