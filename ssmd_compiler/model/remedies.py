"""What a person most likely meant: the right spelling of a scalar, and names that are accepted without being listed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ssmd_compiler.model.spelling import ENVELOPE, MIDDLEWARE, OLDER_NAMES
from ssmd_compiler.source import Quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from ssmd_compiler.model.spelling import Spelled

__all__ = ["accepted", "accepted_at_top", "right_scalar"]

_BOOLEANS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def right_scalar(expected: str, found: Any) -> str:
    """The plain scalar that was meant where a boolean or a number is asked for; no text when that is not certain."""
    if not isinstance(found, str):
        return ""
    if "true or false" in expected:
        return _BOOLEANS.get(found.lower(), "")
    is_number = "number" in expected and isinstance(found, Quoted) and _NUMBER.fullmatch(found) is not None
    return str(found) if is_number else ""


def accepted(model: str) -> tuple[str, ...]:
    """Older names of a model's fields."""
    return tuple(OLDER_NAMES.get(model, ()))


def accepted_at_top(spelled: Spelled, kind: str, key: str) -> Collection[str]:
    """What may stand at a document's top level, or in its `spec`, besides the fields of its kind."""
    older = ("schema", "secrets", *MIDDLEWARE) if kind == "Environment" else ()
    if not spelled.enveloped:
        return (*older, "name", "apiVersion")
    return (*older, *ENVELOPE) if key in spelled.document.data else older
