"""Write docs/diagnostics from the checks' docstrings, and the rules in docs/schemas.md: `make docs`.

Tests prove that they are current.
"""

from __future__ import annotations

from pathlib import Path

from ssmd_compiler.checks import modules
from ssmd_compiler.checks.pages import page
from ssmd_compiler.compat import RULES
from ssmd_compiler.compat.page import BEGIN, END, section

FOLDER = Path(__file__).parent / "diagnostics"
SCHEMAS = Path(__file__).parent / "schemas.md"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    lines = ["# Diagnostics", "", "`ssmd explain CODE` prints each of these pages.", ""]
    for module in modules():
        found = page(module)
        (FOLDER / f"{found.code}.md").write_text(found.markdown(), encoding="utf-8")
        lines.append(f"- [{found.code}]({found.code}.md): {found.title}")
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    before, _, rest = SCHEMAS.read_text(encoding="utf-8").partition(BEGIN)
    SCHEMAS.write_text(before + BEGIN + section(RULES) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
