from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Path]:
    """A directory for tests with hundreds of trees: in memory where the system has a place for that."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    directory = Path(tempfile.mkdtemp(dir=memory, prefix="ssmd-publish-"))
    yield directory
    shutil.rmtree(directory)
