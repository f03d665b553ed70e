"""What every stage says to a person: one type, frozen, that names a place, a reason and a remedy.

It refuses nothing and prints nothing; printers live beside it, and codes are explained in `ssmd_compiler.checks`.
"""

from __future__ import annotations

import enum

from ssmd_compiler.record import Record

__all__ = ["Diagnostic", "Related", "Severity", "Span", "TextEdit", "error", "warning"]


class Severity(enum.StrEnum):
    """How much a finding matters: an error fails the run, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Span(Record, frozen=True, order=True):
    """A stretch of one file: path from the workspace's root, lines and columns from 1, the end exclusive.

    Columns count characters (code points), as editors show them. A span over no text has equal start and end.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


class Related(Record, frozen=True):
    """A second place that explains the first, and what it has to do with it.

    `text`: its line, where that is not to be read from the file, which is still to be written or written anew.
    """

    span: Span
    note: str
    text: str | None = None


class TextEdit(Record, frozen=True):
    """Replace the text of `span` by `text`; safe to apply without asking."""

    span: Span
    text: str


class Diagnostic(Record, frozen=True):
    """One finding: its stable code, where it is, what is wrong, and what to do about it."""

    code: str
    severity: Severity
    message: str
    span: Span
    label: str = ""
    related: tuple[Related, ...] = ()
    help: str = ""
    fix: tuple[TextEdit, ...] = ()
    hidden: bool = False
    """The span may hold a secret: no printer shows the text of its lines."""

    @property
    def order(self) -> tuple[Span, str, str]:
        """Sort key: by place, then code, so that output is the same on every machine."""
        return (self.span, self.code, self.message)


_LONGEST = 600
"""Characters of a message, a label or a help: what they quote can be as long as a file."""


def _bounded(text: str) -> str:
    """A text of a finding, without what looks like a secret in the words that it quotes."""
    from ssmd_compiler.diagnostics.secrets import masked_near

    text = masked_near(text, 0)[0]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def error(  # noqa: PLR0913 -- one finding has this many parts, all but three optional
    code: str,
    message: str,
    *,
    at: Span,
    label: str = "",
    related: tuple[Related, ...] = (),
    help: str = "",  # noqa: A002 -- the field's own word
    fix: tuple[TextEdit, ...] = (),
    hidden: bool = False,
) -> Diagnostic:
    return Diagnostic(
        code, Severity.ERROR, _bounded(message), at, _bounded(label), related, _bounded(help), fix, hidden
    )


def warning(  # noqa: PLR0913 -- as for error
    code: str,
    message: str,
    *,
    at: Span,
    label: str = "",
    related: tuple[Related, ...] = (),
    help: str = "",  # noqa: A002 -- the field's own word
    fix: tuple[TextEdit, ...] = (),
    hidden: bool = False,
) -> Diagnostic:
    return Diagnostic(
        code, Severity.WARNING, _bounded(message), at, _bounded(label), related, _bounded(help), fix, hidden
    )
