"""Publishers that break the promise, each in one way, to prove that the harness would notice.

Each takes the arguments of `publish` that matter and is run exactly as the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

SEAL = "ssmd.lock.json"
Publisher = Callable[[Path, Mapping[str, bytes], Collection[str]], None]


def in_place(directory: Path, outputs: Mapping[str, bytes], remove: Collection[str]) -> None:
    """Write each file where it goes, then remove."""
    for path, data in sorted(outputs.items()):
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    _remove(directory, remove)


def seal_last(directory: Path, outputs: Mapping[str, bytes], remove: Collection[str]) -> None:
    """Rename into place, additions before anything else, the seal at the very end."""
    _rename(directory, sorted(outputs, key=lambda path: (path == SEAL, (directory / path).exists(), path)), outputs)
    _remove(directory, remove)


def seal_dropped(directory: Path, outputs: Mapping[str, bytes], remove: Collection[str]) -> None:
    """Drop the old seal first, so that nothing validates; with it goes the list of what we own."""
    (directory / SEAL).unlink(missing_ok=True)
    _rename(directory, sorted(outputs, key=lambda path: (path == SEAL, path)), outputs)
    _remove(directory, remove)


def never_flushed(directory: Path, outputs: Mapping[str, bytes], remove: Collection[str]) -> None:
    """The right order, and no word to the disk: sound against a kill, not against a power cut."""
    _remove(directory, remove)
    for emptied in ("dead/deep", "dead"):
        (directory / emptied).rmdir()
    _rename(directory, sorted(outputs, key=lambda path: (path != SEAL, path)), outputs)


def _rename(directory: Path, paths: Collection[str], outputs: Mapping[str, bytes]) -> None:
    staging = directory / ".ssmd-staging" / "made-by-ssmd-publish"
    staging.parent.mkdir()
    staging.mkdir()
    for number, path in enumerate(paths):
        (staging / str(number)).write_bytes(outputs[path])
    for number, path in enumerate(paths):
        if (parent := (directory / path).parent).is_file():
            parent.unlink()
        parent.mkdir(parents=True, exist_ok=True)
        (staging / str(number)).rename(directory / path)
    staging.rmdir()
    staging.parent.rmdir()


def _remove(directory: Path, remove: Collection[str]) -> None:
    for path in remove:
        if (directory / path).is_file():
            (directory / path).unlink()


CONTROLS: dict[str, Publisher] = {f.__name__: f for f in (in_place, seal_last, seal_dropped, never_flushed)}
