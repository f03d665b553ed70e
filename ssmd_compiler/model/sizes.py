"""Sizes and CPU as people write them: what they stand for, and the patterns of those that are large enough."""

from __future__ import annotations

import re
from typing import Final

from ssmd_compiler.model import forms

__all__ = ["CPU", "SIZE", "bytes_of", "cores_of", "size_from"]

SIZE: Final = re.compile(r"([1-9][0-9]{0,14})(B|KiB|MiB|GiB|TiB|Ki|Mi|Gi|Ti|KB|MB|GB|TB|k|M|G|T)?")
_UNITS: Final = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY_UNITS: Final = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def bytes_of(size: str) -> int:
    """The bytes that a size stands for: `64MiB` and `64Mi` are 67108864, `100MB` and `100M` are 100000000.

    >>> bytes_of("64MiB"), bytes_of("100MB"), bytes_of("1024")
    (67108864, 100000000, 1024)
    """
    match = SIZE.fullmatch(size)
    if match is None:
        raise ValueError(size)
    unit = (match[2] or "").removesuffix("B") if match[2] != "B" else ""
    return int(match[1]) * (_BINARY_UNITS.get(unit) or _UNITS[unit.upper()])


def size_from(least: int) -> str:
    """The pattern of the sizes of at least so many bytes: for each unit, the numbers that suffice."""
    units: dict[int, list[str]] = {}
    scaled = [f"{scale}{end}" for scale in (*_BINARY_UNITS, "M", "G", "T") for end in ("", "B")]
    for unit in ("", "B", "k", "KB", *scaled):
        units.setdefault(-(-least // bytes_of(f"1{unit}")), []).append(unit)
    return "|".join(f"{forms.at_least(number, 15)}(?:{'|'.join(names)})" for number, names in units.items())


def cores_of(cpu: str) -> float:
    """The cores that a CPU quantity stands for: `250m` is 0.25."""
    return float(cpu.removesuffix("m")) / 1000 if cpu.endswith("m") else float(cpu)


CPU: Final = r"[1-9][0-9]{0,5}m?|0\.(?=[0-9]*[1-9])[0-9]{1,3}|[1-9][0-9]{0,3}\.[0-9]{1,3}"
