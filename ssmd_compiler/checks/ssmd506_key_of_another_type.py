"""SSMD506: a key is used for what its type is not meant for.

A broker given an exchange's key answers with a login failure at run time, if it does at once.

FAIL environments/dev.yaml
    spec:
      middleware:
        transport:
          type: nats
          url: nats://nats.example:4222
          credentials: $key:kalshi

PASS environments/dev.yaml
    spec:
      keys: {nats: {type: transport, fields: [username, password], source: env}}
      middleware: {transport: {type: nats, url: "nats://nats.example:4222", credentials: "$key:nats"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.source import Path

CODE = "SSMD506"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for use in linked.key_uses:
        fitting = _FITTING.get(use.path)
        if use.key is not None and fitting and use.key.type not in fitting:
            types = " or ".join(f"`{name}`" for name in fitting)
            message = f"key `{use.name}` is of type `{use.key.type}`, and this takes {types}"
            yield warning(CODE, message, at=use.span, help="refer to a key of that type, or correct the key's type")


_FITTING: Mapping[Path, tuple[str, ...]] = {
    ("connector", "credentials"): ("api_key", "tls"),
    ("middleware", "transport", "credentials"): ("transport", "tls"),
    ("middleware", "journal", "credentials"): ("transport", "tls"),
    ("middleware", "storage", "credentials"): ("storage",),
    ("middleware", "cache", "credentials"): ("database", "transport"),
}
