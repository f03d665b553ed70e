"""SSMD401: a schema's definition file does not exist.

`schema_file` is a path next to the document that names it.

FAIL schemas/trade.yaml
    spec: {schema_file: trade.v9.capnp}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.source import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD401"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for file, at in stage.places():
        path = beside(stage.schema.path, file)
        found = stage.files.get(path) if path else None
        if found is not None and found.content is None and found.refused is None:
            # A guess and never a fix: files of a schema differ by the numbers of their versions.
            label = did_you_mean(found.path.rpartition("/")[2], found.beside)
            help_ = "the path is taken from the document's folder"
            yield error(CODE, f"there is no file `{path}`", at=at, label=label, help=help_)
