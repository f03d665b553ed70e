"""SSMD602: a middleware has a setting of another type.

It would be ignored; whoever wrote it believes that it is not.

FAIL environments/dev.yaml
    spec: {middleware: {storage: {bucket: ssmd-raw}}}

PASS environments/dev.yaml
    spec: {middleware: {storage: {sync: batch}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.middleware import ALLOWED, layers
from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD602"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    storage = linked.environment.middleware.storage
    if storage.bucket is not None and storage.buckets is not None:
        at = linked.bound.span("middleware", "storage", "bucket", key=True)
        yield error(CODE, "`bucket` beside `buckets`: one of them would be ignored", at=at, help="remove `bucket`")
    for layer, settings in layers(linked.environment):
        allowed = ALLOWED[layer, settings.type]
        for name in sorted(settings.model_fields_set - allowed - {"type"}):
            at = linked.bound.span("middleware", layer, name, key=True)
            help_ = f"`{settings.type}` takes {listed(allowed)}" if allowed else f"`{settings.type}` takes no settings"
            yield error(CODE, f"`{name}` is not a setting of a {layer} of type `{settings.type}`", at=at, help=help_)
