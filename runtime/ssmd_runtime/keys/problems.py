"""What can be wrong with a key, in one line for a person, and never with any part of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KeyProblem", "Unavailable", "one_line"]

_MOST = 300


class Unavailable(Exception):  # noqa: N818 -- it says what a place is
    """Nothing could be read at one place. `absent`: the place was reached, and there is nothing there."""

    def __init__(self, line: str, *, absent: bool = False) -> None:
        super().__init__(line)
        self.absent = absent


class KeyProblem(KeyError):  # noqa: N818 -- as KeyError's own name is not the whole of it
    """All that is wrong with the keys that were asked for: `lines`, one each."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__(*self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def one_line(text: str) -> str:
    r"""Text from a spec or an environment as it may be shown: short, and with `\n` in the place of a line break."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:_MOST])
    return shown if len(text) <= _MOST else f"{shown}..."
