"""Text from outside, made safe to show on a terminal, in a log or in a review.

What Python calls not printable is spelled out: control characters, bidirectional overrides, invisible and unpaired
characters, exotic spaces, line breaks. The result is for reading, not for parsing: a backslash stays a backslash.
"""

from __future__ import annotations

__all__ = ["no_command", "printable"]


def printable(text: str) -> str:
    r"""`text` on one line, with `\n`, `\x1b` or `\u202e` in the place of what a terminal could obey or hide."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def no_command(line: str) -> str:
    """`line`, for the start of a line in a log, where a runner of GitHub's would obey `::error::`."""
    return line.replace("::", r":\x3a", 1) if line.lstrip().startswith("::") else line
