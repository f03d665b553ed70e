"""The envelope: `apiVersion`, `kind`, `metadata`, `spec`, put around a flat document, and in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.formatting.cuts import Cuts, shifted
from ssmd_compiler.formatting.layout import STEP
from ssmd_compiler.model.spelling import API_VERSION, ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.formatting.syntax import Entry, Node, Syntax

__all__ = ["in_order", "put_around"]


def put_around(syntax: Syntax, kind: str) -> str:
    """A flat document's text, in an envelope."""
    return (_in_braces if syntax.root.flow else _in_lines)(Cuts(syntax), kind)


def _find(root: Node, name: str) -> Entry | None:
    return next((entry for entry in root.entries or () if entry.key.value == name), None)


def _in_braces(cuts: Cuts, kind: str) -> str:
    root, text = cuts.syntax.root, cuts.syntax.text
    api, name = _find(root, "apiVersion"), _find(root, "name")
    rest = [entry for entry in root.entries or () if entry is not api and entry is not name]
    said = [entry for entry in (api, name) if entry is not None]
    version = text[api.start : api.end] if api is not None else f"apiVersion: {API_VERSION}"
    named = text[name.start : name.end] if name is not None else ""
    opening = text.index("{", root.start) + 1
    cuts.replace(opening, opening, f"{version}, kind: {kind}, metadata: {{{named}}}, spec: {{")
    cuts.replace(rest[-1].end, rest[-1].end, cuts.gap(rest[-1]) + "}")
    for entry in said:
        cuts.drop_from_flow(root, entry)
    return cuts.text()


def _in_lines(cuts: Cuts, kind: str) -> str:
    syntax, root = cuts.syntax, cuts.syntax.root
    column = syntax.column(root.column_of)
    reaches = [cuts.reach(root, entry) for entry in root.entries or ()]
    api, name = (_taken(cuts, entry) for entry in (_find(root, "apiVersion"), _find(root, "name")))
    top, bottom = reaches[0][0], cuts.end_of_root()
    rest = [line for number, line in enumerate(cuts.lines(top, bottom - 1), top) if number not in {*api, *name}]
    while rest and not rest[0].strip():
        del rest[0]
    indent = " " * column
    lines = [
        *(_lines_of(cuts, api) or [f"{indent}apiVersion: {API_VERSION}"]),
        f"{indent}kind: {kind}",
        f"{indent}metadata:",
        *shifted(_lines_of(cuts, name), STEP),
        f"{indent}spec:",
        *shifted(rest, STEP),
    ]
    cuts.replace(cuts.line_start(top), cuts.line_start(bottom), "\n".join(lines) + "\n")
    return cuts.text()


def _taken(cuts: Cuts, entry: Entry | None) -> range:
    """The lines of an entry that is taken out."""
    if entry is None:
        return range(0)
    first, last = cuts.reach(cuts.syntax.root, entry)
    return range(first, last + 1)


def _lines_of(cuts: Cuts, taken: range) -> list[str]:
    return cuts.lines(taken[0], taken[-1]) if taken else []


def in_order(syntax: Syntax) -> str | None:
    """The text of an enveloped document with its envelope in order; None when it is already, or there is none."""
    entries = syntax.root.entries or []
    names = [entry.key.value for entry in entries]
    wanted = sorted(entries, key=lambda entry: ENVELOPE.index(entry.key.value)) if set(names) == set(ENVELOPE) else []
    if not wanted or [entry.key.value for entry in wanted] == names:
        return None
    return (_pieces_in_order if syntax.root.flow else _lines_in_order)(Cuts(syntax), entries, wanted)


def _pieces_in_order(cuts: Cuts, entries: Sequence[Entry], wanted: Sequence[Entry]) -> str:
    for there, entry in zip(entries, wanted, strict=True):
        cuts.replace(there.start, there.end, cuts.piece(entry))
    return cuts.text()


def _lines_in_order(cuts: Cuts, entries: Sequence[Entry], wanted: Sequence[Entry]) -> str:
    """Each entry with all lines up to the next."""
    tops = [cuts.reach(cuts.syntax.root, entry)[0] for entry in entries]
    ends = [*tops[1:], cuts.end_of_root()]
    blocks = {id(entry): cuts.lines(top, end - 1) for entry, top, end in zip(entries, tops, ends, strict=True)}
    lines = [line for entry in wanted for line in blocks[id(entry)]]
    cuts.replace(cuts.line_start(tops[0]), cuts.line_start(ends[-1]), "\n".join(lines) + "\n")
    return cuts.text()
