"""Moving entries from one mapping into another, renaming them, and putting a text into a list of one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ssmd_compiler.formatting.cuts import Cuts, shifted
from ssmd_compiler.formatting.layout import STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_compiler.formatting.syntax import Entry, Node

__all__ = [
    "Unable",
    "flow_as_lines",
    "move_into",
    "paste",
    "paste_lines",
    "put_alone",
    "refuse_shared",
    "rename",
    "take_out",
]


class Unable(Exception):  # noqa: N818 -- an answer to a person: this document is left as it is, and why
    """A document that cannot be brought into canonical spelling without a person."""


def refuse_shared(node: Node, name: str) -> None:
    """What an alias stands for, here or elsewhere, cannot be changed in one place alone."""
    if node.alias or node.anchored:
        raise Unable(f"`{name}` has an anchor or an alias: write it out first")


def rename(cuts: Cuts, entry: Entry, name: str) -> None:
    """Give an entry another key, in the quotes of the old one."""
    key = entry.key
    quote = key.style if key.style in ("'", '"') else ""
    written = cuts.syntax.text[key.start : key.end]
    anchor = re.match(r"&\S+\s+", written) if key.anchored else None
    cuts.replace(key.start + (anchor.end() if anchor else 0), key.end, f"{quote}{name}{quote}")


def move_into(cuts: Cuts, mapping: Node, entries: Sequence[Entry], target: Entry) -> Cuts:
    """Move `entries` of `mapping` to the end of the mapping that is `target`'s value."""
    paste(cuts, mapping, entries, target)
    for entry in entries:
        take_out(cuts, mapping, entry)
    return cuts


def paste(cuts: Cuts, mapping: Node, entries: Sequence[Entry], target: Entry) -> None:
    """Put copies of `entries` of `mapping` at the end of the mapping that is `target`'s value."""
    into = target.value
    refuse_shared(into, target.key.value)
    if into.flow and mapping.flow:
        _append_to_flow(cuts, into, [cuts.piece(entry) for entry in entries])
        return
    paste_lines(
        cuts, target, lambda column: [line for entry in entries for line in _as_lines(cuts, mapping, entry, column)]
    )


def paste_lines(cuts: Cuts, target: Entry, lines: Callable[[int], list[str]]) -> None:
    """Put lines, which are told the column of their keys, at the end of the mapping that is `target`'s value."""
    into = target.value
    refuse_shared(into, target.key.value)
    if into.flow:
        column = cuts.syntax.column(target.start) + STEP
        _open(cuts, target, column, lines(column))
    else:
        cuts.insert_lines(cuts.last_line(target) + 1, lines(cuts.syntax.column(into.column_of)))


def take_out(cuts: Cuts, mapping: Node, entry: Entry) -> None:
    if mapping.flow:
        cuts.drop_from_flow(mapping, entry)
    else:
        cuts.drop_lines(*cuts.reach(mapping, entry))


def _as_lines(cuts: Cuts, mapping: Node, entry: Entry, column: int) -> list[str]:
    if mapping.flow:
        return cuts.entry_as_lines(entry, column)
    return shifted(cuts.lines(*cuts.reach(mapping, entry)), column - cuts.syntax.column(entry.start))


def _append_to_flow(cuts: Cuts, into: Node, pieces: Sequence[str]) -> None:
    if into.entries:
        last = into.entries[-1]
        cuts.replace(last.end, last.end, cuts.gap(last) + "".join(f", {piece}" for piece in pieces))
    else:
        at = cuts.syntax.text.index("{", into.start) + 1
        cuts.replace(at, at, ", ".join(pieces))


def _open(cuts: Cuts, target: Entry, column: int, more: Sequence[str]) -> None:
    """Write a flow mapping in block style, with `more` lines at its end: lines cannot be moved into brackets."""
    syntax, into = cuts.syntax, target.value
    end = cuts.line_end(syntax.line(into.end - 1))
    around = [*syntax.comments_between(target.colon, into.start), *syntax.comments_between(into.end, end)]
    lines = [" " * column + syntax.words(comment) for comment in around[1:]]
    lines += flow_as_lines(cuts, into, into.end, column)
    head = f"  {syntax.words(around[0])}" if around else ""
    cuts.replace(target.colon, end, "\n".join([head, *lines, *more]))


def flow_as_lines(cuts: Cuts, mapping: Node, end: int, column: int) -> list[str]:
    """The entries of a flow mapping as lines of a block mapping, with the comments up to `end`."""
    lines: list[str] = []
    after = mapping.start
    for entry in mapping.entries or ():
        _add_comments(cuts, lines, after, entry.start, column)
        lines += cuts.entry_as_lines(entry, column)
        after = entry.end
    _add_comments(cuts, lines, after, end, column)
    return lines


def _add_comments(cuts: Cuts, lines: list[str], start: int, end: int, column: int) -> None:
    """The comments of a stretch behind an entry: the one on its line stays there, the others get lines of their own."""
    for comment in cuts.syntax.comments_between(start, end):
        words = cuts.syntax.words(comment)
        if lines and cuts.syntax.line(comment.start) == cuts.syntax.line(start):
            lines[-1] += f"  {words}"
        else:
            lines.append(" " * column + words)


def put_alone(cuts: Cuts, value: Node) -> None:
    """Make a text a list of that text alone."""
    written = cuts.syntax.text[value.start : value.end]
    in_block = value.style in ("|", ">")
    needs_quotes = not value.style and not value.alias and re.search(r"[,\[\]{}]", value.value) is not None
    if value.anchored and (in_block or needs_quotes):
        raise Unable("its `schema` has an anchor: write it out first")
    if in_block:
        header = cuts.comments(value.start, value.end).rstrip("\n")
        cuts.replace(value.start, value.end, f"[{json.dumps(value.value, ensure_ascii=False)}]{header}")
    elif needs_quotes:
        cuts.replace(value.start, value.end, "['" + value.value.replace("'", "''") + "']")
    else:
        cuts.replace(value.start, value.end, f"[{written}]")
