"""What `ssmd compile` is asked for, what of the findings concerns it, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.options import today
from ssmd_compiler.cli.reports import for_programs

if TYPE_CHECKING:
    import datetime
    from pathlib import Path

    from ssmd_compiler.cli.reports import Formats

__all__ = ["Request", "concerns", "tell"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    workspace: Path
    environments: tuple[str, ...]
    as_of: datetime.date | None
    formats: Formats
    cached: bool
    check: bool
    verbose: bool

    @property
    def date(self) -> datetime.date:
        return self.as_of or today()

    @property
    def to_errors(self) -> bool:
        """Whether what is said goes to standard error, because a program reads standard output."""
        return for_programs(self.formats)


def concerns(path: str, environments: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether a finding in `path` is about what was asked for: another environment's own file is not."""
    if not environments:
        return True
    stem = path.rpartition("/")[2].removesuffix(".yaml")
    return stem in environments or stem not in known or "environments/" not in path


def tell(count: int, written: int, removed: int, unchanged: int, *, err: bool) -> None:
    """The line that --verbose adds."""
    plural = "environment" if count == 1 else "environments"
    said = f"{written} files written, {removed} removed, {unchanged} unchanged"
    click.echo(f"compiled {count} {plural} into generated/: {said}", err=err)
