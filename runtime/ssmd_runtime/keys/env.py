"""A field from an environment variable, as it stands: no space or line break is taken away.

An empty variable is as good as none: nothing that we authenticate with is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_runtime.keys.problems import Unavailable, one_line
from ssmd_runtime.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read"]


def read(name: str, environ: Mapping[str, str]) -> Secret:
    """The variable's value. Raises `Unavailable`."""
    value = environ.get(name)
    if value is None:
        raise Unavailable(f"environment variable {one_line(name)} is not set", absent=True)
    if not value:
        raise Unavailable(f"environment variable {one_line(name)} is empty", absent=True)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Unavailable(f"environment variable {one_line(name)} is not UTF-8 text")
    return Secret(value)
