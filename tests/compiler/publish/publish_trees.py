"""Trees for the publisher's tests, and the verifier that stands for `ssmd validate`: it believes nothing but the seal."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SEAL = "ssmd.lock.json"
STAGING = ".ssmd-staging"

Tree = dict[str, bytes]


def sealed(files: Mapping[str, bytes]) -> Tree:
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}
    return {**files, SEAL: json.dumps(digests).encode()}


FOREIGN: Tree = {"mixed/notes.txt": b"mine", "README": b"mine too", "empty-of-ours/x": b"mine"}
OLD = sealed(
    {
        "keep/same.yaml": b"same",
        "keep/changed.yaml": b"before",
        "keep/gone.yaml": b"gone",
        "dead/only.yaml": b"dead",
        "dead/deep/too.yaml": b"dead too",
        "mixed/gone.yaml": b"gone",
        "turns": b"a file that becomes a directory",
    }
)
NEW = sealed(
    {
        "keep/same.yaml": b"same",
        "keep/changed.yaml": b"after!",
        "keep/added.yaml": b"added",
        "fresh/one.yaml": b"one",
        "fresh/deep/two.yaml": b"two",
        "turns/inner.yaml": b"inner",
        "top.txt": b"top",
    }
)
THIRD = sealed({"keep/same.yaml": b"same", "other/third.yaml": b"third"})


def write(directory: Path, tree: Mapping[str, bytes]) -> None:
    for path, data in tree.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)


def read(directory: Path, *, staging: bool = False) -> Tree:
    """All that stands under a directory: bytes of files, and of an empty directory or anything else a description."""
    tree: Tree = {}
    for folder, directories, files in os.walk(directory):
        if not staging and STAGING in directories and Path(folder) == directory:
            directories.remove(STAGING)
        for name in [*files, *(d for d in directories if (Path(folder) / d).is_symlink())]:
            path = Path(folder) / name
            tree[path.relative_to(directory).as_posix()] = _describe(path)
        if not directories and not files and Path(folder) != directory:
            tree[Path(folder).relative_to(directory).as_posix() + "/"] = b"(empty directory)"
    return tree


def _describe(path: Path) -> bytes:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"(link to {path.readlink()})".encode()
    return path.read_bytes() if stat.S_ISREG(mode) else f"({stat.filemode(mode)})".encode()


def owned(tree: Mapping[str, bytes]) -> dict[str, str]:
    """What the seal of a tree claims: path -> digest. No seal, or a broken one, claims nothing."""
    try:
        digests: dict[str, str] = json.loads(tree[SEAL])
    except (KeyError, ValueError):
        return {}
    return digests


def agrees(tree: Mapping[str, bytes]) -> bool:
    digests = owned(tree)
    return bool(digests) and all(
        path in tree and hashlib.sha256(tree[path]).hexdigest() == digest for path, digest in digests.items()
    )


def to_remove(tree: Mapping[str, bytes], outputs: Mapping[str, bytes]) -> tuple[str, ...]:
    """What a compiler asks to have removed: it knows nothing but the seal on disk."""
    return tuple(sorted(owned(tree).keys() - outputs.keys()))


def complaint(tree: Mapping[str, bytes], old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """Why a tree found after a fault breaks the promise; empty when it keeps it. Both trees include what is foreign."""
    if tree in (old, new):
        return ""
    if any(tree.get(path) != old[path] for path in FOREIGN.keys() & old.keys()):
        return "a foreign file was touched"
    if agrees(tree):
        return f"a mixture validates: {sorted(tree)}"
    orphans = {path for path in tree if not path.endswith("/")} - owned(tree).keys() - FOREIGN.keys() - {SEAL}
    return f"files that no seal owns: {sorted(orphans)}" if orphans else ""
