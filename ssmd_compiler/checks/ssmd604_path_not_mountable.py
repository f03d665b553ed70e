"""SSMD604: a path in a container is none that a volume can be mounted at.

Files are written below `middleware.storage.path` (or, with another storage, below /var/lib/ssmd/spool), and the rest of
the container's file system is read-only. The path is absolute, without `..` and `:`, and not one of the system's. A
file journal stands below it.

FAIL environments/dev.yaml
    spec: {middleware: {storage: {path: /etc/ssmd}}}

PASS environments/dev.yaml
    spec: {middleware: {storage: {path: /data/ssmd}, journal: {type: file, path: /data/ssmd/journal}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.names import SPOOL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD604"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    middleware = linked.environment.middleware
    storage, journal = middleware.storage, middleware.journal
    if storage.type == "local" and storage.path is not None and not _mountable(storage.path):
        at = linked.bound.span("middleware", "storage", "path")
        yield error(
            CODE, f"no volume can be mounted at `{storage.path}`", at=at, help="use one such as /var/lib/ssmd/data"
        )
        return
    root = storage.path if storage.type == "local" and storage.path else SPOOL_FOLDER
    if journal is not None and journal.type == "file" and journal.path is not None and not _below(journal.path, root):
        at = linked.bound.span("middleware", "journal", "path")
        yield error(CODE, f"the journal's path is not below `{root}`", at=at, help=f"use {root.rstrip('/')}/journal")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _mountable(path: str) -> bool:
    parts = _parts(path)
    plain = path.startswith("/") and ":" not in path and not {".", ".."} & set(parts)
    return plain and bool(parts) and parts[0] not in _SYSTEM and parts[:2] not in (["var", "run"], ["var", "lock"])


def _below(path: str, root: str) -> bool:
    parts, above = _parts(path), _parts(root)
    return path.startswith("/") and ".." not in parts and parts[: len(above)] == above and len(parts) > len(above)


_SYSTEM = frozenset({"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "tmp", "usr"})
