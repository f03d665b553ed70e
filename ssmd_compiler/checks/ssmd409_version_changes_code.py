"""SSMD409: code that reads a schema version must change to read the next one.

What was recorded reads as before, but a name, a type or a place that code knows is another one. It is told of the same
versions as SSMD408. Change the code with the version; whoever says why in `breaking_changes` is not told.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
      - version: v2
        effective_from: 2025-06-01
        schema_file: trade.v2.capnp
        hash: sha256:a8c3c5cedcf986decde6d445d390ae3286042daabe30c6f1eb0496a7fd8f1e04
        compatible_with: [v1]
AND schemas/trade.v2.capnp (as is)
    @0xabcdef1234567890;
    struct Trade {
      timestamp @0 :UInt64;
      ticker @1 :Text;
      price @2 :Float64;
      size @3 :UInt32;
      way @4 :Side;
      tradeId @5 :Text;
    }
    enum Side { buy @0; sell @1; }

PASS schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
      - version: v2
        effective_from: 2025-06-01
        schema_file: trade.v2.capnp
        hash: sha256:7d7b896bca01b25e8a1d96192f9033e853e72b9070a01084d5fef1e6c3364b03
        compatible_with: [v1]
AND schemas/trade.v2.capnp (as is)
    @0xabcdef1234567890;
    struct Trade {
      timestamp @0 :UInt64;
      ticker @1 :Text;
      price @2 :Float64;
      size @3 :UInt32;
      side @4 :Side;
      tradeId @5 :Text;
      venue @6 :Text;
    }
    enum Side { buy @0; sell @1; }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.versions import places, reader, unapproved
from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD409"
ALLOWABLE = True


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for step in unapproved(stage):
        new, old, at = reader(stage, step)
        for broken in step.source:
            message = f"code that reads `{old}` must change for `{new}`: `{broken.subject}` {broken.said}"
            related = places(stage, step, broken)
            yield warning(CODE, message, at=at, label=broken.rule.name, related=related, help=broken.rule.remedy)
