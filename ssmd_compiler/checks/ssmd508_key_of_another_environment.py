"""SSMD508: a `$key:` reference reaches for a key of another environment.

Environments are separate so that development cannot use production's keys. Declare a key here; it may have the same
source.

FAIL environments/dev.yaml
    spec: {connector: {credentials: "$key:dev/kalshi"}}

PASS environments/dev.yaml
    spec: {connector: {credentials: "$key:kalshi"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import other_environment
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD508"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for use in linked.key_uses:
        other = other_environment(use, linked)
        if other is not None:
            message = f"`{use.text}` reaches for a key of environment `{other}`"
            yield error(CODE, message, at=use.span, help="refer to a key of this environment, as `$key:NAME`")
