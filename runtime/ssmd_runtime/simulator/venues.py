"""The exchanges that can be simulated, by name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from ssmd_runtime.simulator.binance import Binance
from ssmd_runtime.simulator.kalshi import Kalshi
from ssmd_runtime.simulator.kraken import Kraken
from ssmd_runtime.simulator.kraken_futures import KrakenFutures
from ssmd_runtime.simulator.polymarket import Polymarket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_runtime.simulator.venue import Venue

__all__ = ["NAMES", "venue_of"]

_OTHERS: Final[dict[str, type[Venue]]] = {kind.name: kind for kind in (Binance, Kraken, KrakenFutures, Polymarket)}
NAMES: Final = tuple(sorted((*_OTHERS, Kalshi.name)))


def venue_of(
    name: str, seed: int = 1, instruments: Sequence[str] = (), now_ns: int = 0, public_key: bytes | None = None
) -> Venue:
    """The exchange of that name. Raises ValueError: no such exchange, or a key where there is nothing to sign."""
    if name == Kalshi.name:
        return Kalshi(seed, instruments, now_ns, public_key)
    kind = _OTHERS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, NAMES, 1)
        meant = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(NAMES)}"
        raise ValueError(f"unknown exchange `{name}`; {meant}")
    if public_key is not None:
        raise ValueError(f"{name} signs nothing: a public key is Kalshi's")
    return kind(seed, instruments, now_ns)
