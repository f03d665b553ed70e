"""Keys in their older spellings: a list of `{name, ...}` for a map by name, and `secrets` for keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ssmd_compiler.formatting.cuts import Cuts, is_allowance, shifted
from ssmd_compiler.formatting.layout import STEP
from ssmd_compiler.formatting.moving import Unable, flow_as_lines, paste, paste_lines, refuse_shared
from ssmd_compiler.model.spelling import secret_type
from ssmd_compiler.source import Map

if TYPE_CHECKING:
    from ssmd_compiler.formatting.syntax import Entry, Item, Node, Syntax

__all__ = ["by_name", "merged", "secrets_that_are_texts", "texts_as_keys"]


def by_name(syntax: Syntax, entry: Entry, field: str) -> str:
    """The text with the list at `entry` as a map, each item's `field` its key."""
    listed, cuts = entry.value, Cuts(syntax)
    refuse_shared(listed, entry.key.value)
    if not listed.flow and syntax.column(listed.column_of) == syntax.column(entry.start):
        # Its dashes stand below the key itself: as keys they would be its neighbours.
        first, last = syntax.line(entry.start) + 1, cuts.last_line(entry)
        lines = shifted(cuts.lines(first, last), STEP)
        cuts.drop_lines(first, last)
        cuts.insert_lines(first, lines)
        return cuts.text()
    if listed.flow:
        cuts.replace(listed.start, listed.start + 1, "{")
        cuts.replace(listed.end - 1, listed.end, "}")
    for item in listed.items or ():
        _name_item(cuts, item, field)
    return cuts.text()


def _name_item(cuts: Cuts, item: Item, field: str) -> None:
    node = item.node
    refuse_shared(node, "keys")
    naming = next(entry for entry in node.entries or () if entry.key.value == field)
    refuse_shared(naming.value, field)
    key = _as_key(cuts, naming.value)
    if not node.flow:
        _name_lines(cuts, item, naming, key)
        return
    if cuts.syntax.text[node.start] != "{":
        raise Unable("an item of `keys` has no braces")
    if item.dash < 0:
        cuts.replace(node.start, node.start, f"{key}: ")
    else:
        cuts.replace(item.dash, item.dash + 1, f"{key}:")
    cuts.drop_from_flow(node, naming)


def _as_key(cuts: Cuts, value: Node) -> str:
    if value.style in ("|", ">"):
        return json.dumps(value.value)
    return cuts.syntax.text[value.start : value.end]


def _name_lines(cuts: Cuts, item: Item, naming: Entry, key: str) -> None:
    """`- name: a` and what follows become `a:` and what follows; the name may stand anywhere among its siblings."""
    syntax, first = cuts.syntax, (item.node.entries or [naming])[0]
    beside = syntax.line(item.dash) == syntax.line(first.start)
    column = syntax.column(first.start)
    line, last = syntax.line(naming.start), syntax.line(max(naming.start, naming.end - 1))
    comments = [syntax.words(one) for one in syntax.comments_between(naming.start, cuts.line_end(last))]
    header = f"{key}:"
    if first is naming and beside and line == last:
        cuts.replace(item.dash, naming.end, header)
        return
    if beside and comments:
        header += f"  {comments.pop(0)}"
    if first is naming and beside:
        lines = [header, *(" " * column + words for words in comments)]
        cuts.replace(item.dash, cuts.line_end(last), "\n".join(lines))
        return
    cuts.replace(item.dash, item.dash + 1, header)
    if beside:
        cuts.replace(item.dash + 1, first.start, "\n" + " " * column)
    top = cuts.reach(item.node, naming)[0] if first is not naming else line
    above = shifted(cuts.lines(top, line - 1), syntax.column(item.dash) - column) if top < line else []
    cuts.insert_lines(syntax.line(item.dash), above)
    cuts.drop_lines(top, last)
    cuts.insert_lines(last + 1, [" " * column + words for words in comments])


def secrets_that_are_texts(data: Map) -> frozenset[str]:
    """The entries of a document's `secrets` that say a source alone."""
    body = data["spec"] if isinstance(data.get("spec"), Map) else data
    secrets = body.get("secrets")
    return (
        frozenset(name for name, value in secrets.items() if isinstance(value, str))
        if isinstance(secrets, Map)
        else frozenset()
    )


def texts_as_keys(syntax: Syntax, secrets: Entry, names: frozenset[str]) -> str:
    """The text with those entries of `secrets` written as keys with a type and a source."""
    refuse_shared(secrets.value, "secrets")
    cuts = Cuts(syntax)
    for entry in secrets.value.entries or ():
        if entry.key.value in names:
            _text_as_key(cuts, entry, in_flow=secrets.value.flow)
    return cuts.text()


def _text_as_key(cuts: Cuts, entry: Entry, *, in_flow: bool) -> None:
    syntax, value, kind = cuts.syntax, entry.value, secret_type(entry.key.value)
    if in_flow:
        cuts.replace(value.start, value.start, f"{{type: {kind}, source: ")
        cuts.replace(value.end, value.end, "}")
        return
    indent = " " * (syntax.column(entry.start) + STEP)
    words = f"{indent}type: {kind}\n{indent}source: "
    first, last = syntax.line(value.start), syntax.line(value.end - 1)
    if first == syntax.line(entry.start):
        cuts.replace(entry.colon, value.start, "\n" + words)
    else:
        cuts.replace(cuts.line_start(first), value.start, words)
    for line in range(first + 1, last + 1):
        cuts.replace(cuts.line_start(line), cuts.line_start(line), " " * STEP)
    for comment in syntax.comments_between(value.start, cuts.line_end(last)):
        if is_allowance(syntax.words(comment)) and first == syntax.line(entry.start):
            # Behind the value it would speak of the source alone, and of the whole key from above.
            above = cuts.line_start(syntax.line(entry.start))
            cuts.replace(above, above, f"{' ' * syntax.column(entry.start)}{syntax.words(comment)}\n")
            cuts.replace(comment.start, comment.end, "")


def merged(cuts: Cuts, body: Node, secrets: Entry, keys: Entry) -> Cuts:
    """All entries of `secrets` at the end of `keys`, with their comments, and no `secrets` any more."""
    node, syntax = secrets.value, cuts.syntax
    refuse_shared(node, "secrets")
    if body.flow:
        if node.entries:
            paste(cuts, node, node.entries, keys)
        inner = [(entry.start, entry.end) for entry in node.entries or ()]
        found = syntax.comments_between(secrets.start, secrets.end)
        left = [one for one in found if not any(start <= one.start < end for start, end in inner)]
        cuts.replace(secrets.start, secrets.start, "".join(f" {syntax.words(one)}\n" for one in left))
        cuts.drop_from_flow(body, secrets)
        return cuts
    first, last = cuts.reach(body, secrets)
    comments = syntax.comments_between(cuts.line_start(first), cuts.line_end(last))
    if not node.entries:
        cuts.drop_lines(first, last)
        cuts.insert_lines(first, [" " * syntax.column(secrets.start) + syntax.words(one) for one in comments])
        return cuts
    if node.flow and not comments:
        paste(cuts, node, node.entries, keys)
    else:
        paste_lines(cuts, keys, lambda column: _as_lines(cuts, secrets, (first, last), column))
    cuts.drop_lines(first, last)
    return cuts


def _as_lines(cuts: Cuts, secrets: Entry, reach: tuple[int, int], column: int) -> list[str]:
    """The entries of `secrets` as lines at a column: its own comments above them, each other one where it stood."""
    node, syntax = secrets.value, cuts.syntax
    if not node.flow:
        head = syntax.comments_between(cuts.line_start(reach[0]), node.column_of)
        below = max(syntax.line(one) for one in (secrets.start, *(comment.start for comment in head))) + 1
        lines = shifted(cuts.lines(below, reach[1]), column - syntax.column(node.column_of))
        return [*(" " * column + syntax.words(one) for one in head), *lines]
    entries = node.entries or []
    head = syntax.comments_between(cuts.line_start(reach[0]), node.start)
    inner, behind = node.end, cuts.line_end(reach[1])
    if len(entries) == 1 and syntax.line(entries[0].end) == syntax.line(node.end):
        inner = behind
    head += syntax.comments_between(inner, behind)
    return [*(" " * column + syntax.words(one) for one in head), *flow_as_lines(cuts, node, inner, column)]
