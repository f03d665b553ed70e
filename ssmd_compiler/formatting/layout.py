"""Layout: two spaces a level, no blanks at the end of a line, one line break at the end of the file.

Lines are moved sideways and never broken or joined. A list keeps to the column of its key where its author wrote it so.
Text that goes on over several lines, in quotes, in brackets or in a block, moves with the line on which it starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssmd_compiler.formatting.syntax import Item, Node, Syntax

__all__ = ["STEP", "laid_out"]

STEP = 2
Level = tuple[int, int]
"""A block collection: the column of its signs, and the one that they get."""


def laid_out(syntax: Syntax) -> str:
    """The text in its layout."""
    plan = _Plan(syntax)
    if syntax.root.block:
        plan.collection(syntax.root, 0, ())
    else:
        plan.value(syntax.root, syntax.root.start, (0, 0), ())
    plan.leave_open_lines()
    text = "\n".join(plan.lines())
    at_end = (node for node in syntax.nodes() if node.end >= len(syntax.text) - 1)
    return text if any(node.style in ("|", ">") for node in at_end) else text.rstrip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class _Region:
    """Lines inside of one value, after its first: how far they move, and how far to the left at most."""

    shift: int
    least: int
    in_block: bool = False

    def moved(self, line: str) -> str:
        words = line.lstrip(" ") if self.in_block else line.lstrip(" \t")
        column = len(line) - len(words) + self.shift
        if words:
            return " " * max(column, self.least) + words
        # Blanks alone on a line are part of a block's text where they reach past its indentation.
        return " " * column if self.in_block and line else ""


class _Plan:
    """What becomes of each line."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.columns: dict[int, int] = {}
        """Lines that start with a sign or a value of a block collection, and where they go."""
        self.levels: dict[int, tuple[Level, ...]] = {}
        """The collections open at the end of each such line, outer ones first."""
        self.inside: dict[int, _Region] = {}
        self.dashes: dict[int, list[tuple[int, int]]] = {}
        """Of each line, the blanks between a dash and what follows it: from, to."""
        self.open: set[int] = set()
        """Lines at whose end a text in quotes or in a block goes on: blanks there may mean something."""

    def collection(self, node: Node, column: int, outer: tuple[Level, ...]) -> None:
        """Plan a block mapping or a list whose signs go to `column`."""
        level = (self.syntax.column(node.column_of), column)
        levels = (*outer, level)
        for entry in node.entries or ():
            self._starts(entry.start, column, levels)
            self.value(entry.value, entry.start, level, levels)
        for item in node.items or ():
            self._starts(item.dash, column, levels)
            self._behind_dash(item)
            self.value(item.node, item.dash, level, levels)

    def _starts(self, index: int, column: int, levels: tuple[Level, ...]) -> None:
        line = self.syntax.line(index)
        if self.syntax.first_of_line(index):
            self.columns[line] = column
        self.levels[line] = levels

    def _behind_dash(self, item: Item) -> None:
        line = self.syntax.line(item.dash)
        if item.node.end > item.dash + 1 and self.syntax.line(item.node.start) == line:
            self.dashes.setdefault(line, []).append((item.dash + 1, item.node.start))

    def value(self, node: Node, sign: int, level: Level, levels: tuple[Level, ...]) -> None:
        """Plan the value that belongs to the key or the dash at `sign`."""
        if node.block:
            beside = node.items is not None and self.syntax.column(node.column_of) == level[0]
            self.collection(node, level[1] if beside else level[1] + STEP, levels)
            return
        first, last = self.syntax.line(node.start), self.syntax.line(max(node.start, node.end - 1))
        outer = shift = level[1] - level[0]
        if first > self.syntax.line(sign):
            old, new = self.syntax.column(node.start), level[1] + STEP
            self.columns[first], shift = new, new - old
            self.levels[first] = (*levels, (old, new))
        region = _Region(outer, 0, in_block=True) if node.style in ("|", ">") else _Region(shift, level[1] + 1)
        for line in range(first + 1, last + 1):
            # A bracket may close at the column of its key.
            outdented = node.flow and self._indent(line) <= level[0]
            self.inside[line] = _Region(outer, level[1]) if outdented else region

    def leave_open_lines(self) -> None:
        for node in self.syntax.nodes():
            if node.style:
                first, last = self.syntax.line(node.start), self.syntax.line(node.end - 1)
                in_block = node.style in ("|", ">")
                self.open.update(range(first + in_block, last + in_block))

    def lines(self) -> list[str]:
        before, after = self._neighbours()
        return [
            self._line(number, line, before[number], after[number])
            for number, line in enumerate(self.syntax.text.split("\n"))
        ]

    def _line(self, number: int, line: str, before: tuple[Level, ...], after: tuple[Level, ...]) -> str:
        start = self.syntax.starts[number]
        for first, last in sorted(self.dashes.get(number, ()), reverse=True):
            line = f"{line[: first - start]} {line[last - start :]}"
        words = line.lstrip(" \t")
        if number in self.inside:
            line = self.inside[number].moved(line)
        elif number in self.columns:
            line = " " * self.columns[number] + words
        elif words.startswith("#"):
            line = " " * _around(len(line) - len(words), before, after) + words
        return line if number in self.open else line.rstrip(" \t")

    def _neighbours(self) -> tuple[list[tuple[Level, ...]], list[tuple[Level, ...]]]:
        """Of each line, the levels of the nearest sign above it and below."""
        count = len(self.syntax.starts)
        before: list[tuple[Level, ...]] = [()] * count
        after: list[tuple[Level, ...]] = [()] * count
        for line in range(1, count):
            before[line] = self.levels.get(line - 1, before[line - 1])
        for line in range(count - 2, -1, -1):
            after[line] = self.levels.get(line + 1, after[line + 1])
        return before, after

    def _indent(self, line: int) -> int:
        blanks = re.compile(r"[ \t]*").match(self.syntax.text, self.syntax.starts[line])
        return len(blanks[0]) if blanks else 0


def _around(column: int, before: tuple[Level, ...], after: tuple[Level, ...]) -> int:
    """Where a comment alone on its line goes: with the innermost collection that it does not stand to the left of."""
    levels = after if after[: len(before)] == before else before
    return next((new for old, new in reversed(levels) if old <= column), 0)
