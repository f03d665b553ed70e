"""SSMD112: two documents of one kind have one name.

Both layouts of a workspace may be in use, but a name is declared in one of them only.

FAIL feeds/kalshi.yaml (as is)
    name: kalshi
    type: websocket
    versions:
      - version: v1
        effective_from: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/
        parser_config: {channels: [trade]}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, Span, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Families

CODE = "SSMD112"


def check(families: Families) -> Iterator[Diagnostic]:
    for family, paths in families.families.items():
        first: dict[str, str] = {}
        for path in paths:
            name = path.rpartition("/")[2].removesuffix(".yaml")
            if name in first:
                other = (Related(Span(first[name]), "declared here first"),)
                yield error(
                    CODE, f"the {family} `{name}` is declared twice", at=Span(path), related=other, help="keep one"
                )
            first.setdefault(name, path)
