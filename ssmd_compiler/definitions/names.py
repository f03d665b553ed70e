"""What a name inside a definition leads to: another definition of the workspace, or a reason why to none.

Names are compared, never opened.
"""

from __future__ import annotations

import difflib
import posixpath
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["find", "nearest", "relative", "why_lost"]

_LONGEST, _MOST = 80, 200  # comparing takes the product of two lengths, for every name


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


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, if there is one."""
    known = [known for known in islice(names, _MOST) if len(known) <= _LONGEST]
    close = difflib.get_close_matches(name, known, n=1) if len(name) <= _LONGEST else []
    return close[0] if close else None


def _joined(origin: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
