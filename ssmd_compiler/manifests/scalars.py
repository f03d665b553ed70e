"""A plain scalar as Kubernetes reads it: YAML 1.1 with the exceptions of go-yaml v2, by way of JSON.

`yes` and `on` are booleans, `010` is eight and `1_000` a thousand; `12:30` and `2024-01-01` stay text. What JSON cannot
say (`.inf`, an empty key) is refused, as Kubernetes refuses it. Source: resolve.go of go.yaml.in/yaml/v2 and yaml.go of
sigs.k8s.io/yaml; tests hold what is here against kubeconform, which reads with both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ssmd_compiler.manifests.flaws import Path

__all__ = ["AMBIGUOUS", "Unspeakable", "key_text", "resolve"]

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    **{f(word): True for word in ("yes", "true", "on") for f in (str.lower, str.title, str.upper)},
    **{f(word): False for word in ("no", "false", "off") for f in (str.lower, str.title, str.upper)},
    **dict.fromkeys(("y", "Y"), True),
    **dict.fromkeys(("n", "N"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_START = frozenset("0123456789+-.")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL = re.compile(r"([-+]?)0[oO]?([0-7]+)")
_PREFIXED = re.compile(r"[-+]?0(?:[xX][0-9a-fA-F]+|[bB][01]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1

AMBIGUOUS: Final = (
    r"^(?:[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF"
    r"|[-+]?0(?:[xX][0-9A-Fa-f_]+|[bB][01_]+|[oO]?[0-9_][0-9_.eE+-]*)"
    r"|[-+.0-9][0-9A-Fa-fxXoObB.eE+-]*_[0-9A-Fa-fxXoObB_.eE+-]*)$"
)
"""Text that YAML 1.2 takes for text and Kubernetes may not, had it no quotes: a pattern of JSON Schema."""


class Unspeakable(ValueError):  # noqa: N818 -- it becomes a flaw
    """A value that Kubernetes refuses to read, because JSON has no word for it; and the path to it."""

    def __init__(self, reason: str, path: Path = ()) -> None:
        super().__init__(reason)
        self.reason, self.path = reason, path


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Raises `Unspeakable`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INFINITE.fullmatch(text):
        raise Unspeakable(f"`{text}` is no number that JSON can hold")
    plain = text.replace("_", "")
    whole = _whole(plain)
    if whole is not None and _SMALLEST <= whole <= (_LARGEST if plain[0] != "+" else 2**63 - 1):
        return whole
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        return text if number in (float("inf"), float("-inf")) else number
    return text


def _whole(plain: str) -> int | None:
    if _DECIMAL.fullmatch(plain):
        return int(plain)
    if _PREFIXED.fullmatch(plain):
        return int(plain, 0)
    octal = _OCTAL.fullmatch(plain)
    return int(octal[1] + octal[2], 8) if octal else None


def key_text(text: str) -> str:
    """The key that JSON gets for a plain one. Raises `Unspeakable`."""
    value = text if _INFINITE.fullmatch(text) else resolve(text)
    if value is None:
        raise Unspeakable("a key is empty")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else text
