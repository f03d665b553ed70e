"""One generated file."""

from __future__ import annotations

import hashlib

from msgspec.structs import force_setattr

from ssmd_compiler.record import Record

__all__ = ["Output"]


class Output(Record, frozen=True):
    """A file of `generated/`: its path below it, its bytes and their digest, the environment it is for (or none)."""

    path: str
    content: bytes
    environment: str | None = None
    sha256: str = ""
    """Worked out from the bytes."""

    def __post_init__(self) -> None:
        if not self.sha256:
            force_setattr(self, "sha256", hashlib.sha256(self.content).hexdigest())

    @property
    def documents(self) -> tuple[bytes, ...]:
        """The YAML documents of the file, each on the lines where it stands there: blank ones are before it."""
        parts, before = [], 0
        for part in self.content.split(b"\n---\n"):
            parts.append(b"\n" * before + part + b"\n" * (not part.endswith(b"\n")))
            before += part.count(b"\n") + 2
        return tuple(parts)
