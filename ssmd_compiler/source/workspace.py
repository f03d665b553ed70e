"""Which files of a tree are documents: by the folder they stand in, nothing else decides.

Folders: `feeds/`, `schemas/`, `environments/` at the root or under `exchanges/` (and under folders that settings add),
`templates/` at the root, and `ssmd.yaml`. A YAML file that nobody would read is a fault, never passed over in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.diagnostics.nearest import nearest
from ssmd_compiler.record import Record
from ssmd_compiler.source.document import Document
from ssmd_compiler.source.faults import Fault, FaultKind
from ssmd_compiler.source.limits import MAX_DOCUMENTS, MAX_FOLDER_FAULTS
from ssmd_compiler.source.reading import read_document
from ssmd_compiler.source.tree import Refused, Tree, inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FAMILIES", "ROOTS", "SETTINGS", "Sources", "discover", "load"]

ROOTS: Final = ("", "exchanges")
SETTINGS: Final = "ssmd.yaml"
TEMPLATES: Final = "templates"
FAMILIES: Final = ("feeds", "schemas", "environments")


class Sources(Record, frozen=True):
    """The paths of a workspace's documents, by family, and what was wrong with the folders."""

    feeds: tuple[str, ...]
    schemas: tuple[str, ...]
    environments: tuple[str, ...]
    templates: tuple[str, ...]
    faults: tuple[Document, ...] = ()
    lost_folders: tuple[str, ...] = ()
    """Of the further folders, those that hold no family."""
    folders_beside_lost: tuple[str, ...] = ()
    """What stands where they were looked for."""

    @property
    def count(self) -> int:
        return len(self.feeds) + len(self.schemas) + len(self.environments)


def discover(tree: Tree, roots: Iterable[str] = ()) -> Sources:
    """Every document of `tree`; `roots` are further folders that hold families."""
    search = _Search(tree)
    named = {root: inside(root) for root in roots}
    found: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for root in dict.fromkeys((*ROOTS, *filter(None, named.values()))):
        for family in FAMILIES:
            folder = f"{root}/{family}" if root else family
            found[family] += search.documents(folder)
    search.settings()
    search.misnamed(list(dict.fromkeys((*ROOTS, *filter(None, named.values())))))
    templates = list(search.templates())
    if sum(map(len, found.values())) + len(templates) > MAX_DOCUMENTS:
        first = min(paths[0] for paths in (*found.values(), templates) if paths)
        search.fault(FaultKind.TOO_MANY_FILES, first, str(MAX_DOCUMENTS))
        return Sources((), (), (), (), tuple(search.faults))
    feeds, schemas, environments = (tuple(found[family]) for family in FAMILIES)
    lost = tuple(root for root, folder in named.items() if folder is None or not _holds_a_family(search, folder))
    beside = tuple(folder for root in lost for folder in _folders_beside(search, named[root]))
    return Sources(feeds, schemas, environments, tuple(templates), tuple(search.faults), lost, beside)


def _folders_beside(search: _Search, folder: str | None) -> Iterator[str]:
    outer = (folder or "").rpartition("/")[0]
    for name in search.names(outer):
        if name.endswith("/") and not name.startswith("."):
            yield f"{outer}/{name}".strip("/")


def _holds_a_family(search: _Search, folder: str) -> bool:
    return any(f"{family}/" in search.names(folder) for family in FAMILIES)


def load(tree: Tree, path: str) -> tuple[Document, bytes | None]:
    """The document at `path` and its bytes; what cannot be read is a document with that fault and no bytes."""
    try:
        content = tree.read(path)
    except Refused as refused:
        return Document(path, None, (Fault(refused.kind, Span(path), refused.detail),)), None
    except FileNotFoundError:
        return Document(path, None, (Fault(FaultKind.UNREADABLE, Span(path), "it is gone"),)), None
    return read_document(path, content), content


class _Search:
    """Looks through folders and keeps what is wrong with them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.faults: list[Document] = []

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(self.tree.names(folder))
        except Refused as refused:
            self.fault(refused.kind, folder, refused.detail)
        except FileNotFoundError:
            pass
        return []

    def documents(self, folder: str) -> Iterator[str]:
        for name in self.names(folder):
            path = f"{folder}/{name}"
            if name.startswith("."):
                continue
            if name.endswith(".yaml/"):
                self.fault(FaultKind.UNREADABLE, path.rstrip("/"), "it is a directory, not a regular file")
            elif name.endswith(".yaml"):
                yield path
            elif name.endswith((".yml", ".YAML", ".YML")):
                self.fault(FaultKind.NOT_READ, path, "its name must end in `.yaml`")
            elif name.endswith("/") and not folder.endswith("schemas"):
                self._nested(path.rstrip("/"))

    def _nested(self, folder: str) -> None:
        """Documents stand directly in their family's folder; an environment's own folder holds its keys alone."""
        for name in self.names(folder):
            if name.endswith((".yaml", ".yml")):
                family = folder.rpartition("/")[0]
                self.fault(FaultKind.NOT_READ, f"{folder}/{name}", f"documents stand directly in `{family}/`")

    def templates(self) -> Iterator[str]:
        for name in self.names(TEMPLATES):
            path = f"{TEMPLATES}/{name}"
            if name.endswith(".yaml.j2"):
                yield path
            elif name.endswith(".yaml.j2/"):
                self.fault(FaultKind.UNREADABLE, path.rstrip("/"), "it is a directory, not a regular file")
            elif name.endswith((".yaml", ".yml", ".j2")) and not name.startswith("."):
                self.fault(FaultKind.NOT_READ, path, "a template's name ends in `.yaml.j2`")

    def settings(self) -> None:
        """What stands where the settings could, and is not read."""
        names = self.names("")
        if f"{SETTINGS}/" in names:
            self.fault(FaultKind.UNREADABLE, SETTINGS, "it is a directory, not a regular file")
        for name in names:
            if name == "ssmd.yml" or (name.endswith((".yaml", ".yml")) and nearest(name, (SETTINGS,))):
                self.fault(FaultKind.NOT_READ, name, f"the settings are in `{SETTINGS}`", (SETTINGS,))

    def misnamed(self, roots: Iterable[str]) -> None:
        """Folders that were meant to be read: a name nearly right, and documents in them."""
        for root in roots:
            known = (*FAMILIES, TEMPLATES, ROOTS[1]) if not root else FAMILIES
            for name in self.names(root):
                folder = f"{root}/{name}".strip("/")
                meant = nearest(name.rstrip("/"), known) if name.endswith("/") else None
                if meant is None or name.rstrip("/") in known or folder in roots:
                    continue
                families = tuple(f"{family}/" for family in FAMILIES)
                endings = {TEMPLATES: (".yaml.j2",), ROOTS[1]: families}.get(meant, (".yaml",))
                if any(inner.endswith(endings) for inner in self.names(folder)):
                    place = f"{root}/{meant}".strip("/")
                    self.fault(FaultKind.NOT_READ, folder, f"sources stand in `{place}/`", (meant,))

    def fault(self, kind: FaultKind, path: str, detail: str, known: tuple[str, ...] = ()) -> None:
        """Note what is wrong with one file; of very many files, not each."""
        if len(self.faults) >= MAX_FOLDER_FAULTS:
            return
        if len(self.faults) == MAX_FOLDER_FAULTS - 1:
            kind, detail = FaultKind.TOO_MANY_FILES, str(MAX_FOLDER_FAULTS)
        self.faults.append(Document(path, None, (Fault(kind, Span(path), detail, known=known),)))
