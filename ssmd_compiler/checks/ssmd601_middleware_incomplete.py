"""SSMD601: a middleware lacks a setting that its type needs.

    transport   nats, mqtt: url          aeron: aeron             chronicle: chronicle
    storage     local: path              s3: bucket or buckets
    cache       redis: url
    journal     nats: url                file: path               chronicle: chronicle

FAIL environments/dev.yaml
    spec: {middleware: {transport: {type: nats}}}

PASS environments/dev.yaml
    spec: {middleware: {transport: {type: nats, url: "nats://nats.example:4222"}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.middleware import NEEDED, layers
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD601"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for layer, settings in layers(linked.environment):
        for choices in NEEDED.get((layer, settings.type), ()):
            if not any(getattr(settings, name) for name in choices):
                at = linked.bound.span("middleware", layer, "type")
                fields = " or ".join(f"`{name}`" for name in choices)
                message = f"a {layer} of type `{settings.type}` needs {fields}"
                yield error(CODE, message, at=at, help=f"add {fields} under `middleware.{layer}`")
