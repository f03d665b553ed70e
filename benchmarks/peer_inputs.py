"""The same environments for each peer, in its own idiom: what its users would have written instead of ssmd's YAML.

The templates stand in peers/<name>/ and are written by hand. Here the parameters are put beside them: every feed and
every environment, with the fields and values of the tree, as reclass classes and targets, as Jsonnet, as KCL, as values
of a chart, as variables of make-argocd-fly, or as overlays of kustomize (peer_kustomize.py).
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from peer_kustomize import overlay

__all__ = ["PEERS", "write_inputs"]

PEERS = Path(__file__).resolve().parent / "peers"
Spec = dict[str, Any]


def write_inputs(peer: str, tree: Path, directory: Path) -> None:
    """Fill `directory` with everything that `peer` needs to produce the manifests of the workspace at `tree`."""
    if (PEERS / peer).is_dir():
        shutil.copytree(PEERS / peer, directory)
    feeds = [_spec(path) for path in sorted((tree / "exchanges/feeds").iterdir())]
    environments = [_spec(path) for path in sorted((tree / "environments").iterdir()) if path.is_file()]
    _WRITERS[peer](directory, feeds, environments)


def _spec(path: Path) -> Spec:
    """A document's fields as JSON knows them, with its name among them."""
    document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    spec: Spec = json.loads(json.dumps(document["spec"], default=str))
    return {"name": document["metadata"]["name"], **spec}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _kapitan(directory: Path, feeds: list[Spec], environments: list[Spec]) -> None:
    """A class for each feed, a target for each environment."""
    inventory = directory / "inventory"
    for feed in feeds:
        _write(inventory / f"classes/feeds/{feed['name']}.yml", _yaml({"parameters": {"feed": feed}}))
    for environment in environments:
        target = {"classes": _classes(environment), "parameters": {"environment": environment}}
        _write(inventory / f"targets/{environment['name']}.yml", _yaml(target))


def _classes(environment: Spec) -> list[str]:
    """`capture`, the feed, and a class for each thing that only some environments need."""
    middleware = environment["middleware"]
    wanted = {
        "nats": middleware["transport"]["type"] == "nats",
        "local": middleware["storage"]["type"] == "local",
        "archiver": "archiver" in environment,
    }
    return ["capture", f"feeds.{environment['feed']}", *(name for name, needed in wanted.items() if needed)]


def _yaml(document: Spec) -> str:
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False)


def _rjsonnet(directory: Path, feeds: list[Spec], environments: list[Spec]) -> None:
    """A library for each feed, a program for each environment; JSON is Jsonnet already."""
    for feed in feeds:
        _write(directory / f"feeds/{feed['name']}.libsonnet", _json(feed))
    for environment in environments:
        call = f"(import 'capture.libsonnet')({_json(environment)}, import 'feeds/{environment['feed']}.libsonnet')\n"
        _write(directory / f"environments/{environment['name']}.jsonnet", call)


def _json(document: Spec) -> str:
    return json.dumps(document, indent=2) + "\n"


def _kcl(directory: Path, feeds: list[Spec], environments: list[Spec]) -> None:
    """A package file for each feed and each environment; JSON is KCL but for its booleans."""
    for feed in feeds:
        _write(directory / f"feeds/{_module(feed['name'])}.k", f"feed = {_kcl_literal(feed)}\n")
    for environment in environments:
        feed_module = _module(environment["feed"])
        call = f"files = capture.files({_kcl_literal(environment)}, {feed_module}.feed)\n"
        _write(
            directory / f"environments/{_module(environment['name'])}.k",
            f"import capture\nimport feeds.{feed_module}\n\n{call}",
        )


def _module(name: str) -> str:
    return name.replace("-", "_")


def _kcl_literal(value: Any, indent: int = 0) -> str:
    margin = " " * (indent + 4)
    match value:
        case bool():
            return str(value)
        case dict():
            items = "".join(
                f"{margin}{json.dumps(key)}: {_kcl_literal(one, indent + 4)}\n" for key, one in value.items()
            )
            return f"{{\n{items}{' ' * indent}}}"
        case list():
            items = "".join(f"{margin}{_kcl_literal(one, indent + 4)}\n" for one in value)
            return f"[\n{items}{' ' * indent}]"
        case _:
            # KCL interpolates `${...}` in a string; no value of a tree holds one.
            return json.dumps(value)


def _helm(directory: Path, feeds: list[Spec], environments: list[Spec]) -> None:
    """A file of values for each feed and each environment."""
    for feed in feeds:
        _write(directory / f"feeds/{feed['name']}.yaml", _yaml({"feed": feed}))
    for environment in environments:
        _write(directory / f"environments/{environment['name']}.yaml", _yaml({"environment": environment}))


def _make_argocd_fly(directory: Path, feeds: list[Spec], environments: list[Spec]) -> None:
    """An environment an environment, and an application for each of kapitan's classes; the templates are kapitan's."""
    source = PEERS / "kapitan/templates"
    for path in sorted(source.rglob("*.*")):
        if path.name == "kustomization.yaml":  # would have it call kustomize
            continue
        folder, name = path.parent.name, path.name
        if name == "spec.json":  # no manifest, so an application of its own type
            folder = "spec"
        target = directory / "source" / folder / (name if folder == "shared" else f"{name}.j2")
        _write(target, _without_trimming(path.read_text(encoding="utf-8")))
    by_name = {feed["name"]: feed for feed in feeds}
    for environment in environments:
        applications: Spec = {"all": {}, "spec": {"params": {"app_type": "generic"}}}
        applications |= {name: {} for name in _classes(environment)[2:]}
        variables = {"environment": environment, "feed": by_name[environment["feed"]]}
        config = {"envs": {environment["name"]: {"vars": variables, "apps": applications}}}
        _write(directory / f"config/{environment['name']}.yml", _yaml(config))


def _without_trimming(template: str) -> str:
    """Kapitan's Jinja2 drops the line end after a block and the margin before one; here neither is there to drop."""
    template = re.sub(r"(?m)^[ \t]+(?=\{[%#])", "", template)
    template = re.sub(r"(?<=[%#]\})\n", "", template)
    template = template.replace("templates/shared/", "../shared/").replace("inventory.parameters.", "")
    return template.replace("| sha256", "| hash('sha256')")


def _kustomize(directory: Path, feeds: list[Spec], environments: list[Spec]) -> None:
    """An overlay for each environment."""
    by_name = {feed["name"]: feed for feed in feeds}
    for environment in environments:
        for name, text in overlay(environment, by_name[environment["feed"]]).items():
            _write(directory / f"overlays/{environment['name']}/{name}", text)


_WRITERS = {
    "kapitan": _kapitan,
    "rjsonnet": _rjsonnet,
    "kcl-lib": _kcl,
    "helm": _helm,
    "make-argocd-fly": _make_argocd_fly,
    "kustomize": _kustomize,
}
