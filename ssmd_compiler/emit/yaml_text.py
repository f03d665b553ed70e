"""Values -> YAML text that reads back as the same values, whatever text is in them.

Every value that a template prints goes through `scalar`, without exception: Jinja calls it for each expression. So no
configuration value can add a key, a document, or a directive. Plain style only where YAML 1.1 and 1.2 both read text.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache, lru_cache
from typing import Any, Final

__all__ = ["Yaml", "block_text", "scalar", "tree"]

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_PRINTED = b"\t\n" + bytes(range(0x20, 0x7F))
"""What a block can hold of ASCII."""


@cache
def _escaped() -> re.Pattern[str]:
    """Characters that are escaped in quotes. Patterns of many ranges take milliseconds to make, and few texts ask."""
    return re.compile("[\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


@cache
def _unblocked() -> re.Pattern[str]:
    """Characters that no block can hold."""
    return re.compile(
        "[^\t\n\x20-\x7e\u00a0-\u00ac\u00ae-\u1fff\u2030-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    )


_REMEMBERED: Final = 256
"""Characters up to which a text's spelling is kept in memory."""
_LONGEST_KEY: Final = 1024
"""Characters up to which YAML sees a key that has no `? ` before it; kustomize reads no longer one, with it or not."""


class Yaml(str):
    """Text that is YAML already; only this module makes it."""

    __slots__ = ()


_NAMED: Final = {None: "null", True: "true", False: "false"}


def scalar(value: Any) -> str:
    """`value` on one line: text, number, boolean, nothing; lists and mappings in flow style."""
    kind = type(value)
    if kind is str:
        return _text(value) if len(value) < _REMEMBERED else _spelled(value)
    if kind is Yaml:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    if value is None or value is True or value is False:
        return _NAMED[value]
    if isinstance(value, str):
        return _spelled(str(value))
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {scalar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(scalar, value)) + "]"
    str(value)  # of Jinja's undefined: this says which name
    raise TypeError(f"a template printed a {type(value).__name__}; give it text, a number, a list or a mapping")


def _key(key: Any) -> str:
    written = scalar(key)
    if len(written) > _LONGEST_KEY:
        raise ValueError(f"a template printed a key of more than {_LONGEST_KEY} characters, which YAML does not read")
    return written


def _float(value: float) -> str:
    """YAML 1.1 asks for a point in a float, and has words of its own for what JSON cannot write."""
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    digits, exponent, power = repr(value).partition("e")
    return f"{digits if '.' in digits else digits + '.0'}{exponent}{power}"


def _spelled(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    if quoted.isascii() and "\x7f" not in quoted:
        return quoted
    return _escaped().sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


# A thousand environments print the same few words again and again.
_text = lru_cache(maxsize=8192)(_spelled)


def block_text(text: str, indent: int) -> Yaml:
    """Many lines as a literal block, indented by `indent`; in quotes when a block could not hold them unchanged."""
    if (
        not text.endswith("\n")
        or text.count("\n") < 2
        or text.startswith((" ", "\t", "\n"))
        or text.endswith("\n\n")
        or not _fits(text)
    ):
        return Yaml(scalar(text))
    pad = " " * indent
    lines = text.removesuffix("\n")
    if "\n\n" in lines:
        return Yaml("|\n" + "\n".join([pad + line if line else "" for line in lines.split("\n")]))
    return Yaml("|\n" + pad + lines.replace("\n", "\n" + pad))


def _fits(text: str) -> bool:
    """Whether a block can hold all characters of a text."""
    if text.isascii():
        return not text.encode().translate(None, _PRINTED)
    return _unblocked().search(text) is None


def tree(value: Any, indent: int = 0) -> Yaml:
    """A mapping or list in block style, each line indented by `indent`."""
    if type(value) is dict and {*map(type, value.values())} == _WORDS_ALONE:
        return _words(tuple(value.items()), indent)
    return Yaml("\n".join(_lines(value, " " * indent)))


_WORDS_ALONE: Final = {str}


@lru_cache(maxsize=1024)
def _words(items: tuple[tuple[str, str], ...], indent: int) -> Yaml:
    """`tree` of labels and selectors, which an environment's documents repeat."""
    return Yaml("\n".join(_lines(dict(items), " " * indent)))


def _lines(value: Any, pad: str) -> list[str]:
    if isinstance(value, dict) and value:
        lines: list[str] = []
        for key, item in value.items():
            nested = isinstance(item, dict | list | tuple) and item
            named = f"{pad}{_key(key)}:"
            lines += [named, *_lines(item, pad + "  ")] if nested else [f"{named} {scalar(item)}"]
        return lines
    if isinstance(value, list | tuple) and value:
        lines = []
        for item in value:
            first, *rest = _lines(item, pad + "  ")
            lines += [f"{pad}- {first.strip()}", *rest]
        return lines
    return [pad + scalar(value)]
