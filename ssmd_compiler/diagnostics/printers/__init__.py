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

__all__ = ["PRINTERS", "Report", "Rule", "printer"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What there is to know about a code, for formats that carry it along: a title, a text, a page in Markdown."""

    title: str
    text: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that any printer may need. `sources(path)` is a file's text, None when it cannot be read.

    `folder` leads from the repository's root to the workspace, and ends in `/` unless it is empty: what reads a report
    for a whole repository counts paths from there. `rules(code)` explains a code, None when nobody can.
    """

    diagnostics: Sequence[Diagnostic]
    sources: Callable[[str], str | None]
    checked: int
    version: str
    colour: bool = False
    width: int = 100
    folder: str = ""
    rules: Callable[[str], Rule | None] = lambda _: None


PRINTERS = {
    "text": "ssmd_compiler.diagnostics.printers.text",
    "json": "ssmd_compiler.diagnostics.printers.json",
    "sarif": "ssmd_compiler.diagnostics.printers.sarif",
    "github": "ssmd_compiler.diagnostics.printers.github",
    "gitlab": "ssmd_compiler.diagnostics.printers.gitlab",
    "junit": "ssmd_compiler.diagnostics.printers.junit",
    "checkstyle": "ssmd_compiler.diagnostics.printers.checkstyle",
}
"""The name of a format -> the module whose `render` prints it."""


def printer(name: str) -> Printer:
    """The printer of a format in `PRINTERS`; an unknown name is a KeyError."""
    render: Printer = import_module(PRINTERS[name]).render
    return render
