"""Bytes -> a document, for everybody; the reader comes when there is something to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssmd_compiler.source.document import Document

__all__ = ["read_document"]


def read_document(path: str, content: bytes) -> Document:
    """The document in `content`, with its faults; it never raises, whatever the bytes are."""
    # Imported here: whoever finds that nothing is to be read need not wait for a parser.
    from ssmd_compiler.source.reader import read

    return read(path, content)
