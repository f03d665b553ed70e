"""One environment, otherwise: for each place of its sources, a document in which that place is changed.

A variant need not be right: nothing is checked, it only has to bind. Where a name is changed (a document's, a key's)
what refers to it is changed along: a name that nobody knows would be a mistake and not another name. Changes of values
that stand together come in batches: what all of them leave as it is, each of them does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.link import link
from ssmd_compiler.model import ShapeKind
from ssmd_compiler.origin.changes import longer, others
from ssmd_compiler.origin.places import Place, altered, entries, name_path, place_at, removed, renamed, replaced
from ssmd_compiler.origin.subject import Subject, bound_with, family
from ssmd_compiler.record import replace
from ssmd_compiler.source import Map, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Bound
    from ssmd_compiler.source import Document, Path

    Edit = Callable[[Map], Map]
    Otherwise = Callable[[], LinkedEnvironment | None]

__all__ = ["Batch", "Leaf", "Trial", "Variant", "batches", "leaves_of"]

BATCH: Final = 8
_ROUNDS: Final = 6
"""Trials after which what is not allowed in a batch is left to fail alone."""
MOST_FEEDS: Final = 3
"""Other feeds that an environment is tried with."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The environment with one place changed, if that binds. With `renames` its files may have other names."""

    place: Place
    linked: Otherwise
    renames: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """Variants, and the environment with all their changes at once, if those bind together."""

    variants: Sequence[Variant]
    together: Otherwise


def batches(subject: Subject, spelled: Callable[[str], bool] | None = None) -> Iterator[Batch]:
    """The environment with each of its names, values, entries and items changed or left out.

    With `spelled`, only with names and values changed, and only those of which it holds.
    """
    for variant in _other_names(subject):
        if spelled is None or spelled(variant.place.text):
            yield Batch([variant], variant.linked)
    for kind, document in subject.documents():
        trial = Trial(subject, kind, document)
        leaves = leaves_of(document, spelled)
        for start in range(0, len(leaves), BATCH):
            yield from trial.other_values(leaves[start : start + BATCH])
        for path, value in entries(document.data):
            if spelled is None or (isinstance(path[-1], str) and spelled(path[-1])):
                for variant in trial.other_entries(path, value):
                    yield Batch([variant], variant.linked)
    for variant in _other_feeds(subject) if spelled is None else ():
        yield Batch([variant], variant.linked)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text of a document."""

    place: Place
    path: Path
    text: str


def leaves_of(document: Document, which: Callable[[str], bool] | None = None) -> list[Leaf]:
    """Every text that a person said in a document, or each of `which` this holds."""
    found = ((path, value) for path, value in entries(document.data) if isinstance(value, str))
    return [Leaf(place_at(document, path), path, value) for path, value in found if which is None or which(value)]


@dataclass(frozen=True, slots=True)
class Trial:
    """One document of a subject, and what becomes of the subject when it is edited."""

    subject: Subject
    kind: str
    document: Document
    closed: set[Path] = field(default_factory=set)
    """Mappings whose keys are fields, as one of them told: no other key of theirs is a name."""

    def other_values(self, leaves: Sequence[Leaf]) -> Iterator[Batch]:
        """Other texts at these places, and none."""
        allowed = self.allowed(leaves)
        for layer in zip_longest(*([(leaf, text) for text in found] for leaf, found in allowed)):
            edits = [
                (leaf.place, partial(_replaced, path=leaf.path, old=leaf.text, new=text))
                for leaf, text in filter(None, layer)
            ]
            yield self._batch(edits, renames=True)
        # The last first: an item that is gone moves those after it.
        without = [(leaf.place, partial(removed, path=leaf.path)) for leaf in reversed(leaves)]
        yield self._batch(without, renames=False)

    def other_entries(self, path: Path, value: Any) -> Iterator[Variant]:
        """The document without a list or map, and with another name for an entry of whatever kind."""
        key = isinstance(path[-1], str)
        if not isinstance(value, str):
            yield self._variant(place_at(self.document, path, key=key), partial(removed, path=path), renames=False)
        if isinstance(path[-1], str) and path[:-1] not in self.closed:
            edit = partial(_renamed, path=path, old=path[-1], new=longer(path[-1]))
            bound = self._bound(edit)
            if bound.sound:
                linked = partial(self.subject.linked_with, self.kind, bound)
                yield Variant(place_at(self.document, path, key=True), linked)
            else:
                self.closed.add(path[:-1])

    def allowed(self, leaves: Sequence[Leaf]) -> list[tuple[Leaf, tuple[str, ...]]]:
        """The texts that each leaf can be tried with: those of the first group that its field allows.

        All leaves are tried at once, and what is said against one moves that one on; so there are few trials.
        """
        groups = [(leaf, others(leaf.text)) for leaf in leaves]
        found = {leaf: next(left) for leaf, left in groups}
        for _ in range(_ROUNDS):
            bound = self._bound(*(partial(_replaced, path=one.path, old=one.text, new=found[one][0]) for one in found))
            if bound.sound or not bound.faults:
                break
            said = {fault.span: fault for fault in bound.faults}
            for leaf, left in groups:
                fault = said.get(leaf.place.span)
                if fault is not None and leaf in found:
                    known = fault.known if fault.kind is ShapeKind.NOT_ALLOWED else ()
                    other = tuple(word for word in known if word != leaf.text) or next(left, ())
                    found |= {leaf: other} if other else {}
                    if not other:
                        del found[leaf]
        return list(found.items())

    def _batch(self, edits: Sequence[tuple[Place, Edit]], *, renames: bool) -> Batch:
        variants = [self._variant(place, edit, renames=renames) for place, edit in edits]
        return Batch(variants, self._linked(*(edit for _, edit in edits)))

    def _variant(self, place: Place, edit: Edit, *, renames: bool) -> Variant:
        return Variant(place, self._linked(edit), renames)

    def _linked(self, *edits: Edit) -> Otherwise:
        def linked() -> LinkedEnvironment | None:
            bound = self._bound(*edits)
            return self.subject.linked_with(self.kind, bound) if bound.sound else None

        return linked

    def _bound(self, *edits: Edit) -> Bound[Any]:
        data = self.document.data
        for edit in edits:
            data = edit(data)
        return bound_with(self.kind, self.document, data)


def _replaced(root: Map, path: Path, old: str, new: str) -> Map:
    """Another text at `path`; where it is a key's name, in what refers to the key as well."""
    return replaced(_key_uses(root, old, new) if path[-1] == "name" else root, path, new)


def _renamed(root: Map, path: Path, old: str, new: str) -> Map:
    return renamed(_key_uses(root, old, new), path, new)


def _key_uses(root: Map, name: str, other: str) -> Map:
    """`root` with every `$key:` of that name under another."""
    old, new = f"$key:{name}", f"$key:{other}"
    if not any(text.startswith(old) for _, _, text in texts(root)):
        return root
    changed: Map = altered(
        root, lambda text: new + text.removeprefix(old) if text == old or text.startswith(f"{old}.") else text
    )
    return changed


def _other_names(subject: Subject) -> Iterator[Variant]:
    """The environment under another name, and its feed under another name where both say it."""
    own, target = subject.linked.bound.document, subject.linked.feed.target
    environment = _under("Environment", own, subject.linked.name)
    if environment.sound:
        place = place_at(own, name_path(own.data))
        yield Variant(place, partial(subject.linked_with, "Environment", environment))
    said = _feed_path(own.data)
    if target is None or said is None:
        return
    feed = _under("Feed", target.document, subject.linked.feed.name)
    using = bound_with("Environment", own, replaced(own.data, said, feed.name))
    if feed.sound and using.sound:
        shared = replace(subject.linked.shared.reader(), feeds=family("feed", {feed.name: feed}))
        for place in (place_at(own, said), place_at(target.document, name_path(target.document.data))):
            yield Variant(place, partial(link, using, shared))


def _under(kind: str, document: Document, name: str) -> Bound[Any]:
    """A document under another name, which its file and its own words say alike."""
    other = longer(name) if len(name) < 60 else longer(name[:-2])
    folder, slash, _ = document.path.rpartition("/")
    data = replaced(document.data, name_path(document.data), other)
    return bound_with(kind, document, data, f"{folder}{slash}{other}.yaml")


def _feed_path(root: Map) -> Path | None:
    """Where an environment names its feed."""
    spec = root.get("spec")
    if isinstance(spec, Map) and isinstance(spec.get("feed"), str):
        return ("spec", "feed")
    return ("feed",) if isinstance(root.get("feed"), str) else None


def _other_feeds(subject: Subject) -> Iterator[Variant]:
    """The environment with other feeds of the workspace: what it is that its `feed:` picks."""
    own = subject.linked.bound.document
    said = _feed_path(own.data)
    names = [name for name in subject.linked.shared.reader().feeds if name != subject.linked.feed.name]
    if said is None:
        return
    for name in names[:MOST_FEEDS]:
        bound = bound_with("Environment", own, replaced(own.data, said, name))
        if bound.sound:
            yield Variant(place_at(own, said), partial(subject.linked_with, "Environment", bound))
