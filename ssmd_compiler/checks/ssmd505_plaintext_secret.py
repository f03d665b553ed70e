"""SSMD505: a secret stands where a reference belongs.

Sources are in Git, and a secret in Git is not one any more: rotate it. Declare a key, and refer to it as `$key:NAME`.
The value is never repeated in any message.

FAIL environments/dev.yaml
    spec: {connector: {credentials: hunter2}}

PASS environments/dev.yaml
    spec: {connector: {credentials: "$key:kalshi"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.secrets import plaintext
from ssmd_compiler.checks.stages import FeedStage, SettingsStage
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Bound

CODE = "SSMD505"


def check(stage: LinkedEnvironment | FeedStage | SettingsStage) -> Iterator[Diagnostic]:
    bound = _bound(stage)
    for path, what in plaintext(bound.body):
        help_ = "rotate it: it is in Git. Then declare a key and refer to it as `$key:NAME`"
        yield error(CODE, f"{what} stands here in plain text", at=bound.span(*path), help=help_, hidden=True)


def _bound(stage: LinkedEnvironment | FeedStage | SettingsStage) -> Bound[Any]:
    if isinstance(stage, FeedStage):
        return stage.feed
    return stage.settings if isinstance(stage, SettingsStage) else stage.bound
