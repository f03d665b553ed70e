"""Whatever stands where the cache should: it is not followed, waited for or believed, and the output is the same."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import ENVIRONMENT, environment, make, plant, run, small_tree, snapshot
from jail import GIB
from test_hostile_paths import bind, root_only

from ssmd_compiler.cache.store import seal

if TYPE_CHECKING:
    from collections.abc import Callable

    from jail import Jail

CACHE = ".ssmd/cache"


def instead(path: str, put: Callable[[Path], object]) -> Callable[[Path], None]:
    """Have something else stand at a path."""

    def act(root: Path) -> None:
        target = root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        put(target)

    return act


def sealed(body: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(seal(body) + body)


def owned_by_somebody(path: Path) -> None:
    sealed(b"\xc0")(path)
    os.chown(path, 12345, 12345)


BOMBS = {
    "an array of 4 billion": b"\xdd" + struct.pack(">I", 2**32 - 1),
    "a map of 4 billion": b"\xdf" + struct.pack(">I", 2**32 - 1),
    "a text of 4 GiB": b"\xdb" + struct.pack(">I", 2**32 - 1) + b"x",
    "bytes of 4 GiB": b"\xc6" + struct.pack(">I", 2**32 - 1),
    "an extension of 4 GiB": b"\xc9" + struct.pack(">I", 2**32 - 1) + b"\x01",
    "arrays in arrays": b"\x91" * 1_000_000,
    "maps in maps": b"\x81\xa1a" * 1_000_000,
    "nothing": b"",
    "null": b"\xc0",
    "a surrogate": b"\x9c\xa3\xed\xa0\x80",
    "many small ones": b"\xdc\xff\xff" + b"\x90" * 65_535,
}
STRANGE: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a socket": bind,
    "a folder": os.mkdir,
    "a link to a victim": lambda path: path.symlink_to(path.parents[3] / "victims/x"),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to(path.parents[3] / "victims/new"),
    "a GiB of nothing": lambda path: (path.touch(), os.truncate(path, GIB)),
    "garbage": lambda path: path.write_bytes(b"\x80\xff" * 1000),
    **{f"sealed: {name}": sealed(body) for name, body in BOMBS.items()},
}
PLANTED = {
    **{
        f"{file}: {name}": instead(f"{CACHE}/{file}", put)
        for file in ("index", "traces")
        for name, put in STRANGE.items()
    },
    **{
        f"{folder}: {name}": instead(folder, STRANGE[name])
        for folder in (".ssmd", CACHE)
        for name in ("a FIFO", "a socket", "garbage", "a dangling link")
    },
    ".ssmd: a link to a folder": instead(".ssmd", lambda path: path.symlink_to(path.parents[1] / "victims")),
    f"{CACHE}: a link to a folder": instead(CACHE, lambda path: path.symlink_to(path.parents[2] / "victims")),
    "the draft: a link": lambda root: (root / CACHE / f".index-{os.getpid()}").symlink_to(root.parent / "victims/x"),
    ".gitignore: a link": instead(f"{CACHE}/.gitignore", lambda path: path.symlink_to(path.parents[3] / "victims/new")),
}


@pytest.fixture
def cached(jail: Jail, tmp_path: Path) -> Path:
    """A compiled workspace with a cache, that has changed since."""
    root = make(tmp_path / "ws", small_tree())
    make(tmp_path / "victims", {"x": "mine"})
    for _ in range(2):
        assert jail.run(["compile"], root).code == 0
    assert (root / CACHE / "traces").exists()
    plant(root, ENVIRONMENT, environment(symbols="[LTC/USD]"))
    return root


def check_unharmed(jail: Jail, root: Path) -> None:
    victims = snapshot(root.parent / "victims")
    ran = run(jail, root, memory=GIB // 2, cpu=10)
    assert ran.outcome.code == 0, ran.outcome.said or "it was ended"
    assert not ran.outcome.said
    assert b"LTC/USD" in (root / "generated/dev/spec.json").read_bytes()
    assert run(jail, root, "validate").outcome.code == 0
    assert run(jail, root, "compile", "--check").outcome.code == 0
    assert snapshot(root.parent / "victims") == victims


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_in_the_cache_does_no_harm(name: str, jail: Jail, cached: Path) -> None:
    PLANTED[name](cached)
    check_unharmed(jail, cached)


@root_only
@pytest.mark.parametrize("file", ["index", "traces"])
def test_a_cache_of_somebody_else_is_not_believed(file: str, jail: Jail, cached: Path) -> None:
    instead(f"{CACHE}/{file}", owned_by_somebody)(cached)
    check_unharmed(jail, cached)


def test_control_a_fifo_would_be_waited_for(jail: Jail, cached: Path) -> None:
    PLANTED["index: a FIFO"](cached)
    assert run(jail, cached, changed=("no_care_for_the_cache",), seconds=1).outcome.late


def test_control_a_gibibyte_would_be_read(jail: Jail, cached: Path) -> None:
    PLANTED["index: a GiB of nothing"](cached)
    assert run(jail, cached, changed=("no_care_for_the_cache",), memory=GIB // 2).outcome.code != 0
