"""SSMD110: a name that Kubernetes would not take.

A document's name becomes part of Kubernetes names, NATS streams and file paths: lower-case letters, digits and `-`
(schemas: also `_`), at most 63.

FAIL environments/My_Env.yaml (as is)
    apiVersion: ssmd/v1
    kind: Environment
    metadata: {name: My_Env}
    spec: {feed: kalshi, middleware: {transport: {type: memory}, storage: {type: memory}}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD110"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.BAD_NAME):
        yield error(
            CODE,
            f"`{fault.detail}` cannot be a name",
            at=fault.span,
            help="use lower-case letters, digits and `-`, at most 63, and rename the file with it",
        )
