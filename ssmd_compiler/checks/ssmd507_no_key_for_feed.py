"""SSMD507: the feed asks for authentication, and the environment has no key for it.

Declare a key of type `api_key` (or `tls`) and name it under `connector.credentials`.

FAIL environments/dev.yaml
    spec: {keys: null, connector: null}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD507"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed, target, version = linked.sound_feed, linked.feed.target, linked.version
    if feed is None or target is None or version is None or version.auth_method == "none":
        return
    if linked.auth_key is None:
        index = feed.versions.index(version)
        related = (Related(target.span("versions", index, "auth_method"), "asked for here"),)
        message = f"feed `{feed.name}` authenticates by `{version.auth_method}`, and there is no key for it"
        help_ = f"declare `keys: {{{feed.name}: {{type: api_key, fields: [...]}}}}`"
        yield error(CODE, message, at=linked.feed.span, related=related, help=help_)
