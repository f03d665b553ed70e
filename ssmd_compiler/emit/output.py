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
