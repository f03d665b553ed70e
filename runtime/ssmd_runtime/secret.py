"""A value that no log, traceback or representation shows."""

from __future__ import annotations

from typing import Final, NoReturn

__all__ = ["Secret"]

_HIDDEN: Final = "Secret(***)"


class Secret:
    """Text that must be asked for by name: `reveal()`. It cannot be printed, formatted, pickled or put into JSON."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The text itself, for the one place that sends or signs with it."""
        return self.__value

    def __repr__(self) -> str:
        return _HIDDEN

    def __format__(self, spec: str) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.__value

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
