"""Quantities in the one spelling in which the API server gives them back.

It rewrites others (`1024Mi` becomes `1Gi`), and who compares text then sees a difference that is none.
"""

from __future__ import annotations

from typing import Final

__all__ = ["cpu", "size"]

_DECIMAL: Final = ("", "k", "M", "G", "T", "P", "E")
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def size(said: str) -> str:
    """Bytes, with the largest unit that leaves a whole number: `1024MiB` is `1Gi`, `1500MB` is `1500M`.

    >>> size("64MiB"), size("2048Ki"), size("1000"), size("1024"), size("100KB"), size("5B")
    ('64Mi', '2Mi', '1k', '1024', '100k', '5')
    """
    number = said.rstrip("BKMGTkmi")
    unit = said[len(number) :].removesuffix("B")
    unit = "k" if unit == "K" else unit
    return _largest(int(number), _BINARY if unit in _BINARY[1:] else _DECIMAL, unit)


def cpu(said: str) -> str:
    """Cores, in thousandths where they are not whole: `0.5` is `500m`, `2000m` is `2`.

    >>> cpu("250m"), cpu("0.5"), cpu("1.25"), cpu("2"), cpu("2000m"), cpu("0.001")
    ('250m', '500m', '1250m', '2', '2', '1m')
    """
    whole, _, fraction = said.removesuffix("m").partition(".")
    thousandths = int(whole) if said.endswith("m") else int(whole) * 1000 + int(fraction.ljust(3, "0"))
    return f"{thousandths}m" if thousandths % 1000 else _largest(thousandths // 1000, _DECIMAL, "")


def _largest(number: int, units: tuple[str, ...], unit: str) -> str:
    step = 1024 if units is _BINARY else 1000
    position = units.index(unit)
    while number and number % step == 0 and position + 1 < len(units):
        number, position = number // step, position + 1
    return f"{number}{units[position]}"
