"""Templates: the built-in ones, which a workspace's own of the same name replace, in Jinja2's sandbox.

Configuration values are data and never templates. An undefined name is an error, and every printed value is serialized.
A template that fails, or whose output is not the YAML it should be, is `TemplateFault` with its file and line.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import jinja2.meta
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ssmd_compiler import __version__
from ssmd_compiler.emit.yaml_text import block_text, scalar, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(_folder().glob(f"*{SUFFIX}"))}


def _folder() -> Path:
    packaged = Path(__file__).parent.parent / "templates"
    return packaged if packaged.is_dir() else packaged.parent.parent / "templates"


class _Bytecode(jinja2.FileSystemBytecodeCache):
    """Keeps what the built-in templates compile to beside them, as Python keeps that of its modules.

    Only of those: a workspace's own templates, and what an extension changes, are compiled each time.
    """

    def __init__(self) -> None:
        super().__init__(str(_folder() / "__pycache__"), f"%s-jinja-{jinja2.__version__}-ssmd-{__version__}")

    def get_bucket(self, environment: jinja2.Environment, name: str, filename: str | None, source: str) -> Bucket:  # noqa: ARG002 -- Jinja's signature
        key = f"{name}-sandboxed" if environment.sandboxed else name
        bucket = Bucket(environment, key, self.get_source_checksum(source))
        if _is_ours(environment, name, source):
            with suppress(OSError):
                self.load_bytecode(bucket)
        return bucket

    def set_bucket(self, bucket: Bucket) -> None:
        name = bucket.key.removesuffix("-sandboxed")
        checksum = self.get_source_checksum(built_in().get(name, ""))
        if bucket.checksum == checksum and not bucket.environment.extensions:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                self.dump_bytecode(bucket)


def _is_ours(environment: jinja2.Environment, name: str, source: str) -> bool:
    return not environment.extensions and built_in().get(name) == source


class _Context(Context):
    """A template's view of its values; looking through what is global, which is nothing, takes longer than printing."""

    def __init__(self, environment: Any, parent: Any, name: Any, blocks: Any, globals: Any = None) -> None:  # noqa: A002, ARG002 -- Jinja's signature
        super().__init__(environment, parent, name, blocks)


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
        # What is ours alone needs no sandbox, and each attribute costs less without one.
        kind = _Sandbox if self.own else jinja2.Environment
        self._environment = kind(
            loader=_named({**built_in(), **self.own}),
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            finalize=scalar,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=-1,
            bytecode_cache=_Bytecode(),
        )
        self._environment.filters = {"tree": tree, "block_text": block_text, "length": len}
        self._environment.globals = {}
        self._environment.context_class = _Context
        self._compiled: dict[str, jinja2.Template] = {}

    def render(self, name: str, values: Mapping[str, Any]) -> bytes:
        """The text of `name`, as bytes. Raises `TemplateFault`."""
        file = name + SUFFIX
        try:
            text = self._rendered(self._template(file), values)
        except jinja2.TemplateSyntaxError as problem:
            raise TemplateFault(_PREFIX + (problem.name or file), problem.lineno, problem.message or "syntax") from None
        except Exception as problem:  # noqa: BLE001 -- a template is a person's code: whatever it raises is a finding
            file, line = self._place_of(problem, file)
            raise TemplateFault(_PREFIX + file, line, _reason(problem)) from None
        return text.encode()

    def included(self, names: Iterable[str]) -> frozenset[str]:
        """`names`, and every own template that one of them includes, imports or extends, over any number of steps."""
        found, todo = set(names), list(names)
        while todo:
            parsed = self._environment.parse(self.own[todo.pop()])
            for name in jinja2.meta.find_referenced_templates(parsed):
                if name is None:  # an expression: it may be any of them
                    return frozenset(self.own)
                if name in self.own and name not in found:
                    found.add(name)
                    todo.append(name)
        return frozenset(found)

    def _rendered(self, template: jinja2.Template, values: Mapping[str, Any]) -> str:
        """As `template.render` does it, but without copying the values and what is global, which is nothing."""
        context = template.new_context(values, shared=True)  # type: ignore[arg-type]  # it is read alone
        try:
            return self._environment.concat(template.root_render_func(context))
        except Exception:  # noqa: BLE001 -- whatever it is: Jinja gives its traceback the template's lines
            self._environment.handle_exception()

    def _place_of(self, problem: Exception, file: str) -> tuple[str, int]:
        """The innermost of the workspace's own templates that failed, and its line: Jinja rewrites tracebacks to those.

        What fails in a built-in template that an own one includes is told where that one includes it.
        """
        place, trace = (file, 1), problem.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name in self.own or name == file:
                place = name, max(trace.tb_lineno, 1)
            trace = trace.tb_next
        return place

    def _template(self, file: str) -> jinja2.Template:
        if file not in self._compiled:
            self._compiled[file] = self._environment.get_template(file)
        return self._compiled[file]


def _named(texts: Mapping[str, str]) -> jinja2.BaseLoader:
    """A loader that gives each template a file's name, by which tracebacks tell one from another."""

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (texts[name], name, lambda: True) if name in texts else None

    return jinja2.FunctionLoader(load)


def _reason(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it includes, extends or calls itself without end"
    if isinstance(problem, jinja2.TemplateNotFound):
        return f"there is no template `{problem.name}`"
    return re.sub(r"\s+", " ", f"{problem}" or type(problem).__name__)
