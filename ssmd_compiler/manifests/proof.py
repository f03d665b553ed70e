"""One document against the schema of its kind -> its problems, all at once and each told once.

A field that is misspelt is not also missing, and of several complaints about one value the first is told. Nothing is
quoted that looks like a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.nearest import did_you_mean, nearest
from ssmd_compiler.diagnostics.secrets import appearance, masked
from ssmd_compiler.manifests import schemas
from ssmd_compiler.manifests.flaws import FlawKind, Path, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import ValidationError

__all__ = ["NOT_OF_THE_CLUSTER", "kind_of", "problems", "valid"]

_TYPES: Final = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "`true` or `false`",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
_OPEN: Final = frozenset({"data", "stringData", "encryptedData"})
"""Where anybody may keep anything: nothing below it is quoted."""
_LONGEST: Final = 60


def kind_of(value: Any) -> str | None:
    """What a document says it is, as `apps/v1 Deployment`."""
    if not isinstance(value, dict):
        return None
    version, kind = value.get("apiVersion"), value.get("kind")
    return f"{version} {kind}" if isinstance(version, str) and isinstance(kind, str) and version and kind else None


def valid(value: Any) -> bool:
    """Whether a value that was read quickly is certainly a valid document of a kind that is known."""
    kind = kind_of(value)
    try:
        known = kind is not None and kind in schemas.kinds() and schemas.quick(kind).is_valid(value)
        return known and not any(_secrets(kind, value))
    except ValueError:  # a key that is no text
        return False


def problems(value: Any) -> Iterator[Problem]:
    """Everything that is wrong with a document, in the order of its values."""
    kind = kind_of(value)
    if kind is None:
        yield Problem(FlawKind.UNREADABLE, (), "has no `apiVersion` and `kind` to know it by")
    elif kind in schemas.kinds():
        yield from _schema_problems(kind, value)
        yield from _secrets(kind, value)
    elif kind not in NOT_OF_THE_CLUSTER:
        help_ = _unknown_help(kind)
        yield Problem(FlawKind.UNKNOWN_KIND, ("kind",), f"is `{printable(kind)}`, of which there is no schema", help_)


def _secrets(kind: str | None, value: Any) -> Iterator[Problem]:
    """What a Secret holds; one without values is filled by somebody in the cluster."""
    if kind == "v1 Secret":
        for field in ("data", "stringData"):
            if value.get(field):
                yield Problem(
                    FlawKind.PLAIN,
                    (field,),
                    "of a Secret would stand in Git",
                    "make a SealedSecret of it, or name a Secret that is in the cluster",
                    key=True,
                )


NOT_OF_THE_CLUSTER: Final = frozenset({"kustomize.config.k8s.io/v1beta1 Kustomization"})
"""What kustomize itself reads, strictly, and no API server gets to see."""


def _unknown_help(kind: str) -> str:
    version, _, name = kind.rpartition(" ")
    others = sorted(known.rpartition(" ")[0] for known in schemas.kinds() if known.rpartition(" ")[2] == name)
    if others:
        return f"`{name}` is of `{'`, `'.join(others)}`"
    siblings = [known.rpartition(" ")[2] for known in schemas.kinds() if known.startswith(f"{version} ")]
    return did_you_mean(name, siblings) or "nothing is known of such a document: prove it by other means"


def _schema_problems(kind: str, value: Any) -> Iterator[Problem]:
    errors = [(tuple(error.instance_path), error) for error in schemas.exact(kind).iter_errors(value)]
    errors.sort(key=lambda one: [str(step) for step in one[0]])
    strangers = [(path, name) for path, error in errors for name in _unexpected(error)]
    meant = {(*path, nearest(name, schemas.field_names(kind, path))) for path, name in strangers}
    told: set[Path] = set()
    for path, error in errors:
        if error.kind.name == "required":
            missing = error.kind.as_dict()["property"]
            if (*path, missing) not in meant:
                yield Problem(FlawKind.SCHEMA, path, f"lacks `{missing}`")
        elif error.kind.name != "additionalProperties" and path not in told:
            told.add(path)
            yield Problem(FlawKind.SCHEMA, path, f"is {_found(path, error.instance)}: it must be {_expected(error)}")
    for path, name in strangers:
        yield _stranger(kind, path, name)


def _unexpected(error: ValidationError) -> list[str]:
    return sorted(error.kind.as_dict()["unexpected"]) if error.kind.name == "additionalProperties" else []


def _stranger(kind: str, path: Path, name: str) -> Problem:
    known = schemas.field_names(kind, path)
    help_ = did_you_mean(name, known) or f"the fields here are {_listed(known)}"
    return Problem(FlawKind.SCHEMA, (*path, name), "is no field that Kubernetes knows", help_, key=True)


def _listed(names: Iterable[str], most: int = 8) -> str:
    known = sorted(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(f"`{name}`" for name in known[:most]) + more if known else "none"


def _found(path: Path, value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if not isinstance(value, str):
        return f"the number {int(value) if float(value).is_integer() else value}"
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if appearance(name, value) or masked(value) != value or not _OPEN.isdisjoint(path):
        return "a text"
    shown = printable(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
    return f'the text "{shown}"'


def _form(pattern: str) -> str:
    """What a pattern asks for: the two long ones that Kubernetes and Prometheus use again and again, in a word."""
    if pattern.startswith("^(?:(?:[A-Za-z0-9+/]"):
        return "base64"
    if pattern.endswith("(([0-9]+)ms)?)$"):
        return "a duration, as `1h30m`"
    return f"of the form `{pattern}`"


def _expected(error: ValidationError) -> str:  # noqa: C901 -- one branch a keyword of JSON Schema
    keyword, said = error.kind.name, error.kind.as_dict()
    match keyword:
        case "type" if error.instance is None:
            types = " or ".join(_TYPES.get(name, name) for name in said["types"])
            return f"{types}, or left out: Kubernetes drops what is null without a word"
        case "type":
            return " or ".join(_TYPES.get(name, name) for name in said["types"])
        case "enum":
            return f"one of {_listed((str(option) for option in said['options']), 24)}"
        case "pattern":
            return _form(said["pattern"])
        case "format":
            return {"date-time": "a time, as `2026-01-31T09:30:00Z`"}.get(said["format"], f"a {said['format']}")
        case "minimum" | "exclusiveMinimum":
            return f"at least {said['limit']}" if keyword == "minimum" else f"more than {said['limit']}"
        case "maximum" | "exclusiveMaximum":
            return f"at most {said['limit']}" if keyword == "maximum" else f"less than {said['limit']}"
        case "minLength" | "minItems" | "minProperties":
            return f"of at least {said['limit']}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"of at most {said['limit']}"
        case "uniqueItems":
            return "without anything twice"
    return f"as `{keyword}` in its schema says"
