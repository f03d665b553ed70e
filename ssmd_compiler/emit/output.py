"""One generated file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

__all__ = ["Output"]


@dataclass(frozen=True, slots=True)
class Output:
    """A file of `generated/`: its path below it, its bytes and their digest, the environment it is for (or none)."""

    path: str
    content: bytes
    environment: str | None = None
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.content).hexdigest())

    @property
    def documents(self) -> tuple[bytes, ...]:
        """The YAML documents of the file, each on the lines where it stands there: blank ones are before it."""
        parts, before = [], 0
        for part in self.content.split(b"\n---\n"):
            parts.append(b"\n" * before + part + b"\n" * (not part.endswith(b"\n")))
            before += part.count(b"\n") + 2
        return tuple(parts)
