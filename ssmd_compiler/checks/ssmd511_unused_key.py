"""SSMD511: nothing refers to a key.

No component is given it, and it is looked after for nobody. A key is used where `$key:NAME` stands, in the environment
or in the defaults of its feed; and the key that authenticates at the exchange is used when the feed asks for one.
Keys of the types `database` and `webhook` are not meant: they are for programs beside the capture.

FAIL environments/dev.yaml
    spec: {keys: {nats: {type: transport, fields: [username, password], source: env}}}

PASS environments/dev.yaml
    spec:
      keys: {nats: {type: transport, fields: [username, password], source: env}}
      middleware: {transport: {type: nats, url: "nats://nats.example:4222", credentials: "$key:nats"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics import Diagnostic, warning
from ssmd_compiler.link import keys_of_feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD511"
_BESIDE: Final = frozenset({"database", "webhook"})


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed, version = linked.feed.target, linked.version
    # A misspelt reference may have meant any key, and so may a feed that cannot be read.
    if feed is None or not feed.sound or version is None or any(use.key is None for use in linked.key_uses):
        return
    used = {use.name for use in linked.key_uses}
    if version.auth_method != "none" and linked.auth_key is not None:
        used.add(linked.auth_key)
    unused = [name for name, key in linked.environment.keys.items() if name not in used and key.type not in _BESIDE]
    by_feed = keys_of_feed(feed) if unused else ()
    for name in unused:
        if name not in by_feed:
            at = linked.bound.span("keys", name, key=True)
            help_ = f"refer to it as `$key:{name}` where it is needed, or delete it"
            yield warning(CODE, f"nothing refers to the key `{name}`", at=at, help=help_)
