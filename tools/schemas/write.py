"""Write one JSON Schema for each kind of Kubernetes document, for kubeconform and for jsonschema.

`write.py DIRECTORY` reads the OpenAPI document of Kubernetes and the custom resource definitions that ssmd
writes documents for out of the Go modules that go.mod pins (shipped there as data, verified against go.sum),
and writes DIRECTORY/vX.Y.Z-standalone-strict/KIND-GROUP-VERSION.json: where kubeconform looks when it is
given `-strict -kubernetes-version X.Y.Z -schema-location DIRECTORY`. Each file stands alone.

The schemas refuse any property that is not declared, and null, which the server would drop without a word.
They cannot see what the server checks by code: CEL rules, immutability, names that must match.
"""

import json
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
        closed["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in closed:
        closed["type"] = [closed["type"], "null"]
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


def standalone(kind: Kind, definitions: dict[str, Schema]) -> Schema:
    """The schema of one kind with every definition that it reaches, and no other."""
    root = kind.schema
    identity = {"apiVersion": {"enum": [kind.api_version]}, "kind": {"enum": [kind.name]}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **root,
        "properties": root["properties"] | identity,
        "required": sorted({*root.get("required", ()), *identity}),
        "definitions": {name: definitions[name] for name in sorted(_reached(root, definitions))},
    }


def main(directory: Path) -> None:
    modules = _download((KUBERNETES, *CUSTOM_RESOURCES))
    release, source = modules[KUBERNETES]
    openapi = json.loads((source / OPENAPI).read_bytes())["definitions"]
    definitions = {name: strict(definition) for name, definition in openapi.items()}
    definitions[QUANTITY]["type"] = ["number", "string"]  # `cpu: 1` is as good as `cpu: "1"`
    kinds = [*core_kinds(openapi)]
    for module, paths in CUSTOM_RESOURCES.items():
        for path in paths:
            kinds += custom_kinds(yaml.safe_load((modules[module][1] / path).read_bytes()))
    target = directory / f"{release}-standalone-strict"
    target.mkdir(parents=True)
    for kind in kinds:
        (target / kind.file_name).write_text(json.dumps(standalone(kind, definitions)), encoding="utf-8")


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
    main(Path(sys.argv[1]))
