"""How many cells of a terminal a text takes, so that what stands under it can be aligned.

East Asian wide and fullwidth characters (emoji among them) take two cells, combining marks none: UAX #11. Sequences
that some terminals join (an emoji with its skin tone) are measured apart; `printable` has split them already.
"""

from __future__ import annotations

import unicodedata

__all__ = ["width"]


def width(text: str) -> int:
    """Cells that printable `text` takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or _is_jamo_tail(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_jamo_tail(character: str) -> bool:
    """A vowel or final of decomposed Hangul: it is drawn inside the cells of the initial before it."""
    return "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
