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
        return [path for _, path in self._numbered(r"jsonl(\.zst)?")]

    def manifests(self) -> list[Path]:
        """The manifests in order, also those whose files are missing."""
        return [path for _, path in self._numbered(r"manifest\.json")]

    def next_sealed(self, *, compressed: bool) -> Path:
        """The name of the next file to seal."""
        last = self._numbered(r"(jsonl(\.zst)?|manifest\.json)")[-1:]
        number = last[0][0] + 1 if last else 1
        return self.directory / f"{self.stem}.{number:04d}.jsonl{'.zst' if compressed else ''}"

    @staticmethod
    def manifest(sealed: Path) -> Path:
        return sealed.with_name(sealed.name.removesuffix(".zst").removesuffix(".jsonl") + ".manifest.json")

    def _numbered(self, ending: str) -> list[tuple[int, Path]]:
        pattern = re.compile(rf"{re.escape(self.stem)}\.(\d{{4,}})\.{ending}")
        paths = self.directory.iterdir() if self.directory.is_dir() else ()
        return sorted((int(match[1]), path) for path in paths if (match := pattern.fullmatch(path.name)))


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
