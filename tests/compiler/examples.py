"""The examples in the checks' docstrings, expanded into whole workspaces: an example that no longer holds fails."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

if TYPE_CHECKING:
    from ssmd_compiler.checks.pages import Step

BASE = Path(__file__).parent.parent / "scenarios" / "bases" / "minimal"


class _Plain(yaml.SafeDumper):
    """Writes every text plain where YAML allows it: ssmd's scalars are text until a field asks for more."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


def base_files() -> dict[str, bytes]:
    return {path.relative_to(BASE).as_posix(): path.read_bytes() for path in sorted(BASE.rglob("*")) if path.is_file()}


def apply(step: Step, root: Path) -> None:  # noqa: C901 -- one branch a way
    """Make one step's change to the workspace at `root`."""
    target = root / step.path
    target.parent.mkdir(parents=True, exist_ok=True)
    match step.way:
        case "as is":
            _replace(target, step.text.encode() + b"\n")
        case "bytes":
            _replace(target, codecs.escape_decode(step.text.encode())[0])
        case "link":
            target.unlink(missing_ok=True)
            target.symlink_to(step.text)
        case "directory":
            target.unlink(missing_ok=True)
            target.mkdir()
        case "absent":
            target.unlink()
        case "repeat":
            _replace(target, step.text.encode() * step.count)
        case "many":
            for number in range(step.count):
                (target / f"e{number}.yaml").touch()
        case "symbols":
            _merge(target, {"spec": {"symbols": [f"KX-{number:06}" for number in range(step.count)]}})
        case "":
            _merge(target, yaml.load(step.text, yaml.BaseLoader))
        case other:
            raise AssertionError(f"no step is meant as ({other})")


def _replace(target: Path, content: bytes) -> None:
    if target.is_symlink():
        target.unlink()
    target.write_bytes(content)


def _merge(target: Path, patch: dict[str, Any]) -> None:
    document = yaml.load(target.read_text(), yaml.BaseLoader)
    target.write_text(yaml.dump(_merged(document, patch), Dumper=_Plain, sort_keys=False, width=10_000))


def _merged(document: Any, patch: Any) -> Any:
    """RFC 7386: mappings merge, `null` removes, anything else replaces."""
    if not isinstance(patch, dict) or not isinstance(document, dict):
        return patch
    merged = dict(document)
    for key, value in patch.items():
        if value == "null":
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def write(files: dict[str, bytes], root: Path) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def is_root() -> bool:
    return os.geteuid() == 0


def failing_trees(folder: Path) -> dict[str, dict[str, bytes]]:
    """By code: the files of its page's example that fails, built in `folder`, so that everything that can be found is."""
    from ssmd_compiler.checks import modules
    from ssmd_compiler.checks.pages import page

    found = {}
    for module in modules():
        root = folder / module.CODE
        write(base_files(), root)
        steps = next(one for one in page(module).examples if one.verdict == "FAIL").steps
        if {step.way for step in steps} <= {"", "as is", "bytes"}:
            for step in steps:
                apply(step, root)
            files = (path for path in root.rglob("*") if path.is_file())
            found[module.CODE] = {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
    return found
