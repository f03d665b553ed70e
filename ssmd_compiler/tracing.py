"""Which source made a line of a generated file: of a whole workspace, what `origin` says of one environment.

Pure, as `compile` is: the sources are read from a tree, and what is told is about what they compile to, whatever stands
in `generated/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.lock import FILE
from ssmd_compiler.model import bind
from ssmd_compiler.origin import LineOrigins, Origins, Subject, Untraceable, Why, WorkspaceFiles, lock_lines
from ssmd_compiler.sound import Faulty, Workspace
from ssmd_compiler.source.workspace import SETTINGS, load

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Collection

    from ssmd_compiler.emit import Templates
    from ssmd_compiler.source import Document, Tree

__all__ = ["Faulty", "Told", "Traceable", "origins", "traceable"]

Told = tuple[LineOrigins, ...] | Untraceable


@dataclass(frozen=True, slots=True)
class Traceable:
    """A file as the sources compile to it now. `of` tells of lines, from 1; of all, when it is given None."""

    path: str
    content: bytes
    of: Callable[[Collection[int] | None], Told]


def origins(tree: Tree, as_of: datetime.date, path: str, lines: Collection[int] | None = None) -> Told | Faulty:
    """What makes lines of the file at `path` under `generated/`."""
    found = traceable(tree, as_of, path)
    return found.of(lines) if isinstance(found, Traceable) else found


def traceable(tree: Tree, as_of: datetime.date, path: str) -> Traceable | Faulty | Untraceable:
    """The file at `path` under `generated/`, if the sources compile to it."""
    workspace = Workspace(tree, as_of)
    folder, _, file = path.partition("/")
    name = file.removesuffix(".yaml") if folder == "argocd" else folder
    if path == FILE or (folder == "argocd" and name not in workspace.documents):
        return _of_workspace(workspace, as_of, path)
    if name not in workspace.documents:
        return workspace.unread or Untraceable(Why.NO_SUCH_ENVIRONMENT, tuple(workspace.documents))
    found = workspace.environment(name)
    if isinstance(found, Faulty):
        return found
    if path not in found.outputs:
        return Untraceable(Why.NO_SUCH_FILE, tuple(found.outputs))
    subject = Subject(found.linked, _settings(tree))
    return Traceable(path, found.outputs[path], partial(_of, subject, workspace.common.templates, path))


def _of(subject: Subject, templates: Templates, path: str, lines: Collection[int] | None) -> Told:
    return Origins(subject, templates).of(path, lines)


def _settings(tree: Tree) -> Document | None:
    return load(tree, SETTINGS)[0] if SETTINGS in tree.names("") else None


def _of_workspace(workspace: Workspace, as_of: datetime.date, path: str) -> Traceable | Faulty | Untraceable:
    """Of the files that belong to no environment."""
    compilation = compile(workspace.tree, Options(as_of))
    documents, settings = workspace.documents, _settings(workspace.tree)
    if compilation.failed:
        return Faulty(compilation.diagnostics, compilation.checked)
    if path == FILE:
        return Traceable(path, compilation.lock.encode(), partial(lock_lines, compilation.lock, documents))
    if path not in compilation.outputs or settings is None:
        return Untraceable(Why.NO_SUCH_FILE, tuple(compilation.outputs))
    bound = [bind(load(workspace.tree, document)[0], "Environment") for document in documents.values()]
    files = WorkspaceFiles(bound, settings, workspace.common.templates)
    return Traceable(path, compilation.outputs[path], partial(files.of, path))
