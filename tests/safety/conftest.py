"""What the attacks share: a jail for each worker, an honest price, and a place outside of every workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import CANARY, ENVIRONMENT, Honest, honest_document, make, plant, run, small_tree
from jail import Jail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def jail() -> Iterator[Jail]:
    with Jail() as opened:
        yield opened


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small sound tree, in a folder whose siblings are no part of it."""
    return make(tmp_path / "ws", small_tree())


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the workspace, with a document of every kind; each holds the canary."""
    files = ["x", "x.yaml", "ssmd.yaml", "s.capnp", "service.yaml.j2", "feeds/x.yaml", "environments/x.yaml"]
    return make(tmp_path / "outside", dict.fromkeys(files, f"leaked: {CANARY}\n"))


@pytest.fixture(scope="session")
def honest(jail: Jail, tmp_path_factory: pytest.TempPathFactory) -> Honest:
    """The price of a harmless document of nearly the largest size."""
    root = make(tmp_path_factory.mktemp("honest") / "ws", small_tree())
    plant(root, ENVIRONMENT, honest_document())
    return Honest(lambda: min(run(jail, root).outcome.cpu for _ in range(2)))
