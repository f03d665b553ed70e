"""Write docs/diagnostics from the checks' docstrings: `make docs`. A test proves that they are current."""

from __future__ import annotations

from pathlib import Path

from ssmd_compiler.checks import modules
from ssmd_compiler.checks.pages import page

FOLDER = Path(__file__).parent / "diagnostics"


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


if __name__ == "__main__":
    main()
