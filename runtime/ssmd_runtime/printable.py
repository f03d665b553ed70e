"""Text from elsewhere as it may be shown: nothing in it that could steer a terminal, and not too long."""

from __future__ import annotations

from typing import Final

__all__ = ["LONGEST_REASON", "printable"]

LONGEST_REASON: Final = 200


def printable(value: str, most: int = LONGEST_REASON) -> str:
    """The text with nothing in it that could steer a terminal, at most `most` characters long."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in value[:most])
    return shown if len(shown) <= most and len(value) <= most else f"{shown[: most - 3]}..."
