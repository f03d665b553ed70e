"""Publish {path: bytes} to disk: a reader finds the old tree, the new one, or one whose seal says that it is torn.

Writes only what changed, waits until the disk has it, and removes only what the caller says that ssmd owns. Refuses
symbolic links, paths that leave the directory, and anything but a file where a file goes, before it touches a byte.
One publisher at a time holds the directory. The order of events, and why, is docs/decisions/0004-publishing.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssmd_compiler.publish.commit import carry_out
from ssmd_compiler.publish.errors import Busy, Place, PublishError
from ssmd_compiler.publish.lock import locked
from ssmd_compiler.publish.paths import refuse_unsafe
from ssmd_compiler.publish.plan import compare
from ssmd_compiler.publish.staging import recover, stage, staged_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

__all__ = ["Busy", "PublishError", "Published", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did: paths relative to the directory, sorted, and how many files already held their bytes."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def publish(
    directory: Path,
    outputs: Mapping[str, bytes],
    *,
    remove: Collection[str] = (),
    seal: str = "ssmd.lock.json",
    wait: float = 10.0,
) -> Published:
    """Make `directory` hold `outputs`, durably, without the files of `remove` and with everything else untouched.

    Args:
        directory: where to publish; created when its parent exists. Its own last component may not be a link.
        outputs: POSIX paths relative to `directory`, the seal among them.
        remove: paths that the seal on disk owns and that are no longer produced; those already gone are skipped.
        seal: the top-level file that vouches for all the others, with a digest of each.
        wait: seconds to wait for another publisher.

    Raises:
        Busy: another publisher held the directory all that time.
        PublishError: nothing was changed, or (`torn`) the seal disagrees with the tree and the next publish repairs it.

    A KeyboardInterrupt passes through: before the first rename nothing has changed and the staging directory is gone,
    afterwards it is as if the process had been killed.
    """
    refuse_unsafe(outputs, remove, seal)
    place = Place(directory.name or ".")
    try:
        with locked(directory, wait, place) as root:
            return _publish(root, outputs, remove, seal, place)
    except OSError as error:
        raise place.explain(error) from error


def _publish(root: int, outputs: Mapping[str, bytes], remove: Collection[str], seal: str, place: Place) -> Published:
    recover(root, place)
    plan = compare(root, outputs, remove, seal, place)
    if plan.write or plan.remove or plan.prune:
        with staged_tree(root, place) as tree:
            stage(tree, plan.write, place)
            carry_out(root, tree, plan, seal, place)
    return Published(tuple(sorted(plan.write)), plan.remove, len(outputs) - len(plan.write))
