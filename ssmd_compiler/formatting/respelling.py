"""Older spellings -> the canonical one, in the text itself, as `model.spelling` finds them.

One form after the other, and the text is read anew after each. What would have to move into or out of an anchor is
left, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.formatting import envelope, keys
from ssmd_compiler.formatting.cuts import Cuts, shifted
from ssmd_compiler.formatting.layout import STEP
from ssmd_compiler.formatting.moving import move_into, put_alone, rename
from ssmd_compiler.formatting.syntax import Entry, Node, Syntax
from ssmd_compiler.model.spelling import Form, Older, spell
from ssmd_compiler.source import Document, Map, read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["respelled"]

MOST_STEPS = 16
"""There are fewer forms: one that came back again and again would be a bug of ours."""


def respelled(path: str, text: str, kind: str) -> str:
    """`text`, a sound document of a `kind`, in canonical spelling; raises Unable where that cannot be."""
    for _ in range(MOST_STEPS):
        document = read_document(path, text.encode())
        if not isinstance(document.data, Map):
            raise AssertionError("a step of respelling broke the document")  # noqa: TRY004 -- of ours, not of a type
        step = _step(document, Syntax(text), kind)
        if step is None:
            return text
        text = step
    raise AssertionError("respelling does not come to an end")


def _step(document: Document, syntax: Syntax, kind: str) -> str | None:
    """The text with the older forms of one kind rewritten, None when there are none."""
    texts = keys.secrets_that_are_texts(document.data)
    found: dict[Form, list[Older]] = {}
    for older in spell(document, kind).older:
        found.setdefault(older.form, []).append(older)
    for form, rewrite in _REWRITES.items():
        if form in found:
            place = _Place(syntax, found[form], kind, texts)
            return rewrite(place)
    return envelope.in_order(syntax)


class _Place:
    """The older things of one form, as entries of the text."""

    def __init__(self, syntax: Syntax, older: Sequence[Older], kind: str, secret_texts: frozenset[str]) -> None:
        self.syntax, self.older, self.kind, self.secret_texts = syntax, older, kind, secret_texts
        starts = {self._index(one): one for one in older}
        self.entries: list[tuple[Older, Entry]] = []
        self.mapping = syntax.root
        for node in syntax.nodes():
            for entry in node.entries or ():
                if entry.start in starts:
                    self.entries.append((starts[entry.start], entry))
                    self.mapping = node
        self.entries.sort(key=lambda pair: pair[1].start)

    def _index(self, older: Older) -> int:
        return self.syntax.starts[older.at[0]] + older.at[1]

    def sibling(self, name: str) -> Entry | None:
        return next((entry for entry in self.mapping.entries or () if entry.key.value == name), None)


def _stray(place: _Place) -> str:
    spec = place.sibling("spec")
    assert spec is not None  # noqa: S101 -- the document is sound
    return move_into(Cuts(place.syntax), place.mapping, [entry for _, entry in place.entries], spec).text()


def _listed(place: _Place) -> str:
    (older, entry), *_ = place.entries
    return keys.by_name(place.syntax, entry, older.name)


def _secrets(place: _Place) -> str:
    (older, entry), *_ = place.entries
    if place.secret_texts:
        return keys.texts_as_keys(place.syntax, entry, place.secret_texts)
    there = place.sibling(older.name)
    cuts = Cuts(place.syntax)
    if there is None:
        rename(cuts, entry, older.name)
        return cuts.text()
    return keys.merged(cuts, place.mapping, entry, there).text()


def _alone(place: _Place) -> str:
    cuts = Cuts(place.syntax)
    for older, entry in place.entries:
        rename(cuts, entry, older.name)
        put_alone(cuts, entry.value)
    return cuts.text()


def _renamed(place: _Place) -> str:
    cuts = Cuts(place.syntax)
    for older, entry in place.entries:
        rename(cuts, entry, older.name)
    return cuts.text()


def _layers(place: _Place) -> str:
    """Into `middleware`, or else a `middleware` around the first of them and those that follow it at once."""
    cuts, mapping = Cuts(place.syntax), place.mapping
    entries = [entry for _, entry in place.entries]
    there = place.sibling("middleware")
    if there is not None:
        return move_into(cuts, mapping, entries, there).text()
    together = _run(mapping, entries)
    first, last = together[0], together[-1]
    if mapping.flow:
        cuts.replace(first.start, first.start, "middleware: {")
        cuts.replace(last.end, last.end, cuts.gap(last) + "}")
        return cuts.text()
    column = cuts.syntax.column(first.start)
    top, bottom = cuts.reach(mapping, first)[0], cuts.last_line(last)
    lines = shifted(cuts.lines(top, bottom), STEP)
    cuts.drop_lines(top, bottom)
    cuts.insert_lines(top, [f"{' ' * column}middleware:", *lines])
    return cuts.text()


def _run(mapping: Node, entries: Sequence[Entry]) -> list[Entry]:
    """The first of `entries` and those that follow it without another entry between."""
    all_ = mapping.entries or []
    start = next(index for index, entry in enumerate(all_) if entry is entries[0])
    ours = {id(entry) for entry in entries}
    run = [entries[0]]
    for entry in all_[start + 1 :]:
        if id(entry) not in ours:
            break
        run.append(entry)
    return run


def _flat(place: _Place) -> str:
    return envelope.put_around(place.syntax, place.kind)


_REWRITES: dict[Form, Callable[[_Place], str]] = {
    Form.STRAY: _stray,
    Form.LISTED: _listed,
    Form.SECRETS: _secrets,
    Form.ALONE: _alone,
    Form.RENAMED: _renamed,
    Form.LAYER: _layers,
    Form.FLAT: _flat,
}
"""In the order in which they are done: a layer beside the envelope is moved into `spec` before it is moved on."""
