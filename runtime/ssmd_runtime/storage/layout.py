"""Where everything is, below the storage's path.

    <path>/<YYYY-MM-DD>/<stem>.jsonl[.zst]             being written
    <path>/<YYYY-MM-DD>/<stem>.0001.jsonl[.zst]        sealed, numbered within the day
    <path>/<YYYY-MM-DD>/<stem>.0001.manifest.json      what it holds
    <path>/<YYYY-MM-DD>/<stem>.gaps.jsonl              what is known to be missing
    <path>/.<stem>.lock                                held while a collector writes

The stem is the feed's name, with the shard's where there is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DayFiles", "Layout"]

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class DayFiles:
    """The files of one stem in one trading day."""

    directory: Path
    stem: str

    @property
    def name(self) -> str:
        return self.directory.name

    def active(self, *, compressed: bool) -> Path:
        return self.directory / f"{self.stem}.jsonl{'.zst' if compressed else ''}"

    @property
    def gaps(self) -> Path:
        return self.directory / f"{self.stem}.gaps.jsonl"

    def sealed(self) -> list[Path]:
        """The sealed files in order."""
        pattern = re.compile(rf"{re.escape(self.stem)}\.(\d{{4,}})\.jsonl(\.zst)?")
        found = [(int(match[1]), path) for path in self._paths() if (match := pattern.fullmatch(path.name))]
        return [path for _, path in sorted(found)]

    def next_sealed(self, *, compressed: bool) -> Path:
        """The name of the next file to seal."""
        last = self.sealed()[-1:]
        number = int(last[0].name[len(self.stem) + 1 :].split(".")[0]) + 1 if last else 1
        return self.directory / f"{self.stem}.{number:04d}.jsonl{'.zst' if compressed else ''}"

    @staticmethod
    def manifest(sealed: Path) -> Path:
        return sealed.with_name(sealed.name.removesuffix(".zst").removesuffix(".jsonl") + ".manifest.json")

    def _paths(self) -> list[Path]:
        return list(self.directory.iterdir()) if self.directory.is_dir() else []


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one stem."""

    root: Path
    stem: str

    @property
    def lock(self) -> Path:
        return self.root / f".{self.stem}.lock"

    def day(self, name: str) -> DayFiles:
        return DayFiles(self.root / name, self.stem)

    def days(self) -> Iterator[DayFiles]:
        """Every day that has a directory, the first one first."""
        if self.root.is_dir():
            for path in sorted(self.root.iterdir()):
                if _DAY.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                    yield DayFiles(path, self.stem)
