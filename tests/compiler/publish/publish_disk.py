"""A model of a disk that forgets: from the traced calls of a publish, every tree that a power cut could leave behind.

It knows no more than POSIX promises. A change of a directory is kept by an `fsync` of that directory, the bytes of a file
by an `fsync` of the file, and both by `syncfs`; until then any subset of what is pending may have reached the disk.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from publish_strace import Call

_FD = re.compile(r"^\d+<([^>]*)>")
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"= (-?\d+)(<[^>]*>)?( E[A-Z]+.*)?$")
_SAMPLES = 40


@dataclass
class State:
    """Inodes by number: what a directory names, and what a file holds. The root is 0."""

    names: dict[int, dict[str, int]] = field(default_factory=lambda: {0: {}})
    data: dict[int, bytes] = field(default_factory=dict)

    def copy(self) -> State:
        return State({inode: dict(names) for inode, names in self.names.items()}, dict(self.data))

    def make(self, inode: int, *, file: bool) -> None:
        if file:
            self.data[inode] = b""
        else:
            self.names[inode] = {}

    def tree(self, folder: int = 0, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        if prefix and not self.names[folder]:
            yield prefix, b"(empty directory)"
        for name, inode in self.names[folder].items():
            if inode in self.names:
                yield from self.tree(inode, f"{prefix}{name}/")
            else:
                yield prefix + name, self.data[inode]


@dataclass
class Change:
    """Something not yet on the disk: where it must be flushed, and what it does to a state."""

    inode: int
    apply: Callable[[State], None]


@dataclass
class Disk:
    """`live` is what processes see, `durable` what is certain to survive, `pending` what lies between them."""

    root: Path
    durable: State = field(default_factory=State)
    live: State = field(default_factory=State)
    pending: list[Change] = field(default_factory=list)
    count: int = 0

    @classmethod
    def holding(cls, root: Path, tree: Mapping[str, bytes]) -> Disk:
        disk = cls(root)
        for path, data in tree.items():
            folder = 0
            *folders, name = path.split("/")
            for part in folders:
                folder = disk.live.names[folder].get(part) or disk._add(folder, part)
            disk._change(disk._add(folder, name, file=True), _set_bytes(disk.count, data))
        disk.flush_all()
        return disk

    def run(self, call: Call) -> bool:
        """Carry out a traced call; false when it changes nothing."""
        result = _RESULT.search(call.text)
        if not result or result[1].startswith("-"):
            return False
        step = getattr(self, f"_{call.name}", None)
        if (
            step is None
        ):  # it locks or looks; that nothing else was missed shows when the model is compared with the disk
            return False
        step(call.text, [ast.literal_eval(f'b"{text}"') for text in _STRINGS.findall(call.text)])
        return True

    def after_power_cut(self, dice: random.Random) -> Iterator[dict[str, bytes]]:
        """Trees that may be found, from all pending changes lost to all kept."""
        total = len(self.pending)
        picks = {0, (1 << total) - 1}
        picks |= {1 << n for n in range(total)} | {((1 << total) - 1) ^ (1 << n) for n in range(total)}
        picks |= {(1 << n) - 1 for n in range(total)} | {dice.getrandbits(total) for _ in range(_SAMPLES) if total}
        for pick in sorted(picks):
            state = self.durable.copy()
            for number, change in enumerate(self.pending):
                if pick >> number & 1:
                    change.apply(state)
            yield dict(state.tree())

    def everything(self) -> dict[str, bytes]:
        """The tree as a process sees it."""
        return dict(self.live.tree())

    def flush_all(self) -> None:
        self._flush(self.pending)

    def _flush(self, changes: Iterable[Change]) -> None:
        for change in list(changes):
            change.apply(self.durable)
            self.pending.remove(change)

    def _change(self, inode: int, apply: Callable[[State], None]) -> None:
        apply(self.live)
        self.pending.append(Change(inode, apply))

    def _add(self, folder: int, name: str, *, file: bool = False) -> int:
        self.count += 1
        for state in (self.live, self.durable):  # an inode without a name survives, and nobody sees it
            state.make(self.count, file=file)
        self._change(folder, _set_entry(folder, name, self.count))
        return self.count

    def _at(self, path: str) -> int:
        inode = 0
        for part in Path(path).relative_to(self.root).parts:
            inode = self.live.names[inode][part]
        return inode

    def _where(self, text: str, names: list[bytes]) -> tuple[int, str]:
        """Directory and name of the first path of a call, given relative to a descriptor or absolute."""
        fd = _FD.match(text)
        path = Path(fd[1] if fd else "/") / names[0].decode()
        return self._at(str(path.parent)), path.name

    def _mkdirat(self, text: str, names: list[bytes]) -> None:
        self._add(*self._where(text, names))

    _mkdir = _mkdirat

    def _openat(self, text: str, names: list[bytes]) -> None:
        if "O_CREAT" in text:
            folder, name = self._where(re.sub(r"^AT_FDCWD<[^>]*>, ", "", text), names)
            known = self.live.names[folder].get(name)
            inode = self._add(folder, name, file=True) if known is None else known
            if "O_TRUNC" in text:
                self._change(inode, _set_bytes(inode, b""))

    def _write(self, text: str, names: list[bytes]) -> None:
        if (fd := _FD.match(text)) and fd[1].startswith(str(self.root)):
            inode = self._at(fd[1])
            self._change(inode, _set_bytes(inode, self.live.data[inode] + names[0]))

    def _renameat(self, text: str, names: list[bytes]) -> None:
        source, old = self._where(text, names)
        target, new = self._where(text.partition(", ")[2].partition(", ")[2], names[1:])
        inode = self.live.names[source][old]
        # Journalling file systems rename atomically; POSIX flushes the new entry with the directory that holds it.
        self._change(target, lambda state: (_drop(source, old)(state), _set_entry(target, new, inode)(state))[-1])

    _rename = _renameat

    def _unlinkat(self, text: str, names: list[bytes]) -> None:
        folder, name = self._where(re.sub(r"^AT_FDCWD<[^>]*>, ", "", text), names)
        self._change(folder, _drop(folder, name))

    _unlink = _rmdir = _unlinkat

    def _fsync(self, text: str, _names: list[bytes]) -> None:
        if (fd := _FD.match(text)) and fd[1].startswith(str(self.root)):
            inode = self._at(fd[1])
            self._flush([change for change in self.pending if change.inode == inode])

    def _syncfs(self, _text: str, _names: list[bytes]) -> None:
        self.flush_all()


def _set_bytes(inode: int, data: bytes) -> Callable[[State], None]:
    return lambda state: state.data.__setitem__(inode, data)


def _set_entry(folder: int, name: str, inode: int) -> Callable[[State], None]:
    return lambda state: state.names[folder].__setitem__(name, inode)


def _drop(folder: int, name: str) -> Callable[[State], None]:
    return lambda state: (state.names[folder].pop(name, None), None)[-1]
