"""The exchanges that this runtime speaks with: each a module without sockets and clocks, listed here by its name.

The name is `feed.exchange` of a spec. A name that is not listed is refused, and so is a spec that wants to count by
members which the exchange's module does not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from ssmd_runtime.exchanges import binance, kalshi, kraken, kraken_futures, polymarket
from ssmd_runtime.exchanges.protocol import Exchange
from ssmd_runtime.printable import printable
from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_runtime.spec import CollectorSpec, MessageTypeSpec

__all__ = ["EXCHANGES", "Exchange", "check_paths", "exchange_named"]

EXCHANGES: Final[Mapping[str, Exchange]] = {
    "binance": binance.EXCHANGE,
    "kalshi": kalshi.EXCHANGE,
    "kraken": kraken.EXCHANGE,
    "kraken-futures": kraken_futures.EXCHANGE,
    "polymarket": polymarket.EXCHANGE,
}


def exchange_named(name: str) -> Exchange:
    """The exchange of that name. Raises `SpecError` for another."""
    if name not in EXCHANGES:
        raise SpecError(f"no exchange named {printable(name, 60)}: this runtime knows {', '.join(EXCHANGES)}")
    return EXCHANGES[name]


def check_paths(spec: CollectorSpec) -> None:
    """Raises `SpecError` if the spec counts by a member that its exchange's module does not read."""
    session = exchange_named(spec.feed.exchange).session
    for kind, message in spec.message_types.items():
        if not message.sequenced:
            continue
        fanned = message.fanout and kind in session.records
        if message.fanout and not fanned:
            raise SpecError(f"message type {printable(kind, 60)}: fanned out, and its records are not read one by one")
        record = session.record if fanned and session.record else session.header
        _check(kind, message, dict(_read(record)))


def _check(kind: str, message: MessageTypeSpec, read: dict[str, Any]) -> None:
    numbers = [path for path, what in read.items() if int in get_args(what)]
    asked = {
        "sequence_field": (message.sequence_field, numbers),
        "sequence_group_by": (message.sequence_group_by, read),
    }
    for field, (path, known) in asked.items():
        missing = path is None and field == "sequence_field"
        if missing or (path is not None and path not in known):
            said = "no path" if path is None else printable(path, 60)
            raise SpecError(
                f"message type {printable(kind, 60)}: {field} says {said}, and what can stand there is"
                f" {', '.join(known) or 'nothing'}"
            )


def _read(struct: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The paths to all members that a module reads, with their types."""
    for member in msgspec.structs.fields(struct):
        if isinstance(member.type, type) and issubclass(member.type, msgspec.Struct):
            yield from _read(member.type, f"{prefix}{member.name}.")
        elif member.type in {str, int} or int in get_args(member.type):
            yield f"{prefix}{member.name}", member.type
