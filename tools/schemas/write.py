"""Write the JSON Schemas of Kubernetes documents: one file a kind for kubeconform, one file in all for ssmd itself.

The OpenAPI document of Kubernetes and the custom resource definitions that ssmd writes documents for are read out of
the Go modules that go.mod pins (shipped there as data, verified against go.sum); NACK's kinds out of nack.yaml beside
this file.

`write.py DIRECTORY` writes DIRECTORY/vX.Y.Z-standalone-strict/KIND-GROUP-VERSION.json: where kubeconform looks when it
is given `-strict -kubernetes-version X.Y.Z -schema-location DIRECTORY`. Each file stands alone. `write.py --package
FILE` writes what travels in ssmd's wheel: every definition once, one a line, so that a new version can be reviewed.

The schemas refuse any property that is not declared, null, which the server would drop without a word, numbers that do
not fit their type, and bytes that are not base64. They cannot see what the server checks by code: CEL rules,
immutability, names that must match.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

KUBERNETES = "k8s.io/kubernetes"
OPENAPI = "api/openapi-spec/swagger.json"
CUSTOM_RESOURCES = {
    "github.com/argoproj/argo-cd/v3": (
        "manifests/crds/application-crd.yaml",
        "manifests/crds/appproject-crd.yaml",
    ),
    "github.com/bitnami-labs/sealed-secrets": ("helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml",),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
}

NACK = Path(__file__).with_name("nack.yaml")

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"

# What decides whether a document is valid. Descriptions, defaults and merge strategies do not.
ASSERTIONS = frozenset(
    {
        *("$ref", "enum", "format", "pattern", "required", "type", "allOf", "anyOf", "oneOf", "not"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    }
)

# Formats that JSON Schema does not know, in words that it does.
FORMATS: dict[str, Schema] = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**63), "maximum": 2**63 - 1},
    "double": {},
    "byte": {
        "pattern": r"^(?:(?:[A-Za-z0-9+/][\r\n]*){4})*"
        r"(?:(?:[A-Za-z0-9+/][\r\n]*){2}(?:=[\r\n]*){2}|(?:[A-Za-z0-9+/][\r\n]*){3}=[\r\n]*)?$"
    },
}


@dataclass(frozen=True)
class Kind:
    """A kind of document, and the schema that its definition gives."""

    group: str
    version: str
    name: str
    schema: Schema

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def file_name(self) -> str:
        """As kubeconform spells it: a group goes by its first label."""
        parts = (self.name, self.group.partition(".")[0], self.version)
        return "-".join(part.lower() for part in parts if part) + ".json"


def strict(schema: Schema) -> Schema:
    """The same schema in JSON Schema's words, refusing properties that it does not declare.

    Only the structure is closed (`properties`, `items`, `additionalProperties`). What stands under `anyOf` and
    its like adds conditions to the structure, declares nothing, and is taken as it is.
    """
    closed = {key: value for key, value in schema.items() if key in ASSERTIONS}
    if "properties" in schema:
        closed["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        closed["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            closed[key] = strict(schema[key])
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        closed.pop("format", None)
        closed.pop("anyOf", None)  # the same once more
        closed["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in closed:
        closed["type"] = [closed["type"], "null"]
    if closed.get("format") in FORMATS:
        closed = FORMATS[closed.pop("format")] | closed
    if "pattern" in closed:
        closed["pattern"] = re.sub(r"^\^\(\?i\)(.*)\$$", r"^(?i:\1)$", closed["pattern"])  # Go's spelling is only Go's
    return closed


def core_kinds(definitions: dict[str, Schema]) -> Iterator[Kind]:
    """What the API server serves itself. Documents of many groups (DeleteOptions) are no manifests."""
    for definition in definitions.values():
        match definition.get("x-kubernetes-group-version-kind"):
            case [{"group": group, "version": version, "kind": name}]:
                yield Kind(group, version, name, strict(definition))


def custom_kinds(definition: Schema) -> Iterator[Kind]:
    """Each served version of one custom resource definition, its metadata as strict as any object's."""
    spec = definition["spec"]
    for version in spec["versions"]:
        if version["served"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"$ref": f"#/definitions/{OBJECT_META}"}
            yield Kind(spec["group"], version["name"], spec["names"]["kind"], schema)


def nack_kinds(document: Schema) -> Iterator[Kind]:
    """The kinds of nack.yaml."""
    for name, fields in document["kinds"].items():
        schema = strict({"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}})
        schema["properties"] |= {"metadata": {"$ref": f"#/definitions/{OBJECT_META}"}, "status": {"type": "object"}}
        yield Kind(document["group"], document["version"], name, schema)


def standalone(kind: Kind, definitions: dict[str, Schema]) -> Schema:
    """The schema of one kind with every definition that it reaches, and no other."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **identified(kind),
        "definitions": {name: definitions[name] for name in sorted(_reached(kind.schema, definitions))},
    }


def identified(kind: Kind) -> Schema:
    """The schema of one kind, which asks for its own apiVersion and kind."""
    root = kind.schema
    identity = {"apiVersion": {"enum": [kind.api_version]}, "kind": {"enum": [kind.name]}}
    required = sorted({*root.get("required", ()), *identity})
    return {**root, "properties": root["properties"] | identity, "required": required}


@dataclass(frozen=True)
class Collection:
    """Every kind, the definitions that they share, and the version of each module that they were read from."""

    kinds: list[Kind]
    definitions: dict[str, Schema]
    versions: dict[str, str]


def collect() -> Collection:
    modules = _download((KUBERNETES, *CUSTOM_RESOURCES))
    openapi = json.loads((modules[KUBERNETES][1] / OPENAPI).read_bytes())["definitions"]
    definitions = {name: strict(definition) for name, definition in openapi.items()}
    definitions[QUANTITY]["type"] = ["number", "string"]  # `cpu: 1` is as good as `cpu: "1"`
    kinds = [*core_kinds(openapi), *nack_kinds(yaml.safe_load(NACK.read_bytes()))]
    for module, paths in CUSTOM_RESOURCES.items():
        for path in paths:
            kinds += custom_kinds(yaml.safe_load((modules[module][1] / path).read_bytes()))
    return Collection(kinds, definitions, {module: version for module, (version, _) in modules.items()})


def write_directory(directory: Path, found: Collection) -> None:
    """One file for each kind."""
    target = directory / f"{found.versions[KUBERNETES]}-standalone-strict"
    target.mkdir(parents=True)
    for kind in found.kinds:
        (target / kind.file_name).write_text(json.dumps(standalone(kind, found.definitions)), encoding="utf-8")


def write_package(file: Path, found: Collection) -> None:
    """Everything in one file: where it comes from, the kinds by apiVersion and name, and what they refer to."""
    reached = set[str]().union(*(_reached(kind.schema, found.definitions) for kind in found.kinds))
    parts = {
        "origin": found.versions,
        "kinds": {f"{kind.api_version} {kind.name}": identified(kind) for kind in found.kinds},
        "definitions": {name: found.definitions[name] for name in reached},
    }
    text = ",\n".join(f"{json.dumps(name)}: {{\n{_lines(part)}\n}}" for name, part in parts.items())
    file.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def _lines(part: dict[str, Any]) -> str:
    spelled = (f"{json.dumps(name)}: {json.dumps(part[name], sort_keys=True)}" for name in sorted(part))
    return ",\n".join(spelled)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("directory", metavar="DIRECTORY", type=Path, nargs="?", help="one file for each kind")
    target.add_argument("--package", metavar="FILE", type=Path, help="everything in one file")
    options = parser.parse_args(arguments)
    if options.package:
        write_package(options.package, collect())
    else:
        write_directory(options.directory, collect())


def _download(modules: tuple[str, ...]) -> dict[str, tuple[str, Path]]:
    """Version and directory of each module. Go refuses one whose hash is not that of go.sum."""
    here = Path(__file__).parent
    result = subprocess.run(
        ["go", "mod", "download", "-json", *modules],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        sys.exit(result.stderr or result.stdout)
    return {module["Path"]: (module["Version"], Path(module["Dir"])) for module in _concatenated(result.stdout)}


def _concatenated(text: str) -> Iterator[dict[str, str]]:
    """The JSON values of a text that holds one after another."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:]


def _reached(root: Schema, definitions: dict[str, Schema]) -> set[str]:
    reached: set[str] = set()
    ahead = [root]
    while ahead:
        names = set(_references(ahead.pop())) - reached
        reached |= names
        ahead += [definitions[name] for name in names]
    return reached


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix("#/definitions/")
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


if __name__ == "__main__":
    main()
