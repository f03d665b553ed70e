"""The peers that come from the package index, each set in a virtual environment of its own beside this file."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["HERE", "TOOLS", "WORK", "built", "install", "pinned"]

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
TOOLS = HERE.parent / ".tools"
"""What `make tools` builds."""


def install(name: str, directory: Path = WORK) -> Path:
    """The virtual environment of requirements-NAME.txt, made anew when that file is another."""
    requirements, made = HERE / f"requirements-{name}.txt", directory / name
    stamp, mark = hashlib.sha256(requirements.read_bytes()).hexdigest(), made / "requirements.sha256"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != stamp:
        print(f"installing the peers of {requirements.name}", file=sys.stderr)
        venv.create(made, clear=True, with_pip=True)
        pip = [str(made / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(requirements)], check=True)
        mark.write_text(stamp, encoding="utf-8")
    return made


def pinned(name: str, package: str) -> str:
    """The version of `package` in requirements-NAME.txt."""
    text = (HERE / f"requirements-{name}.txt").read_text(encoding="utf-8")
    return _version(rf"(?mi)^{re.escape(package).replace('_', '[-_]')}==(\S+)$", text)


def built(name: str, module: str) -> str:
    """The version of `module` that tools/NAME pins."""
    return _version(rf"{re.escape(module)} v(\S+)", (HERE.parent / f"tools/{name}/go.mod").read_text(encoding="utf-8"))


def _version(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""
