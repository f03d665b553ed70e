"""Values -> YAML text that reads back as the same values, whatever text is in them.

Every value that a template prints goes through `scalar`, without exception: Jinja calls it for each expression. So no
configuration value can add a key, a document, or a directive. Plain style only where YAML 1.1 and 1.2 both read text.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["Yaml", "block_text", "scalar", "tree"]

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_ESCAPED = re.compile("[\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_UNBLOCKED = re.compile(
    "[^\t\n\x20-\x7e\u00a0-\u00ac\u00ae-\u1fff\u2030-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Yaml(str):
    """Text that is YAML already; only this module makes it."""

    __slots__ = ()


def scalar(value: Any) -> str:
    """`value` on one line: text, number, boolean, nothing; lists and mappings in flow style."""
    if type(value) is Yaml:
        return value
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
            return value
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(scalar, value)) + "]"
    raise TypeError(f"a template printed a {type(value).__name__}; give it text, a number, a list or a mapping")


def block_text(text: str, indent: int) -> Yaml:
    """Many lines as a literal block, indented by `indent`; in quotes when a block could not hold them unchanged."""
    lines = text.split("\n")
    if (
        not text.endswith("\n")
        or len(lines) < 3
        or lines[0][:1] in (" ", "\t", "")
        or _UNBLOCKED.search(text)
        or text.endswith("\n\n")
    ):
        return Yaml(scalar(text))
    pad = " " * indent
    return Yaml("|\n" + "\n".join(pad + line if line else "" for line in lines[:-1]))


def tree(value: Any, indent: int = 0) -> Yaml:
    """A mapping or list in block style, each line indented by `indent`."""
    return Yaml("\n".join(_lines(value, " " * indent)))


def _lines(value: Any, pad: str) -> list[str]:
    if isinstance(value, dict) and value:
        lines: list[str] = []
        for key, item in value.items():
            nested = isinstance(item, dict | list | tuple) and item
            lines += (
                [f"{pad}{scalar(key)}:", *_lines(item, pad + "  ")]
                if nested
                else [f"{pad}{scalar(key)}: {scalar(item)}"]
            )
        return lines
    if isinstance(value, list | tuple) and value:
        lines = []
        for item in value:
            first, *rest = _lines(item, pad + "  ")
            lines += [f"{pad}- {first.strip()}", *rest]
        return lines
    return [pad + scalar(value)]
