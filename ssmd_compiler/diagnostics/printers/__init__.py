"""Printers: one report in, one text out. None knows a check, and each is loaded only when it is asked for.

To add a format: a module here, and one line in `PRINTERS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_compiler.diagnostics.model import Diagnostic

    Printer = Callable[["Report"], str]

__all__ = ["PRINTERS", "Report", "printer"]


@dataclass(frozen=True, slots=True)
class Report:
    """All that any printer may need. `sources(path)` is a file's text, None when it cannot be read."""

    diagnostics: Sequence[Diagnostic]
    sources: Callable[[str], str | None]
    checked: int
    version: str
    colour: bool = False
    width: int = 100


PRINTERS = {
    "text": "ssmd_compiler.diagnostics.printers.text",
    "json": "ssmd_compiler.diagnostics.printers.json",
}
"""The name of a format -> the module whose `render` prints it."""


def printer(name: str) -> Printer:
    """The printer of a format in `PRINTERS`; an unknown name is a KeyError."""
    render: Printer = import_module(PRINTERS[name]).render
    return render
