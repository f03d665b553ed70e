"""ssmd's check of manifests by itself: every YAML file below a folder, environment by environment, in one process.

    python prove.py DIRECTORY

Prints as JSON how many files there were, how many flaws, and the CPU seconds that the proving took by itself, with the
loading of validators and schemas. Exit code: 0, or 1 when there are flaws. Run by benchmarks/validation.py.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import groupby
from pathlib import Path

from ssmd_compiler.emit import Output
from ssmd_compiler.manifests import findings


def main(directory: Path) -> int:
    files = sorted(directory.rglob("*.yaml"))
    outputs = [Output(path.relative_to(directory).as_posix(), path.read_bytes()) for path in files]
    start = time.process_time()
    groups = groupby(outputs, key=lambda output: output.path.partition("/")[0])
    flaws = [flaw for _, group in groups for flaw in findings(group)]
    seconds = time.process_time() - start
    print(json.dumps({"files": len(outputs), "flaws": len(flaws), "seconds": seconds}))
    return int(bool(flaws))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
