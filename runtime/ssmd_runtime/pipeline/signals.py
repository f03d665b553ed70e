"""How a run is told to end: by SIGTERM or Ctrl-C, in order the first time, at once the second time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["on_signal"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_ECHO_SECONDS: Final = 1.0


def on_signal(told: Callable[[signal.Signals], None]) -> None:
    """Have the running loop call `told` at the first signal; a second one ends the process at once.

    The next start repairs what that leaves. What whoever started the process has chosen to ignore stays ignored, as
    Ctrl-C is for `&` in a script.
    """
    loop = asyncio.get_running_loop()
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

    def first(number: signal.Signals) -> None:
        told(number)
        for again in heard:
            loop.remove_signal_handler(again)
            signal.signal(again, _EndAtOnce(time.monotonic() + _ECHO_SECONDS))

    for number in heard:
        loop.add_signal_handler(number, first, number)


class _EndAtOnce:
    """What a second signal does; one that comes with the first is its echo (timeout(1) sends two), and does nothing."""

    def __init__(self, after: float) -> None:
        self._after = after

    def __call__(self, number: int, _: object) -> None:
        if time.monotonic() >= self._after:
            os._exit(128 + number)
