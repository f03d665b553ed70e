"""Kill harness A: the writer and its syncer alone, killed at random instants and at every system call that counts.

A chain is several lives over one folder. Each life appends numbered records with a clock that runs through days, and
notes each acknowledgement in a file of its own; it is killed, and sometimes the power goes with it: every file is then cut
back to what was synced and a random part of the rest. At the end every acknowledged record has to be there, in order, once.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from ssmd_runtime.storage.envelope import Envelope  # noqa: E402 -- once the path is there
from ssmd_runtime.storage.syncing import Syncer  # noqa: E402 -- as above
from ssmd_runtime.storage.writer import JsonlWriter  # noqa: E402 -- as above
from torture_controls import take_away  # noqa: E402 -- as above
from torture_processes import ended, forked, killed_after  # noqa: E402 -- as above
from torture_reading import read_back  # noqa: E402 -- as above
from torture_specs import START_NS, frame_of_number, torture_spec  # noqa: E402 -- as above

LIFE = 1_000_000
_STEP_NS = 120 * 1_000_000_000  # of the injected clock: a day has 720 batches


@dataclass(frozen=True)
class Life:
    """One run of the writer over `root`. `batches` 0: until it is killed."""

    root: str
    notes: str
    number: int
    codec: str
    sync: str
    start_ns: int
    batches: int = 0
    guard: str | None = None
    pause: float = 0.0005


class _Notes:
    """What has to outlive the child: acknowledgements, what was synced, what was torn."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def say(self, *words: object) -> None:
        os.write(self._descriptor, (" ".join(map(str, words)) + "\n").encode())


class _Listener:
    def __init__(self) -> None:
        self.problem: Exception | None = None

    def synced(self, seconds: float) -> None: ...

    def sealed(self, path: Path) -> None: ...

    def full(self, problem: Exception) -> None:
        pass

    def failed(self, problem: Exception) -> None:
        self.problem = problem


def live(life: Life) -> None:
    """The child: appends until it is done or dead."""
    take_away(life.guard)
    notes = _Notes(life.notes)
    _note_syncs(notes)
    asyncio.run(_live(life, notes))


def _note_syncs(notes: _Notes) -> None:
    real = os.fdatasync

    def fdatasync(descriptor: int) -> None:
        seen = os.fstat(descriptor)
        real(descriptor)
        notes.say("synced", seen.st_ino, seen.st_size)

    os.fdatasync = fdatasync


async def _live(life: Life, notes: _Notes) -> None:
    spec = torture_spec(Path(life.root), codec=life.codec, sync=life.sync)
    chance = random.Random(life.number)
    now_ns = life.start_ns
    os.getpriority(os.PRIO_PROCESS, 0)  # the mark from which the strace harness counts
    writer = JsonlWriter(spec, now_ns)
    listener = _Listener()
    syncer = Syncer(writer, spec.storage, listener)
    for _, size in writer.recover().torn:
        notes.say("torn", size)
    envelope = Envelope("kraken")
    acknowledged = done = 0
    batch = 0
    while not life.batches or batch < life.batches:
        batch += 1
        count = chance.choice((1, 1, 2, 5, 20))
        frames = [frame_of_number(life.number * LIFE + done + n) for n in range(count)]
        writer.append(envelope.lines(frames, now_ns), count, envelope.stamp(now_ns).decode() + "Z", now_ns)
        done += count
        notes.say("given", done, time.monotonic_ns(), now_ns)
        syncer.appended()
        now_ns += _STEP_NS * (1 if chance.random() < 0.98 else 200)
        await asyncio.sleep(life.pause * chance.random())
        if writer.durable_records > acknowledged:
            acknowledged = writer.durable_records
            notes.say("ack", acknowledged)
        assert listener.problem is None, listener.problem
    await syncer.close()
    assert listener.problem is None, listener.problem
    notes.say("ack", writer.durable_records)


@dataclass
class Numbers:
    """What a campaign counts. `window` is (mode, end) -> records given and gone, milliseconds of them."""

    kills: int = 0
    given: int = 0
    acknowledged: int = 0
    lost: int = 0
    excused: int = 0
    torn: int = 0
    sealed: int = 0
    flaws: list[str] = field(default_factory=list)
    windows: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def add(self, other: Numbers) -> None:
        for name in ("kills", "given", "acknowledged", "lost", "excused", "torn", "sealed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.flaws += other.flaws
        for name, windows in other.windows.items():
            self.windows.setdefault(name, []).extend(windows)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Chain:
    """Several lives over one folder, and what became of their records."""

    def __init__(self, folder: Path, codec: str, sync: str, guard: str | None = None) -> None:
        self.folder = folder
        self.root = folder / "data"
        self.codec, self.sync, self.guard = codec, sync, guard
        self.lives: list[Life] = []
        self.cut_power: set[int] = set()
        self.died: dict[int, int] = {}
        self.now_ns = START_NS
        folder.mkdir(parents=True, exist_ok=True)

    def life(self, batches: int = 0, **changes: Any) -> Life:
        number = len(self.lives) + 1
        notes = self.folder / f"notes-{number}"
        given = [int(rest[2]) for one in self.lives[-1:] for word, *rest in _notes(one) if word == "given"]
        self.now_ns = max([self.now_ns, *given]) + _STEP_NS
        life = Life(
            str(self.root), str(notes), number, self.codec, self.sync, self.now_ns, batches, self.guard, **changes
        )
        self.lives.append(life)
        return life

    def kill_one(self, seconds: float, *, power: bool, chance: random.Random) -> int:
        """A life that ends after so many seconds. How often it was killed: 1, or 0 where it ended before."""
        life = self.life()
        code = killed_after(forked(lambda: live(life)), seconds)
        self.died[life.number] = time.monotonic_ns()
        if power:
            self.power_cut(life, chance)
        if self.guard == "no-repair":
            self._tear()
        return int(code == -9)

    def _tear(self) -> None:
        """Half a line at the end of what was being written, as a kill within a write leaves it now and then."""
        for path in self.root.glob("*/*.jsonl"):
            if len(path.name.split(".")) == 2:  # neither sealed nor gap records
                with path.open("ab") as file:
                    file.write(b'{"ts":"2026-')

    def power_cut(self, life: Life, chance: random.Random) -> None:
        """Every file loses what was not synced, but for a random part."""
        self.cut_power.add(life.number)
        synced: dict[int, int] = {}
        for one in self.lives:
            for word, *rest in _notes(one):
                if word == "synced":
                    synced[int(rest[0])] = int(rest[1])
        for path in self.root.glob("*/*"):
            seen = path.stat()
            safe = synced.get(seen.st_ino, 0) if ".jsonl" in path.name else seen.st_size
            if safe < seen.st_size:
                os.truncate(path, chance.choice((safe, chance.randint(safe, seen.st_size - 1))))

    def verify(self) -> Numbers:
        """A last life that ends well, and then everything is read back."""
        last = self.life(batches=5)
        code = ended(forked(lambda: live(last)))
        numbers = Numbers()
        if code:
            numbers.flaws.append(f"the last life ended with {code}")
        found = read_back(self.root)
        numbers.flaws += found.flaws
        numbers.sealed = found.sealed
        there: dict[int, list[bytes]] = {}
        order = []
        for frame in found.frames:
            number = json.loads(frame)["n"]
            there.setdefault(number // LIFE, []).append(frame)
            order.append(number)
        if order != sorted(set(order)):
            numbers.flaws.append(f"{self.root}: records are out of order or there twice")
        for life in self.lives:
            self._judge(life, there.get(life.number, []), numbers)
        return numbers

    def _judge(self, life: Life, there: list[bytes], numbers: Numbers) -> None:
        acknowledged = given = 0
        times: list[tuple[int, int]] = []
        for word, *rest in _notes(life):
            if word == "ack":
                acknowledged = int(rest[0])
            elif word == "given":
                given = int(rest[0])
                times.append((given, int(rest[1])))
            elif word == "torn":
                numbers.torn += 1
        first = life.number * LIFE
        whole = there == [frame_of_number(first + n) for n in range(len(there))]
        if not whole:
            numbers.flaws.append(f"{self.root}: life {life.number} has a hole in it")
        numbers.given += given
        numbers.acknowledged += acknowledged
        kept = set(there)
        missing = sum(frame_of_number(first + n) not in kept for n in range(acknowledged))
        power = any(number >= life.number for number in self.cut_power)
        if power and self.sync == "none":
            numbers.excused += missing
        else:
            numbers.lost += missing
        if whole and life.number in self.died and power == (life.number in self.cut_power):
            gone = [at for number, at in times if number > len(there)]
            window = (self.died[life.number] - gone[0]) / 1e6 if gone else 0.0
            name = f"{self.codec} {self.sync} {'power' if power else 'kill'}"
            numbers.windows.setdefault(name, []).append((max(0, given - len(there)), window))


def _notes(life: Life) -> list[list[str]]:
    path = Path(life.notes)
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [line.split() for line in lines]


def random_kills(
    folder: Path, kills: int, codec: str, sync: str, *, seed: int = 1, guard: str | None = None, longest: float = 0.12
) -> Numbers:
    """So many kills at random instants, in chains of ten; in every second chain the power goes with most of them."""
    chance = random.Random(f"{seed}/{codec}/{sync}")
    numbers = Numbers()
    chain_number = 0
    while numbers.kills < kills:
        chain_number += 1
        chain = Chain(folder / f"{codec}-{sync}-{seed}-{chain_number}", codec, sync, guard)
        for _ in range(min(10, kills - numbers.kills)):
            numbers.kills += chain.kill_one(
                chance.uniform(0.004, longest), power=chain_number % 2 == 0 and chance.random() < 0.7, chance=chance
            )
        numbers.add(chain.verify())
        if not numbers.flaws and not numbers.lost:
            shutil.rmtree(chain.folder)
    return numbers


CALLS = ("write", "fdatasync", "fsync", "rename", "openat", "ftruncate")


def _traced(life: Life, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-S", "-B", __file__, json.dumps(asdict(life))]
    packages = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": packages}
    return subprocess.run(["strace", "-f", "-qq", *options, *command], capture_output=True, env=environment)


def calls_of(folder: Path, codec: str, sync: str, batches: int) -> dict[str, range]:
    """The numbers, in each thread, that each system call of an undisturbed life has after its start."""
    chain = Chain(folder / f"count-{codec}-{sync}", codec, sync)
    log = folder / "count.log"
    done = _traced(
        chain.life(batches), "-o", str(log), "-e", f"trace=getpriority,{','.join(CALLS)}", "-e", "signal=none"
    )
    assert done.returncode == 0, done.stderr.decode()
    seen: Counter[tuple[str, str]] = Counter()
    before: Counter[str] = Counter()
    most: Counter[str] = Counter()
    marked = False
    for line in log.read_text().splitlines():
        thread, _, rest = line.partition(" ")
        name = rest.strip().partition("(")[0]
        if name == "getpriority":
            marked = True
        elif name in CALLS:
            seen[thread, name] += 1
            if not marked:
                before[name] = seen[thread, name]
            most[name] = max(most[name], seen[thread, name])
    # A call of recovery counts too where it is not Python's own start: only openat is made by that.
    return {name: range(before[name] + 1 if name == "openat" else 1, most[name] + 1) for name in CALLS}


def call_kills(
    folder: Path, codec: str, sync: str, *, kills: int, batches: int = 12, guard: str | None = None
) -> Numbers:
    """A kill at every one of the calls in turn, at most so many of them, spread evenly."""
    points = [(name, number) for name, numbers in calls_of(folder, codec, sync, batches).items() for number in numbers]
    chosen = points if len(points) <= kills else [points[n * len(points) // kills] for n in range(kills)]
    numbers = Numbers()
    while chosen:
        part, chosen = chosen[:10], chosen[10:]
        chain = Chain(folder / f"calls-{codec}-{sync}-{len(chosen)}", codec, sync, guard)
        for name, number in part:
            life = chain.life(batches)
            inject = f"inject={name}:signal=KILL:when={number}"
            done = _traced(life, "-o", "/dev/null", "-e", f"trace={name}", "-e", inject)
            numbers.kills += done.returncode in (-9, 137)
            if done.returncode not in (-9, 137, 0):
                numbers.flaws.append(f"{name} {number}: ended with {done.returncode}: {done.stderr.decode()[-500:]}")
        numbers.add(chain.verify())
    return numbers


if __name__ == "__main__":
    live(Life(**json.loads(sys.argv[1])))
