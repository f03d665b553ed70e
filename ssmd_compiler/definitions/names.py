"""What a name inside a definition leads to: another definition of the workspace, or a reason why to none.

Names are compared, never opened.
"""

from __future__ import annotations

import difflib
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["resolve"]


def resolve(origin: str, target: str, paths: Mapping[str, int]) -> int | str:
    """The definition that `target` names, as written in the file `origin`, or what is wrong with the name."""
    if "\\" in target:
        return "a backslash has no place in the name of a file"
    if target.startswith("/"):
        return "this leads out of the workspace; name a definition relative to this file"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    if path.startswith("../") or path == "..":
        return "this leads out of the workspace"
    if path in paths:
        return paths[path]
    near = difflib.get_close_matches(path, paths, n=1)
    hint = f"; did you mean `{posixpath.relpath(near[0], posixpath.dirname(origin) or '.')}`?" if near else ""
    return f"`{target}` is not a definition of this workspace{hint}"
