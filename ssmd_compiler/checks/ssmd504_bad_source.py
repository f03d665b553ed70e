"""SSMD504: a key's source is none of those that ssmd knows.

    env:VAR1,VAR2                      one variable for each field
    env                                variables SSMD_<KEY>_<FIELD>
    sealed-secret/<name>               a sealed secret by name; without a source, the one named <env>-<key>
    vault:<path>                       a path in Vault
    file:<directory>                   one file for each field

FAIL environments/dev.yaml
    spec: {keys: {kalshi: {type: api_key, fields: [api_key], source: "keychain:kalshi"}}}

PASS environments/dev.yaml
    spec: {keys: {kalshi: {type: api_key, fields: [api_key], source: "vault:secret/kalshi"}}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.keys import SCHEMES, parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD504"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    for name, key in linked.environment.keys.items():
        source = parse_source(key.source)
        at = linked.bound.span("keys", name, "source")
        if source is None:
            # Not quoted: somebody may have put the secret itself here.
            message = f"the source of key `{name}` has no scheme that ssmd knows"
            label = did_you_mean(re.split("[:/]", key.source or "", maxsplit=1)[0], SCHEMES)
            yield error(CODE, message, at=at, label=label, help=f"the schemes are {listed(SCHEMES)}", hidden=True)
        elif source.flaw:
            yield error(CODE, f"the source of key `{name}`: {source.flaw}", at=at, hidden=True)
