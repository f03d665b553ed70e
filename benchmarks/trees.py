"""Write a valid workspace of any size: the same bytes for the same size and seed, on every machine.

    python benchmarks/trees.py DIR --environments N [--seed S] [--invalid K]

N environments over max(1, N // 10) feeds and two Cap'n Proto schemas, in the canonical layout, at the length that
people write: about 90 to 130 lines an environment, 70 to 85 a feed. Two environments in three are production (NATS, S3,
Redis, sealed keys), the others development (memory, local files, keys from variables). No two share a namespace, a
subject, a bucket or a directory. `--invalid K` plants one well-known mistake in each of K environments, in turn from
`MISTAKES`.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
from pathlib import Path
from typing import NamedTuple

from tree_environments import capture
from tree_feeds import VENUES, Feed

__all__ = ["MISTAKES", "tree", "write"]

Tree = dict[str, str]
"""Path in the workspace -> text."""

SETTINGS = """\
# Where the compiled tree is read from, and what runs unless a feed or an environment says otherwise.
namespace: ssmd
image:
  name: registry.example/ssmd-runtime
  version: 0.1.0
repository:
  url: https://git.example/market-data/captures.git
  revision: main
  path: generated
"""

DEFINITIONS = {
    "trade": """\
@0xd5b1f0c2a9e47361;

struct Trade {
  timestamp @0 :UInt64;
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
""",
    "orderbook": """\
@0xc83e6d17f05b924a;

struct OrderBookUpdate {
  timestamp @0 :UInt64;
  ticker @1 :Text;
  bids @2 :List(Level);
  asks @3 :List(Level);
}

struct Level {
  price @0 :Float64;
  size @1 :UInt32;
}
""",
}


def schema(name: str, definition: str) -> str:
    digest = hashlib.sha256(definition.encode()).hexdigest()
    return f"""\
# The normalized {name} record. Bytes on the wire follow {name}.capnp.
apiVersion: ssmd/v1
kind: Schema
metadata:
  name: {name}

spec:
  format: capnp
  schema_file: {name}.capnp
  versions:
    - version: v1
      effective_from: 2025-01-01
      status: active
      hash: sha256:{digest}
"""


class Mistake(NamedTuple):
    """One slip that people make: the first match of `pattern` becomes `replacement`."""

    name: str
    pattern: str
    replacement: str


MISTAKES = (
    Mistake("unknown feed", r"(?m)^  feed: (\w+)-", r"  feed: \1x-"),
    Mistake("unknown schema version", r"trade:v1", "trade:v9"),
    Mistake("unknown field", r"auto_roll:", "auto_rol:"),
    Mistake("undeclared key", r"(?m)^  alerts:$", "  gateway:\n    credentials: $key:absent\n\n  alerts:"),
    Mistake("unknown type", r"type: (nats|memory)\b", r"type: \1x"),
    Mistake("no such time", r'"00:00"', '"24:61"'),
    Mistake("not a number", r"rotation_days: \d+", "rotation_days: often"),
    Mistake("duplicate key", r"(?m)^(  namespace: .*)$", r"\1\n\1"),
)


def spoil(text: str, mistake: Mistake) -> str:
    spoiled, count = re.subn(mistake.pattern, mistake.replacement, text, count=1)
    if not count:
        raise ValueError(f"no place for the mistake `{mistake.name}`")
    return spoiled


def tree(environments: int, *, seed: int = 1, invalid: int = 0) -> Tree:
    """Every file of a workspace with that many environments, the first `invalid` of them with one mistake each."""
    feeds = [Feed(VENUES[number % len(VENUES)], number) for number in range(max(1, environments // 10))]
    files = {"ssmd.yaml": SETTINGS}
    for name, definition in DEFINITIONS.items():
        files[f"schemas/{name}.capnp"] = definition
        files[f"schemas/{name}.yaml"] = schema(name, definition)
    for feed in feeds:
        files[f"exchanges/feeds/{feed.name}.yaml"] = feed.text(random.Random(f"{seed}/feed/{feed.number}"))
    for number in range(environments):
        path, text = capture(number, feeds, seed)
        files[path] = spoil(text, MISTAKES[number % len(MISTAKES)]) if number < invalid else text
    return files


def write(directory: Path, files: Tree) -> None:
    for path, text in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def main() -> int:
    parser = argparse.ArgumentParser(description="Write a valid ssmd workspace of any size.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="an empty or absent directory")
    parser.add_argument("--environments", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--invalid", type=int, default=0, metavar="K", help="environments that get a mistake")
    options = parser.parse_args()
    if options.directory.is_dir() and any(options.directory.iterdir()):
        parser.error(f"{options.directory} is not empty")
    if options.environments < 1 or not 0 <= options.invalid <= options.environments:
        parser.error("needs at least one environment, and no more mistakes than environments")
    write(options.directory, tree(options.environments, seed=options.seed, invalid=options.invalid))
    return 0


if __name__ == "__main__":
    sys.exit(main())
