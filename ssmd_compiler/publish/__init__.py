"""Publish {path: bytes} to disk: a reader finds the old tree, the new one, or one whose seal says that it is torn.

Writes only what changed, waits until the disk has it, and removes only what the caller says that ssmd owns. Refuses
symbolic links, paths that leave the directory, and anything but a file where a file goes, before it touches a byte.
One publisher at a time holds the directory. The order of events, and why, is docs/decisions/0004-publishing.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING

from ssmd_compiler.publish.commit import carry_out
from ssmd_compiler.publish.errors import Busy, Overtaken, Place, PublishError
from ssmd_compiler.publish.lock import locked
from ssmd_compiler.publish.paths import refuse_unsafe
from ssmd_compiler.publish.plan import Plan, compare, holds
from ssmd_compiler.publish.staging import recover, stage, staged_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

__all__ = ["Busy", "Overtaken", "PublishError", "Published", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did: paths relative to the directory, sorted, and how many files already held their bytes."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def publish(  # noqa: PLR0913 - a publish has two subjects; the rest are settings, by name only
    directory: Path,
    outputs: Mapping[str, bytes],
    *,
    remove: Collection[str] = (),
    seal: str = "ssmd.lock.json",
    wait: float = 10.0,
    seen: bytes | EllipsisType | None = ...,
) -> Published:
    """Make `directory` hold `outputs`, durably, without the files of `remove` and with everything else untouched.

    Args:
        directory: where to publish; created when its parent exists. Its own last component may not be a link.
        outputs: POSIX paths relative to `directory`, the seal among them.
        remove: paths that the seal on disk owns and that are no longer produced; those already gone are skipped.
        seal: the top-level file that vouches for all the others, with a digest of each.
        wait: seconds to wait for another publisher.
        seen: the seal that `outputs` and `remove` were worked out from, None if there was none. Whoever reads the seal
            to know what it owns passes it: another publisher may finish in between. By default it is not compared.

    Raises:
        Busy: another publisher held the directory all that time.
        Overtaken: the seal on disk is not `seen`, and there is something to change. Nothing was; work it out again.
        PublishError: nothing was changed, or (`torn`) the seal disagrees with the tree and the next publish repairs it.

    A KeyboardInterrupt passes through: before the first rename nothing has changed and the staging directory is gone,
    afterwards it is as if the process had been killed.
    """
    refuse_unsafe(outputs, remove, seal)
    place = Place(directory.name or ".")
    try:
        with locked(directory, wait, place) as root:
            recover(root, place)
            plan = compare(root, outputs, remove, seal, place)
            if plan.write or plan.remove or plan.prune:
                _refuse_overtaken(root, plan, seal, seen, place)
                _apply(root, plan, seal, place)
    except OSError as error:
        raise place.explain(error) from error
    return Published(tuple(sorted(plan.write)), plan.remove, len(outputs) - len(plan.write))


def _refuse_overtaken(root: int, plan: Plan, seal: str, seen: bytes | EllipsisType | None, place: Place) -> None:
    if isinstance(seen, EllipsisType):
        return
    same = plan.first if seen is None else not plan.first and holds(root, seal, seen)
    if not same:
        raise Overtaken(f"{place.directory}: another compiler has published here in the meantime; compile again")


def _apply(root: int, plan: Plan, seal: str, place: Place) -> None:
    with staged_tree(root, place) as tree:
        stage(tree, plan.write, place)
        carry_out(root, tree, plan, seal, place)
