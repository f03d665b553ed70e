"""One generated file."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Output"]


@dataclass(frozen=True, slots=True)
class Output:
    """A file of `generated/`: its path below it, its bytes, and the environment it is for (none: the workspace)."""

    path: str
    content: bytes
    environment: str | None = None
