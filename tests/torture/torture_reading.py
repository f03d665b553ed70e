"""Reads a capture back with nothing of the code that wrote it: the files of a folder in order, their manifests, the gaps."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

_SEALED = re.compile(r"(?P<stem>[\w-]+)\.(?P<number>\d{4,})\.jsonl(\.zst)?")


@dataclass
class Found:
    """`records` are (time, frame) in order; `flaws` whatever is wrong with the files."""

    records: list[tuple[str, bytes]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    sealed: int = 0

    @property
    def frames(self) -> list[bytes]:
        return [frame for _, frame in self.records]


def read_back(root: Path, stem: str = "kraken", *, ended: bool = True) -> Found:
    """Everything below `root`; `ended`: the last run closed its files, so nothing may be torn or unfinished."""
    found = Found()
    days = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for day in days:
        _read_day(day, stem, found, ended=ended)
    last: dict[str, dict[str, Any]] = {}
    for gap in found.gaps:
        last[gap["id"]] = gap
    found.gaps = list(last.values())
    return found


def _read_day(day: Path, stem: str, found: Found, *, ended: bool) -> None:
    names = {path.name for path in day.iterdir()}
    sealed = sorted(
        (int(match["number"]), name) for name in names if (match := _SEALED.fullmatch(name)) and match["stem"] == stem
    )
    if [number for number, _ in sealed] != list(range(1, len(sealed) + 1)):
        found.flaws.append(f"{day.name}: sealed files are numbered {[number for number, _ in sealed]}")
    for _, name in sealed:
        found.sealed += 1
        records = _records(day / name, found, ended=True)
        manifest = name.replace(".zst", "").replace(".jsonl", ".manifest.json")
        if manifest in names:
            _compare(day / name, day / manifest, records, found)
        elif ended:
            found.flaws.append(f"{day.name}/{name} has no manifest")
    for name in (f"{stem}.jsonl", f"{stem}.jsonl.zst"):
        if name in names:
            _records(day / name, found, ended=ended)
    gaps = f"{stem}.gaps.jsonl"
    if gaps in names:
        found.gaps += [json.loads(line) for line in _lines((day / gaps).read_bytes(), gaps, found, ended=ended)]
    if ended:
        found.flaws += [f"{day.name}/{name} was left" for name in names if name.endswith(".tmp")]


def _compare(path: Path, manifest: Path, records: list[tuple[str, bytes]], found: Found) -> None:
    said = json.loads(manifest.read_bytes())
    content = path.read_bytes()
    real = {
        "file": path.name,
        "day": path.parent.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "records": len(records),
        "first_ts": records[0][0] if records else None,
        "last_ts": records[-1][0] if records else None,
    }
    wrong = {name: (said.get(name), value) for name, value in real.items() if said.get(name) != value}
    if wrong:
        found.flaws.append(f"{manifest}: {wrong}")


def _records(path: Path, found: Found, *, ended: bool) -> list[tuple[str, bytes]]:
    content = path.read_bytes()
    if path.suffix == ".zst" and content:
        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True)
        try:
            content = reader.read()
        except zstandard.ZstdError as problem:
            found.flaws.append(f"{path}: {problem}")
            return []
    records = []
    for line in _lines(content, str(path), found, ended=ended):
        try:
            said = json.loads(line)
            head, _, rest = line.partition(b',"data":')
            frame = rest[:-1] if "flag" not in said else _flagged(said)
            assert json.loads(head + b"}")["feed"] == said["feed"]
        except (ValueError, KeyError):
            found.flaws.append(f"{path}: no record: {line[:80]!r}")
            continue
        records.append((said["ts"], frame))
    found.records += records
    return records


def _flagged(said: dict[str, Any]) -> bytes:
    return base64.b64decode(said["data"]) if said["flag"] in {"utf8", "binary"} else said["data"].encode()


def _lines(content: bytes, name: str, found: Found, *, ended: bool) -> list[bytes]:
    *lines, rest = content.split(b"\n")
    if rest and ended:
        found.flaws.append(f"{name}: torn at its end")
    return lines
