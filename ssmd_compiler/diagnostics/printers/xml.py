"""XML in printable ASCII, for the formats that are made of it."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ssmd_compiler.diagnostics.escape import printable

__all__ = ["HEAD", "attributes", "content"]

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def attributes(**values: str | int) -> str:
    """` name="value"` of each, in order."""
    return "".join(f' {name}="{content(str(value))}"' for name, value in values.items())


def content(text: str) -> str:
    """Text on one line, as it stands between tags or in quotes."""
    return escape(printable(text), {'"': "&quot;"}).encode("ascii", "xmlcharrefreplace").decode()
