"""SSMD509: a key's sealed secret stands in another namespace than the environment.

Kubernetes mounts Secrets of the pod's own namespace only, and a sealed secret opens only where it was sealed for.

FAIL environments/dev.yaml
    spec: {keys: {kalshi: {type: api_key, fields: [api_key], source: sealed-secret/prod/kalshi-creds}}}

PASS environments/dev.yaml
    spec: {keys: {kalshi: {type: api_key, fields: [api_key], source: sealed-secret/ssmd/kalshi-creds}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.keys import parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD509"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    namespace = linked.environment.namespace or linked.shared.settings.namespace
    for name, key in linked.environment.keys.items():
        source = parse_source(key.source)
        if source is not None and source.namespace is not None and source.namespace != namespace:
            at = linked.bound.span("keys", name, "source")
            message = f"the secret is in namespace `{source.namespace}`, the environment in `{namespace}`"
            yield error(CODE, message, at=at, help=f"seal it for `{namespace}`, or set the environment's `namespace`")
