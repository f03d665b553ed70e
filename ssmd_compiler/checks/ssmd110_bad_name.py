"""SSMD110: a name that Kubernetes would not take.

A document's name becomes part of Kubernetes names, NATS streams and file paths: lower-case letters, digits and `-`
(schemas: also `_`), at most 63. An environment's starts with a letter, as the name of a Service does.

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
            help=f"use {_FORMS[fault.subject]}, at most 63, and rename the file with it",
        )


_FORMS = {
    "Environment": "lower-case letters, digits and `-`, a letter first and no `-` last",
    "Feed": "lower-case letters, digits and `-`, with a letter or a digit at both ends",
    "Schema": "lower-case letters, digits, `-` and `_`, with a letter or a digit at both ends",
}
