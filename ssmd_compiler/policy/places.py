"""Where in `ssmd.yaml` a rule's fault is: inside of the expression, where its text stands there as it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Span

if TYPE_CHECKING:
    from ssmd_compiler.model import Bound, Settings
    from ssmd_compiler.policy.judgement import Fault

__all__ = ["place"]


def place(settings: Bound[Settings], source: str, fault: Fault) -> Span:
    """The characters that a fault is about; the whole value where they cannot be told, as in a folded text."""
    value = settings.span("policy", fault.rule, fault.part)
    if fault.line < 1:
        return value
    expression: str = getattr(settings.value.policy[fault.rule], fault.part)
    lines = expression.split("\n")
    found = _found(source.split("\n"), value, lines, fault.line) if fault.line <= len(lines) else None
    if found is None:
        return value
    line, start = found
    column = start + min(fault.column, len(lines[fault.line - 1]) or 1)
    return Span(value.path, line, column, line, column + fault.length)


def _found(source: list[str], value: Span, lines: list[str], number: int) -> tuple[int, int] | None:
    """The line of the file, from 1, and the offset in it at which a line of the expression starts."""
    in_block = source[value.line - 1][value.column - 1 :].startswith("|")
    line = value.line + number if in_block else value.line
    if line > len(source) or (number > 1 and not in_block):
        return None
    start = source[line - 1].find(lines[number - 1], 0 if in_block else value.column - 1)
    # A line of a text over several begins where the value does, or is another one that looks the same.
    return (line, start) if start >= 0 and (in_block or start <= value.column) else None
