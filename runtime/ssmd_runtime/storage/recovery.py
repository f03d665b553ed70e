"""What a start does before anything is appended: nothing that the last run wrote is lost, or lost without a word.

Cuts the torn tail off the file that was being written, seals what belongs to another day or is damaged, and finishes
seals that were interrupted. Sealed files are held against their manifests: one that is shorter, longer or missing is
told, once, and its manifest says so from then on.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from ssmd_runtime.storage import manifest as manifests
from ssmd_runtime.storage.files import StorageError, data_sync, refuse_special, storage_error, sync_directory
from ssmd_runtime.storage.gap_log import left_open
from ssmd_runtime.storage.inspection import Contents, Damage, inspect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ssmd_runtime.reliability.gaps import Gap
    from ssmd_runtime.storage.envelope import Line
    from ssmd_runtime.storage.layout import DayFiles, Layout

__all__ = ["Recovered", "recover"]


@dataclass(slots=True)
class Recovered:
    """What the last run left. `contents` are those of the file to go on with, None: there is none.

    `earlier`: something ran before. `last_ts` is the time of the last record that there is, over all days; `to_seal`
    files with their contents, renamed already, that need a manifest. `damaged` says in words what is wrong.
    `open_gaps` wait for data, in the gaps file of `gaps_day`, the last one that there is.
    """

    contents: Contents | None = None
    earlier: bool = False
    last_ts: str | None = None
    torn: list[tuple[Path, int]] = field(default_factory=list)
    damaged: list[tuple[Path, Damage, str]] = field(default_factory=list)
    to_seal: list[tuple[DayFiles, Path, Contents]] = field(default_factory=list)
    open_gaps: list[Gap] = field(default_factory=list)
    gaps_day: str | None = None
    to_note: list[tuple[Path, manifests.Manifest]] = field(default_factory=list)

    def note(self) -> None:
        """Notes in manifests what became of their files; to be called when the gaps are declared, which tell it."""
        for path, content in self.to_note:
            try:
                manifests.write(path, content)
            except StorageError as problem:
                if not problem.full:  # without room it is told once more at the next start
                    raise


def recover(
    layout: Layout, today: str, *, compressed: bool, visit: Callable[[list[Line]], None] | None = None
) -> Recovered:
    """Repairs and tells. `visit` sees the records of the file to go on with."""
    found = Recovered()
    for day in layout.days():
        try:
            _recover_day(day, day.name == today, found, compressed=compressed, visit=visit)
        except OSError as problem:
            raise storage_error("read", day.directory, problem) from None
    return found


def _recover_day(
    day: DayFiles,
    is_today: bool,  # noqa: FBT001 -- private, and named where it is passed
    found: Recovered,
    *,
    compressed: bool,
    visit: Callable[[list[Line]], None] | None,
) -> None:
    if day.gaps.exists():
        refuse_special(day.gaps, stat.S_ISREG)
        found.open_gaps, found.gaps_day = left_open(day.gaps), day.name
        found.earlier = True
    for temporary in day.directory.glob(f".{day.stem}.*.tmp"):
        temporary.unlink()
    for sealed in day.sealed():
        found.earlier = True
        told = _told(day.manifest(sealed))
        if told is not None:
            _later(found, told.last_ts)
            _compare(found, sealed, day.manifest(sealed), told)
            continue
        contents = inspect(sealed)
        if contents.torn:  # it was whole when it got its name
            contents.hurt(contents.whole, contents.torn)
            contents.torn = 0
        _note(found, sealed, contents)
        found.to_seal.append((day, sealed, contents))
    _look_for_missing(day, found)
    for kind in (False, True):
        active = day.active(compressed=kind)
        refuse_special(active, stat.S_ISREG)
        if not active.exists():
            continue
        found.earlier = True
        goes_on = is_today and kind == compressed
        contents = inspect(active, visit if goes_on else None)
        _cut(active, contents)
        _note(found, active, contents)
        if goes_on and not contents.damaged:
            found.contents = contents
        elif not contents.whole:
            active.unlink()
        else:
            found.to_seal.append((day, _renamed(day, active, compressed=kind), contents))


def _told(path: Path) -> manifests.Manifest | None:
    """What a manifest says; None: there is none, or none that can be read, and it is written anew."""
    try:
        return manifests.read(path) if path.exists() else None
    except StorageError:
        return None


def _compare(found: Recovered, sealed: Path, manifest: Path, told: manifests.Manifest) -> None:
    """Tells where a sealed file has another length than its manifest says; the content is not read for that."""
    size = sealed.stat().st_size
    if size == told.bytes:
        return
    offset, length = min(size, told.bytes), abs(size - told.bytes)
    if any((known.offset, known.bytes) == (offset, length) for known in told.damage):
        return
    if size < told.bytes:
        damage = Damage(offset, length, inspect(sealed).last_ts or told.first_ts, told.last_ts)
        detail = f"{sealed.name}: {length} bytes from {offset} on are gone"
    else:
        damage = Damage(offset, length, told.last_ts)
        detail = f"{sealed.name}: {length} bytes from {offset} on came after it was sealed"
    _hold_against(found, sealed, manifest, told, (damage, detail))


def _look_for_missing(day: DayFiles, found: Recovered) -> None:
    """Tells of manifests without their files; a file may stand there under its name with or without compression."""
    there = {day.manifest(sealed) for sealed in day.sealed()}
    for manifest in day.manifests():
        told = None if manifest in there else _told(manifest)
        if told is None:
            continue
        found.earlier = True
        _later(found, told.last_ts)
        damage = Damage(0, told.bytes, told.first_ts, told.last_ts)
        if damage not in told.damage:
            detail = f"{told.file}: is missing, and its {told.bytes} bytes with it"
            _hold_against(found, day.directory / told.file, manifest, told, (damage, detail))


def _hold_against(
    found: Recovered, sealed: Path, manifest: Path, told: manifests.Manifest, harm: tuple[Damage, str]
) -> None:
    """Damage that came after the seal, for the manifest: what it said of the file as it was stays."""
    found.damaged.append((sealed, *harm))
    found.to_note.append((manifest, msgspec.structs.replace(told, damage=[*told.damage, harm[0]])))


def _cut(path: Path, contents: Contents) -> None:
    """Cuts the torn tail off, durably."""
    if contents.torn:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, contents.whole)
            data_sync(descriptor, path)
        finally:
            os.close(descriptor)


def _renamed(day: DayFiles, active: Path, *, compressed: bool) -> Path:
    descriptor = os.open(active, os.O_WRONLY | os.O_CLOEXEC)
    try:
        data_sync(descriptor, active)
    finally:
        os.close(descriptor)
    sealed = day.next_sealed(compressed=compressed)
    active.rename(sealed)
    sync_directory(day.directory)
    return sealed


def _note(found: Recovered, path: Path, contents: Contents) -> None:
    if contents.torn:
        found.torn.append((path, contents.torn))
    found.damaged += [
        (path, damage, f"{path.name}: {damage.bytes} bytes from {damage.offset} on are no records")
        for damage in contents.damage
    ]
    _later(found, contents.last_ts)


def _later(found: Recovered, last_ts: str | None) -> None:
    """RFC 3339 in UTC with the same number of digits sorts as time does."""
    if last_ts is not None and (found.last_ts is None or last_ts > found.last_ts):
        found.last_ts = last_ts
