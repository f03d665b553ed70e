"""How much a proof may take: steps, and how deep it may descend. A schema can be made to need any number of both."""

from __future__ import annotations

from typing import Final

__all__ = ["Effort", "Exhausted"]

_MOST_STEPS: Final = 250_000  # about a second; a record of a hundred properties takes some thousand
_DEEPEST: Final = 100  # documents nest to half of that, see json_nodes


class Exhausted(Exception):  # noqa: N818 -- the proof is, nothing is wrong
    """A proof took more than it may."""


class Effort:
    """What is left of both, for one proof."""

    def __init__(self) -> None:
        self._steps = _MOST_STEPS
        self._depth = 0

    def spend(self, steps: int = 1) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise Exhausted

    def descend(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Exhausted

    def ascend(self) -> None:
        self._depth -= 1
