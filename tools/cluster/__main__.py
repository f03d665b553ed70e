"""The command: every check of every tree, a line each.

It ends with 0, with 1 and what is wrong, or with 2 where it could not begin. It stops at the first check that fails,
with all that this check has found.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cluster import __doc__ as purpose
from cluster.api import Cluster
from cluster.checks import CHECKS
from cluster.programs import REPOSITORY, Finding, Missing, built
from cluster.server import serving
from cluster.trees import Tree, made_up

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDED = ("promtool", "kubeconform", "kube-score", "kustomize", "kubectl", "etcd", "kube-apiserver", "schemas", "crds")
BREADTH = 30


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster", description=purpose.partition("\n")[0])
    parser.add_argument("trees", metavar="TREE", type=Path, nargs="*", help="a generated/ folder")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended then, too
    try:
        for name in NEEDED:
            built(name)
        with tempfile.TemporaryDirectory(prefix="ssmd-breadth-") as scratch:
            trees = {str(path): Tree(path) for path in options.trees} or _own_trees(Path(scratch))
            _check(trees)
    except Missing as missing:
        print(f"cluster: {missing}", file=sys.stderr)
        return 2
    except Finding as finding:
        print(f"failed\n{finding}", flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _own_trees(scratch: Path) -> dict[str, Tree]:
    return {"generated/": Tree(REPOSITORY / "generated"), f"{BREADTH} made-up environments": made_up(scratch, BREADTH)}


def _check(trees: dict[str, Tree]) -> None:
    for name, tree in trees.items():
        print(f"{name}:")
        for check, look in CHECKS.items():
            _step(check, look, tree)
    started = time.monotonic()
    print("API server:")
    print("  start        ", end="", flush=True)
    with serving() as server:
        print(f"{server.url}, {time.monotonic() - started:.1f} s", flush=True)
        cluster = Cluster(server)
        _step("definitions", lambda _: cluster.install(), None)
        for name, tree in trees.items():
            print(f"{name}:")
            for step, act in cluster.steps.items():
                _step(step, act, tree)


def _step(name: str, act: Callable[[Tree], str] | Callable[[None], str], tree: Tree | None) -> None:
    print(f"  {name:12} ", end="", flush=True)
    started = time.monotonic()
    said = act(tree)  # type: ignore[arg-type]
    print(f"{said}, {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
