"""The workspace that `ssmd init` makes: small, commented, and right."""

from __future__ import annotations

import hashlib
from typing import Final

from ssmd_compiler.editors import FOLDER, comment, files

__all__ = ["starter"]

_SETTINGS: Final = """\
# Rules of the whole workspace. Every field has a default; this file may be absent.
namespace: ssmd
# With a repository, `ssmd compile` also writes Argo CD applications:
# repository:
#   url: https://git.example.com/market-data.git
"""

_FEED: Final = """\
apiVersion: ssmd/v1
kind: Feed
metadata:
  name: kraken
spec:
  display_name: Kraken
  type: websocket
  versions:
    - version: v2
      effective_from: 2024-01-01
      protocol: wss
      endpoint: wss://ws.kraken.com/v2
      auth_method: none
      parser_config:
        exchange: kraken
        channels: [trade]
  message_types:
    trade:
      identifier_field: symbol
      timestamp_field: timestamp
      timestamp_format: iso8601
      sequenced: true
      sequence_field: trade_id
      sequence_scope: per_product
      sequence_group_by: symbol
      fanout: true
      schema: trade:v1
"""

_SCHEMA: Final = """\
apiVersion: ssmd/v1
kind: Schema
metadata:
  name: trade
spec:
  format: capnp
  versions:
    - version: v1
      effective_from: 2024-01-01
      status: active
      schema_file: trade.v1.capnp
      # sha256 of the definition: a version that is in use does not change.
      hash: sha256:{digest}
"""

_DEFINITION: Final = """\
@0xabcdef1234567890;

struct Trade {
  timestamp @0 :UInt64;  # nanoseconds since 1970-01-01 UTC
  ticker @1 :Text;
  price @2 :Float64;
  size @3 :UInt32;
  side @4 :Side;
  tradeId @5 :Text;
}

enum Side {
  buy @0;
  sell @1;
}
"""

_ENVIRONMENT: Final = """\
apiVersion: ssmd/v1
kind: Environment
metadata:
  name: kraken-dev
spec:
  feed: kraken
  schemas: [trade:v1]
  symbols: [BTC/USD, ETH/USD]
  middleware:
    transport:
      type: memory
    storage:
      type: local
      path: /var/lib/ssmd/storage
"""


def starter() -> dict[str, bytes]:
    """The files of a first workspace, by path."""
    definition = _DEFINITION.encode()
    schema = _SCHEMA.format(digest=hashlib.sha256(definition).hexdigest())
    documents = {
        "ssmd.yaml": _named("ssmd.yaml", "Settings", _SETTINGS),
        "exchanges/feeds/kraken.yaml": _named("exchanges/feeds/kraken.yaml", "Feed", _FEED),
        "schemas/trade.yaml": _named("schemas/trade.yaml", "Schema", schema),
        "schemas/trade.v1.capnp": definition,
        "environments/kraken-dev.yaml": _named("environments/kraken-dev.yaml", "Environment", _ENVIRONMENT),
    }
    return documents | {f"{FOLDER}/{name}": text for name, text in files().items()}


def _named(path: str, kind: str, text: str) -> bytes:
    """The document, with the comment that names its schema."""
    return (comment(path, kind) + text).encode()
