"""What editors read beside the sources: the files of `.ssmd/`, and the comment by which a document names its schema.

The folder is committed, so that a colleague's editor knows the language without a command. What belongs to one machine
alone stands in `.ssmd/cache/`, which the folder's own `.gitignore` keeps out.
"""

from __future__ import annotations

import json
from typing import Final

from ssmd_compiler.model.json_schema import KINDS, json_schema

__all__ = ["FOLDER", "comment", "files", "text"]

FOLDER: Final = ".ssmd"


def text(kind: str) -> str:
    """The JSON Schema of a kind of document, as it is written and printed."""
    return json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"


def files() -> dict[str, bytes]:
    """Every file of the folder, by name."""
    return {".gitignore": b"cache/\n"} | {_name(kind): text(kind).encode() for kind in KINDS}


def comment(path: str, kind: str) -> str:
    r"""The first line of the document at `path`, from the workspace's root; yaml-language-server reads it.

    >>> comment("exchanges/feeds/kraken.yaml", "Feed")
    '# yaml-language-server: $schema=../../.ssmd/feed.schema.json\n'
    """
    return f"# yaml-language-server: $schema={'../' * path.count('/')}{FOLDER}/{_name(kind)}\n"


def _name(kind: str) -> str:
    return f"{kind.lower()}.schema.json"
