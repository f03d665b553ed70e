"""What reading a source costs: our reader beside PyYAML's composers and ruamel.yaml, on the same environment file.

Prints documents a second of CPU, and the ratio to ours. ruamel.yaml is measured where it is installed. Ours also
refuses (bombs, depth, tags, duplicate keys, control characters) and keeps places; what the others do is in their rows.
"""

from __future__ import annotations

import importlib.util
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from yaml._yaml import CParser

from ssmd_compiler.source import read_document

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).parent.parent / "environments" / "kalshi-prod.yaml"


def events(content: bytes) -> None:
    parser = CParser(content)
    while parser.get_event() is not None:
        pass


def ruamel(content: bytes) -> None:
    from ruamel.yaml import YAML

    YAML().load(io.BytesIO(content))


def rate(read: Callable[[bytes], object], content: bytes, *, seconds: float = 1.0) -> float:
    """Documents a second of CPU, the best of three rounds."""
    best = 0.0
    for _ in range(3):
        count, start = 0, time.process_time()
        while time.process_time() - start < seconds / 3:
            read(content)
            count += 1
        best = max(best, count / (time.process_time() - start))
    return best


def main() -> None:
    content = SAMPLE.read_bytes()
    contestants: dict[str, Callable[[bytes], object]] = {
        "ssmd (one pass, places, limits)": lambda text: read_document("x.yaml", text),
        "libyaml events, thrown away (floor)": events,
        "PyYAML C composer (places)": lambda text: yaml.compose(text, Loader=yaml.CSafeLoader),
        "PyYAML C loader (no places)": lambda text: yaml.load(text, Loader=yaml.CSafeLoader),
        "PyYAML Python composer (places)": lambda text: yaml.compose(text, Loader=yaml.SafeLoader),
    }
    if importlib.util.find_spec("ruamel"):
        contestants["ruamel.yaml round trip (places)"] = ruamel
    ours = rate(contestants["ssmd (one pass, places, limits)"], content)
    print(f"{SAMPLE.name}: {len(content)} bytes, {len(content.splitlines())} lines")
    for name, read in contestants.items():
        speed = rate(read, content)
        print(f"{name:38} {speed:8.0f} documents/s  {speed / ours:6.2f} of ours")


if __name__ == "__main__":
    main()
