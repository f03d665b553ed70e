"""Answers of a REST feed on their way to the file: any JSON, of one kind, without commands and sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ssmd_runtime.exchanges.protocol import Connect, Session

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

__all__ = ["RestFrames"]


class _Nothing(msgspec.Struct):
    """REST answers carry no members that count."""


class RestFrames(Session):
    """What the capture has to know of a REST feed's answers; there is no connection to keep."""

    frame = msgspec.Raw
    header = _Nothing
    control = frozenset[str]()

    def connect(self, now_ms: int) -> Connect:
        del now_ms
        return Connect(self.spec.endpoint)

    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        return ()

    @staticmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        return [""] * len(headers)
