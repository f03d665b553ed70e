"""Templates: the built-in ones, which a workspace's own of the same name replace, in Jinja2's sandbox.

Configuration values are data and never templates. An undefined name is an error, and every printed value is serialized.
A template that fails, or whose output is not the YAML it should be, is `TemplateFault` with its file and line.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ssmd_compiler.emit.yaml_text import block_text, scalar, tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2.runtime import Context

__all__ = ["SUFFIX", "TemplateFault", "Templates", "built_in"]

SUFFIX = ".yaml.j2"
_PREFIX = "templates/"


class TemplateFault(Exception):  # noqa: N818 -- it becomes a diagnostic
    """A workspace's template that cannot be used: its path, line, and why."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.path, self.line, self.reason = path, line, reason


@cache
def built_in() -> dict[str, str]:
    """The templates that travel with ssmd, by file name."""
    packaged = Path(str(resources.files("ssmd_compiler"))) / "templates"
    folder = packaged if packaged.is_dir() else packaged.parent.parent / "templates"
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob(f"*{SUFFIX}"))}


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, without the operators and methods that make much out of little.

    It bounds what a template can reach; what one can consume is bounded for single expressions alone, because templates
    are the workspace's own code, reviewed like it.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if (operator == "%" and not isinstance(left, str)) or (operator in "+*" and not _repeats(left, right)):
            return super().call_binop(context, operator, left, right)
        raise SecurityError(f"`{operator}` is not for text, lists or powers here")

    def wrap_str_format(self, value: Any) -> None:
        """Jinja would hand out `str.format` before it asks whether it is safe."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in _GROWING:
            return False
        return super().is_safe_attribute(obj, attr, value)


def _repeats(left: Any, right: Any) -> bool:
    return not (isinstance(left, int | float) and isinstance(right, int | float))


_GROWING = frozenset(
    {"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill", "replace", "translate"}
)


class Templates:
    """Compiled templates of one workspace."""

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        self.own = {name: text for name, text in (own or {}).items() if built_in().get(name) != text}
        self._environment = _Sandbox(
            loader=jinja2.DictLoader({**built_in(), **self.own}),
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            finalize=scalar,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=-1,
        )
        self._environment.filters = {"tree": tree, "block_text": block_text, "length": len}
        self._environment.globals = {}
        self._compiled: dict[str, jinja2.Template] = {}

    def render(self, name: str, values: Mapping[str, Any]) -> bytes:
        """The text of `name`, as bytes. Raises `TemplateFault`."""
        file = name + SUFFIX
        try:
            text = self._template(file).render(values)
        except jinja2.TemplateSyntaxError as problem:
            raise TemplateFault(_PREFIX + (problem.name or file), problem.lineno, problem.message or "syntax") from None
        except Exception as problem:  # noqa: BLE001 -- a template is a person's code: whatever it raises is a finding
            raise TemplateFault(_PREFIX + file, _line_of(problem, file), _reason(problem)) from None
        return text.encode()

    def _template(self, file: str) -> jinja2.Template:
        if file not in self._compiled:
            self._compiled[file] = self._environment.get_template(file)
        return self._compiled[file]


def _line_of(problem: Exception, file: str) -> int:
    """The line of `file` at which rendering failed: Jinja rewrites tracebacks to template lines."""
    line, trace = 1, problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in (file, "<template>", "<unknown>"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return max(line, 1)


def _reason(problem: Exception) -> str:
    if isinstance(problem, jinja2.TemplateNotFound):
        return f"there is no template `{problem.name}`"
    return re.sub(r"\s+", " ", f"{problem}" or type(problem).__name__)
