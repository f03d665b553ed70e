"""How traced lines are shown: one with its places, a file as a table, or either as JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.diagnostics.cells import width as cells
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.printers.excerpt import excerpt
from ssmd_compiler.diagnostics.printers.text import places
from ssmd_compiler.diagnostics.secrets import masked
from ssmd_compiler.generated import FOLDER
from ssmd_compiler.origin.alignment import lines_of
from ssmd_compiler.source import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.origin import LineOrigins, Origin, TemplateLine
    from ssmd_compiler.source import Tree
    from ssmd_compiler.tracing import Traceable

__all__ = ["show"]

SHAPE_VERSION: Final = 1
MOST_ALSO: Final = 5
"""Further places of a line that are named."""


def show(found: Traceable, told: Sequence[LineOrigins], tree: Tree, output: str, *, summary: bool) -> None:
    """Print what is told of a file's lines; of a `summary` one line each."""
    if output == "json":
        click.echo(_json(found, told))
    elif summary:
        click.echo(_table(found, told), nl=False)
    else:
        click.echo(_shown(found, told[0], tree), nl=False)


def _shown(found: Traceable, told: LineOrigins, tree: Tree) -> str:
    """The line, the places that make it, the template's line, and what else there is."""
    path, text = f"{FOLDER}/{found.path}", found.content.decode()

    def source(name: str) -> str | None:
        try:
            return text if name == path else tree.read(name).decode(errors="replace")
        except (Refused, OSError):
            return None

    line = lines_of(text)[told.line - 1]
    start = len(line) - len(line.lstrip())
    spots = [(Span(path, told.line, start + 1, told.line, len(line) + 1), "")]
    best = _best(told)
    spots += ((origin.span, origin.field or "the whole of it") for origin in best)
    remarks = [*_remarks(told, best)]
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return places(spots, remarks, source, colour=colour, width=_columns())


def _best(told: LineOrigins) -> list[Origin]:
    """The closest place, and those that make the line only together with it."""
    close = [origin for origin in told.origins if not origin.whole]
    return (
        [origin for origin in close if origin.joint == close[0].joint][: None if close[0].joint else 1] if close else []
    )


def _remarks(told: LineOrigins, best: Sequence[Origin]) -> list[tuple[str, str]]:
    found = []
    if len(best) > 1:
        found.append(("note", "these make the line together; to change one alone leaves it as it is"))
    found += [("note", f"it is {fact.value}") for fact in told.facts]
    if not best and not told.facts:
        whose = "the template's own text" if told.template is not None else "ssmd's own text"
        found.append(("note", f"no value in the sources makes this line: it is {whose}, or a default"))
    if told.template is not None:
        found.append(("template", _template(told.template)))
    others = [_also(origin) for origin in told.origins if origin not in best]
    if others:
        more = [f"and {len(others) - MOST_ALSO} more: --output json lists them"] if len(others) > MOST_ALSO else []
        found.append(("also", "\n".join([*others[:MOST_ALSO], *more])))
    return found


def _also(origin: Origin) -> str:
    made = "the whole file" if origin.whole else f"{origin.lines} line{'s' if origin.lines != 1 else ''}"
    return f"{_place(origin)} {origin.field} ({made})"


def _place(origin: Origin) -> str:
    span = origin.span
    return f"{span.path}:{span.line}:{span.column}"


def _template(template: TemplateLine) -> str:
    name = f"templates/{template.name}" if template.own else f"built-in template {template.name}"
    return name + (f":{template.line}" if template.line is not None else "")


def _table(found: Traceable, told: Sequence[LineOrigins]) -> str:
    """Each line, cut to the terminal, and the closest place that makes it."""
    lines, width = lines_of(found.content.decode()), _columns()
    made = [printable(_made_by(one)) for one in told]
    number = max((len(str(one.line)) for one in told), default=1)
    right = min(max(map(cells, made), default=0), max(width * 3 // 5, 20))
    left = max(width - number - right - 4, 20)
    rows = []
    for one, by in zip(told, made, strict=True):
        text = excerpt(masked(lines[one.line - 1]), 0, 0, left).text
        shown = _cut_left(by, right)
        rows.append(f"{one.line:>{number}}  {text}{' ' * (left - cells(text))}  {shown}".rstrip())
    return "".join(f"{row}\n" for row in [*_whole(told), *rows])


def _whole(told: Sequence[LineOrigins]) -> list[str]:
    """What makes the file be there at all, if a place does."""
    found = {origin: None for one in told for origin in one.origins if origin.whole}
    return [f"the whole file: {printable(f'{_place(origin)} {origin.field}')}" for origin in found]


def _made_by(told: LineOrigins) -> str:
    best = _best(told)
    if best:
        more = f" (and {len(best) - 1} more)" if len(best) > 1 else ""
        return f"{best[0].span.path}:{best[0].span.line} {best[0].field}{more}"
    if told.facts:
        return f"({told.facts[0].value})"
    return f"({_template(told.template)})" if told.template is not None else "(ssmd itself)"


def _cut_left(text: str, room: int) -> str:
    """The end of a text, which tells more of a place than its start."""
    if cells(text) <= room:
        return text
    while cells(text) > room - 1:
        text = text[1:]
    return f"…{text}"


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _json(found: Traceable, told: Sequence[LineOrigins]) -> str:
    lines = lines_of(found.content.decode())
    document = {
        "version": SHAPE_VERSION,
        "file": f"{FOLDER}/{found.path}",
        "lines": [_line(one, lines[one.line - 1]) for one in told],
    }
    return json.dumps(document, indent=2)


def _line(told: LineOrigins, text: str) -> dict[str, Any]:
    template = told.template
    return {
        "line": told.line,
        "text": masked(text),
        "origins": [_origin(origin) for origin in told.origins],
        "facts": [fact.name.lower() for fact in told.facts],
        "template": None if template is None else {"name": template.name, "line": template.line, "own": template.own},
    }


def _origin(origin: Origin) -> dict[str, Any]:
    span = origin.span
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "field": origin.field,
        "lines": origin.lines,
        "whole": origin.whole,
        "joint": origin.joint,
    }
