"""What a name inside a definition leads to: another definition of the workspace, or a reason why to none.

Names are compared, never opened.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["find", "relative", "why_lost"]


def find(origin: str, target: str, paths: Mapping[str, int]) -> int | None:
    """The definition that `target` names, as written in the file `origin`."""
    return None if target.startswith("/") else paths.get(_joined(origin, target))


def why_lost(origin: str, target: str, paths: Mapping[str, int]) -> str:
    """Why `target` names no definition."""
    path = _joined(origin, target)
    if target.startswith("/") or path == ".." or path.startswith("../"):
        return "this leads out of the workspace; name a definition relative to this file"
    near = nearest(target, (relative(origin, other) for other in paths if other != origin))
    hint = f"; did you mean `{near}`?" if near else ""
    return f"`{target}` is not a definition of this workspace{hint}"


def relative(origin: str, path: str) -> str:
    """How the file `origin` names another."""
    return posixpath.relpath(f"/{path}", posixpath.dirname(f"/{origin}"))


def _joined(origin: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
