"""Keys: where the runtime finds each field, and which Secrets a workload must be given for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_runtime.spec import FieldSource, KeySpec

from ssmd_compiler.keys import KeySource, parse_source
from ssmd_compiler.lower.lowered import SecretMount, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.lower.facts import Facts
    from ssmd_compiler.model.environment import Key
    from ssmd_compiler.names import Names

__all__ = ["mounts", "name_of", "specs", "used_by", "variables"]


def specs(keys: Mapping[str, Key], names: Names) -> dict[str, KeySpec]:
    """Every key of an environment, its source read."""
    return {name: _spec(name, key, names) for name, key in keys.items()}


def _spec(name: str, key: Key, names: Names) -> KeySpec:
    source = parse_source(key.source) or KeySource("sealed-secret")
    in_cluster = source.scheme in ("sealed-secret", "env")
    return KeySpec(
        name=name,
        type=key.type,
        required=key.required,
        fields={field: _field(name, index, field, source, names) for index, field in enumerate(key.fields)},
        secret=names.secret(name, source.location) if in_cluster else None,
        rotation_days=key.rotation_days,
    )


def _field(key: str, index: int, field: str, source: KeySource, names: Names) -> FieldSource:
    match source.scheme:
        case "env":
            said = source.variables
            return FieldSource(env=said[index] if index < len(said) else names.variable(key, field))
        case "vault":
            return FieldSource(vault=f"{source.location}#{field}")
        case "file":
            return FieldSource(file=f"{source.location}/{field}")
        case _:
            return FieldSource(file=f"{names.key_folder(key)}/{field}")


def name_of(reference: str | None) -> str | None:
    """`kalshi` of `$key:kalshi`, and of `$key:kalshi.api_key`."""
    return reference.removeprefix("$key:").partition(".")[0] if reference else None


def used_by(component: str, facts: Facts) -> set[str]:
    """The keys that a component needs, and no other: an archiver never sees the exchange's."""
    middleware = facts.middleware
    said = [getattr(facts.component(component), "credentials", None), middleware.transport.credentials]
    said += [layer.credentials for layer in (middleware.cache, middleware.journal) if layer is not None]
    # Where there is an archiver it takes files to the store; otherwise the connector does.
    if component == "archiver" or (component == "connector" and facts.environment.archiver is None):
        said.append(middleware.storage.credentials)
    used = {name for name in map(name_of, said) if name is not None}
    if component == "connector" and facts.version.auth_method != "none" and facts.linked.auth_key is not None:
        used.add(facts.linked.auth_key)
    return used & facts.keys.keys()


def mounts(component: str, facts: Facts) -> Iterator[SecretMount]:
    """The Secrets that a component reads as files."""
    for name in sorted(used_by(component, facts)):
        spec, source = facts.keys[name], parse_source(facts.environment.keys[name].source)
        if spec.secret and source is not None and source.scheme == "sealed-secret":
            folder = facts.names.key_folder(name)
            yield SecretMount(facts.names.key_volume(name), spec.secret, folder, optional=not spec.required)


def variables(component: str, facts: Facts) -> Iterator[Variable]:
    """The fields that a component reads as environment variables: in a cluster they come from the key's Secret."""
    for name in sorted(used_by(component, facts)):
        spec = facts.keys[name]
        for field, source in spec.fields.items():
            if source.env and spec.secret:
                yield Variable(source.env, spec.secret, field, optional=not spec.required)
