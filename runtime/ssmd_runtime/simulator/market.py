"""A made-up market: a price that walks, trades, and a book of a few levels. Exact decimals, from a seeded generator."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

__all__ = ["Market", "Trade", "decimal", "iso"]


@dataclass(frozen=True, slots=True)
class Trade:
    """Price and size are whole numbers of their smallest units."""

    price: int
    size: int
    buy: bool


class Market:
    """One instrument. `decimals` of a price, `size_decimals` of a size; prices stay between `low` and `high` ticks."""

    __slots__ = ("decimals", "high", "levels", "low", "numbers", "price", "rng", "size_decimals", "size_most")

    def __init__(  # noqa: PLR0913  what a market is made of; built in one place an exchange
        self, rng: random.Random, *, low: int, high: int, decimals: int, size_decimals: int, size_most: int
    ) -> None:
        self.rng = rng
        self.low, self.high = low, high
        self.decimals, self.size_decimals, self.size_most = decimals, size_decimals, size_most
        self.price = rng.randrange(low + (high - low) // 4, high - (high - low) // 4)
        self.levels: dict[tuple[bool, int], int] = {}
        self.numbers: dict[str, int] = {}
        for distance in range(1, 6):
            for buy in (True, False):
                self.change(buy=buy, distance=distance)

    def next(self, counter: str, start: int, step: int = 1) -> int:
        """The next number of a counter that starts at `start`; it moves on by `step`."""
        number = self.numbers.get(counter, start)
        self.numbers[counter] = number + step
        return number

    def trade(self) -> Trade:
        """The next trade: the price moves by up to two ticks."""
        rng = self.rng
        self.price = min(self.high, max(self.low, self.price + rng.randrange(-2, 3)))
        return Trade(self.price, 1 + int(rng.random() * self.size_most), rng.random() < 0.5)

    def change(self, *, buy: bool, distance: int | None = None) -> tuple[int, int, int]:
        """A level of the book is set anew: its price, its new size (0: it is gone), and by how much it changed."""
        rng = self.rng
        away = distance or 1 + int(rng.random() * 5)
        price = min(self.high, max(self.low, self.price - away if buy else self.price + away))
        before = self.levels.get((buy, price), 0)
        after = 0 if before and rng.random() < 0.2 else 1 + int(rng.random() * self.size_most)
        if after:
            self.levels[buy, price] = after
        else:
            del self.levels[buy, price]
        return price, after, after - before

    def side(self, *, buy: bool) -> list[tuple[int, int]]:
        """The levels of one side, best first, ten at most; what the price has left behind is dropped."""
        here = {price: size for (side, price), size in self.levels.items() if side == buy}
        for price in [price for price in here if abs(price - self.price) > 40]:
            del self.levels[buy, price], here[price]
        return sorted(here.items(), reverse=buy)[:10]

    def text(self, price: int) -> str:
        """A price as a decimal."""
        return decimal(price, self.decimals)

    def size(self, size: int) -> str:
        """A size as a decimal."""
        return decimal(size, self.size_decimals)


def decimal(number: int, places: int) -> str:
    """A whole number of 10**-places as a decimal with exactly that many places."""
    if not places:
        return str(number)
    sign, digits = ("-", -number) if number < 0 else ("", number)
    text = str(digits).rjust(places + 1, "0")
    return f"{sign}{text[:-places]}.{text[-places:]}"


def iso(now_ns: int) -> str:
    """RFC 3339 in UTC, microseconds."""
    second, rest = divmod(now_ns, 1_000_000_000)
    return f"{_second(second)}.{rest // 1000:06d}Z"


@functools.lru_cache(maxsize=64)
def _second(second: int) -> str:
    return f"{datetime.datetime.fromtimestamp(second, datetime.UTC):%Y-%m-%dT%H:%M:%S}"
