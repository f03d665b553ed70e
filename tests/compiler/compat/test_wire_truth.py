"""What is called wire compatible is held against the real libraries: bytes of the old version, read with the new one.

Every member that both versions have reads back as it was written. The versions are made and changed at random; the
bytes are written and read by pycapnp and protobuf, in a process of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from versions import CapnpVersions, ProtobufVersions

from ssmd_compiler.compat import compare
from ssmd_compiler.definitions import Definition, parse

if TYPE_CHECKING:
    from ssmd_compiler.definitions import Format

READING = Path(__file__).with_name("reading.py")
AUTHORS = {"capnp": CapnpVersions, "protobuf": ProtobufVersions}


def losses(format_name: Format, pairs: list[tuple[str, str, str]]) -> list[Any]:
    """What the format's own library loses of each pair: old text, new text, records."""
    request = json.dumps([[*pair, index] for index, pair in enumerate(pairs)])
    command = [sys.executable, str(READING), format_name]
    ran = subprocess.run(command, input=request.encode(), stdout=subprocess.PIPE, check=True)
    found: list[Any] = json.loads(ran.stdout)
    return found


def versions(format_name: Format, texts: list[str]) -> list[Any]:
    return list(parse([Definition(f"{n}", format_name, text.encode()) for n, text in enumerate(texts)]))


def check(format_name: Format, seeds: list[int]) -> tuple[int, int]:
    """How many pairs were compared, and how many of them were called compatible; those must lose nothing."""
    pairs = [AUTHORS[format_name](Random(seed)).pair() for seed in seeds]
    parsed = versions(format_name, [text for pair in pairs for text in pair])
    sound = [n for n in range(len(pairs)) if not parsed[2 * n].flaws and not parsed[2 * n + 1].flaws]
    told = {n: compare(parsed[2 * n], parsed[2 * n + 1]) for n in sound}
    compatible = [n for n in sound if not any(one.wire for one in told[n])]
    for n, lost in zip(compatible, losses(format_name, [(*pairs[n], "Record") for n in compatible]), strict=True):
        # What was retired in the way that the format asks for is gone, and known to be.
        retired = {f"{one.subject} (gone)" for one in told[n] if one.rule.name == "field-retired"}
        nameless = any(one.rule.name == "enumerant-retired" for one in told[n])
        unknown = [one for one in lost if one not in retired and not (nameless and one.endswith(" (name)"))]
        assert not unknown, "\n".join((str(seeds[n]), *pairs[n], str(lost)))
    return len(sound), len(compatible)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 40))
@pytest.mark.parametrize("format_name", AUTHORS)
def test_what_is_called_compatible_reads_back(format_name: Format, seed: int) -> None:
    compared, compatible = check(format_name, [seed + n for n in range(25)])
    assert 0 < compatible < compared
