"""What the API server refuses and JSON Schemas do not know: names, labels, quantities, mounts, limits below requests.

`faults` holds a tree's documents against those rules. A workspace is compiled, or refused with a diagnostic: what
compiles has no fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from captures import MINIMAL, WORKSPACES, changed, compiled

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1123
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1035
DNS_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")
SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
IMAGE = re.compile(r"[a-z0-9]+([._:/-]+[a-zA-Z0-9_]+)*(@sha256:[0-9a-f]{64})?")

UNITS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def faults(outputs: dict[str, bytes]) -> list[str]:
    """Everything that an API server would refuse in a tree's documents, or that replaces another of them."""
    found: list[str] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for path, content in outputs.items():
        if not path.endswith(".yaml"):
            continue
        for document in yaml.safe_load_all(content):
            if document["kind"] == "Kustomization":
                twice = [name for name, count in Counter(document["resources"]).items() if count > 1]
                found += [f"{path}: lists {name} twice" for name in twice]
                continue
            metadata = document["metadata"]
            seen[document["kind"], metadata.get("namespace", ""), metadata["name"]] += 1
            found += [f"{path}: {fault}" for fault in _document_faults(document)]
    return found + [f"{count} documents are the {' '.join(key)}" for key, count in seen.items() if count > 1]


def _document_faults(document: dict[str, Any]) -> Iterator[str]:
    name, kind = document["metadata"]["name"], document["kind"]
    form = {"Service": SERVICE_NAME, "ConfigMap": DNS_SUBDOMAIN}.get(kind, DNS_LABEL)
    if not form.fullmatch(name):
        yield f"{kind} name {name}"
    if kind == "CronJob" and len(name) > 52:
        yield f"CronJob name {name}"
    for labels in _all(document, "labels", "matchLabels"):
        yield from (f"label {key}: {value}" for key, value in labels.items() if not LABEL_VALUE.fullmatch(value))
    for resources in _all(document, "resources"):
        yield from _resource_faults(resources)
    for size in _all(document, "sizeLimit"):
        if not QUANTITY.fullmatch(size):
            yield f"quantity {size}"
    for pod in _all(document, "spec"):
        if "containers" in pod:
            yield from _pod_faults(pod)


def _resource_faults(resources: Any) -> Iterator[str]:
    if not isinstance(resources, dict):
        return
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for quantity in (*requests.values(), *limits.values()):
        if not (isinstance(quantity, str) and QUANTITY.fullmatch(quantity)):
            yield f"quantity {quantity}"
            return
    yield from (
        f"{name} request {requests[name]} above its limit {limits[name]}"
        for name in requests.keys() & limits.keys()
        if _amount(requests[name]) > _amount(limits[name])
    )


def _amount(quantity: str) -> float:
    unit = quantity.lstrip("0123456789.")
    return float(quantity.removesuffix(unit)) * UNITS.get(unit, 1)


def _pod_faults(pod: dict[str, Any]) -> Iterator[str]:
    volumes = [volume["name"] for volume in pod.get("volumes", ())]
    yield from (f"volume name {name}" for name in volumes if not DNS_LABEL.fullmatch(name))
    yield from (f"two volumes {name}" for name, count in Counter(volumes).items() if count > 1)
    for container in (*pod["containers"], *pod.get("initContainers", ())):
        if not IMAGE.fullmatch(container["image"]):
            yield f"image {container['image']}"
        mounts = [mount["mountPath"] for mount in container.get("volumeMounts", ())]
        yield from (f"two mounts at {path}" for path, count in Counter(mounts).items() if count > 1)
        yield from (f"mount path {path}" for path in mounts if ":" in path or not path.startswith("/") or path == "/")
        yield from (
            f"{inner} is mounted inside of {outer}"
            for outer in mounts
            for inner in mounts
            if inner.startswith(f"{outer}/")
        )
        yield from _variable_faults(container.get("env", ()))


def _variable_faults(variables: list[dict[str, Any]]) -> Iterator[str]:
    names = Counter(variable["name"] for variable in variables)
    yield from (f"variable {name} twice" for name, count in names.items() if count > 1)
    yield from (f"variable name {name}" for name in names if not VARIABLE.fullmatch(name))
    for variable in variables:
        key = variable["valueFrom"]["secretKeyRef"]["key"]
        if not SECRET_KEY.fullmatch(key):
            yield f"secret key {key}"


def _all(node: Any, *names: str) -> Iterator[Any]:
    """Every value that stands under one of `names`, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in names:
                yield value
            yield from _all(value, *names)
    elif isinstance(node, list):
        for value in node:
            yield from _all(value, *names)


def environment(name: str, **fields: Any) -> dict[str, bytes]:
    """The minimal workspace with a second environment, which asks for little."""
    key = {"type": "api_key", "fields": ["a"], "source": "env"}
    memory = {"transport": {"type": "memory"}, "storage": {"type": "memory"}}
    document = {"name": name, "feed": "kalshi", "keys": {"kalshi": key}, "middleware": memory, **fields}
    return WORKSPACES["minimal"] | {f"environments/{name}.yaml": yaml.safe_dump(document).encode()}


def key(**fields: Any) -> dict[str, Any]:
    return {"keys": {"kalshi": fields}}


def cached(name: str, **fields: Any) -> dict[str, Any]:
    """A key that the collector needs besides the exchange's."""
    cache = {"type": "redis", "url": "redis://redis.example:6379", "credentials": f"$key:{name}"}
    return {"keys": {name: {"type": "database", **fields}}, "middleware": {"cache": cache}}


def storage(**fields: Any) -> dict[str, Any]:
    return {"middleware": {"storage": fields}}


def limits(requests: dict[str, str], limits_: dict[str, str]) -> dict[str, Any]:
    return {"connector": {"resources": {"requests": requests, "limits": limits_}}}


NATS = {"middleware": {"transport": {"type": "nats", "url": "nats://nats.example:4222"}}}
SYMBOL = {"selector": {"symbols": ["INXD-25-B4000"]}}
DAY = {"schedule": {"day_start": "00:10", "day_end": "00:00"}}

# What a person may write in good faith. Refused with a diagnostic or compiled to documents that are accepted: both are right.
WRITTEN: dict[str, dict[str, bytes]] = {
    **WORKSPACES,
    "a shard named as a component": changed({**NATS, "archiver": {}, "shards": {"archiver": SYMBOL}}),
    "a shard named as the gateway": changed({**NATS, "gateway": {}, "shards": {"gateway": SYMBOL}}),
    "an environment named as another's day": environment("dev-day")
    | {MINIMAL: changed({**DAY, **storage(path="/data")})[MINIMAL]},
    "an environment that starts with a digit": environment("0dev"),
    "the longest key name": changed(cached("k" * 63, fields=["a"], source="sealed-secret/a")),
    "a field with a space": changed(key(fields=["api key"], source="env")),
    "a field with a slash": changed(key(fields=["a/b"], source="sealed-secret/a")),
    "a field of another alphabet": changed(key(fields=["ключ"], source="env")),
    "two fields of one variable": changed(key(fields=["api-key", "api_key"], source="env")),
    "two keys of one variable": changed(cached("other", fields=["a"], source="env:KALSHI_API_KEY")),
    "two keys whose variables meet": changed(
        cached("kalshi-api", fields=["key"], source="env"), base=changed(key(fields=["api_key"], source="env"))
    ),
    "a field twice": changed(key(fields=["api_key", "api_key"], source="env")),
    "a version that ends in a dash": changed({"connector": {"version": "1.0-"}}),
    "a version that ends in a dot": changed({"connector": {"version": "1."}}),
    "an image with a space": changed({"connector": {"image": "registry.example/a b"}}),
    "an image in capitals": changed({"connector": {"image": "Registry/SSMD"}}),
    "files in /tmp": changed(storage(path="/tmp")),
    "files beside the spec": changed(storage(path="/etc/ssmd")),
    "files beside the keys": changed(storage(path="/etc/ssmd-keys/kalshi") | key(source="sealed-secret/a")),
    "files at the root": changed(storage(path="/")),
    "files at a relative path": changed(storage(path="data")),
    "files at a path with a colon": changed(storage(path="/data:ro")),
    "files at a path with a slash at its end": changed(storage(path="/tmp/")),
    "a size in bytes": changed(storage(size="1024B")),
    "a size in kilobytes": changed(storage(size="100KB")),
    "a size in kibibytes": changed(storage(size="64KiB")),
    "a memory in gigabytes": changed(limits({"memory": "1GB"}, {"memory": "2GB"})),
    "memory above its limit": changed(limits({"memory": "1GiB"}, {"memory": "512MiB"})),
    "CPU above its limit": changed(limits({"cpu": "2"}, {"cpu": "500m"})),
    "a memory limit below the default request": changed(limits({}, {"memory": "64Mi"})),
    "a CPU limit below the default request": changed(limits({}, {"cpu": "100m"})),
    "a memory request above the default limit": changed(limits({"memory": "8GiB"}, {})),
    "no CPU at all": changed(limits({"cpu": "0.0"}, {})),
    "a storage class of two words": changed(storage(storage_class="very fast")),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_what_compiles_is_accepted(what):
    result = compiled(WRITTEN[what])
    if not result.failed:
        assert faults(dict(result.outputs)) == []


@pytest.mark.parametrize("name", WORKSPACES)
def test_the_synthetic_workspaces_compile(name):
    assert not compiled(WORKSPACES[name]).diagnostics


@pytest.mark.parametrize("field", ["../../../etc/shadow", "..", ".", "a/../../b", "/etc/shadow", "a\\b"])
def test_a_field_of_a_key_is_no_way_out_of_its_folder(field):
    """Fields are names of files below the key's folder."""
    for source in ("file:/run/secrets/kalshi", "sealed-secret/kalshi"):
        assert compiled(changed(key(fields=[field], source=source))).failed


@pytest.mark.parametrize("path", ["../data", "/data/../../etc", "/var/lib/../../etc"])
def test_a_path_of_files_is_no_way_up(path):
    assert codes(changed(storage(path=path))) == {"SSMD604"}
    assert codes(changed(journal(path))) == {"SSMD604"}


@pytest.mark.parametrize("path", ["/var/log/journal", "/var/lib/ssmd/storage", "/var/lib/ssmd/storages/journal"])
def test_a_journal_stands_where_files_are_kept(path):
    """Nothing else in a container can be written."""
    assert codes(changed(journal(path))) == {"SSMD604"}


def journal(path: str) -> dict[str, Any]:
    return {"middleware": {"journal": {"type": "file", "path": path}}}


def codes(files: dict[str, bytes]) -> set[str]:
    return {found.code for found in compiled(files).diagnostics}


@pytest.mark.parametrize("path", ["../elsewhere", "/elsewhere", "file:///elsewhere", "nowhere"])
def test_a_folder_of_sources_that_is_not_read_is_told(path):
    settings = yaml.safe_dump({"paths": {"sources": [path]}}).encode()
    assert codes(WORKSPACES["minimal"] | {"ssmd.yaml": settings}) == {"SSMD017"}


DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"a": "b"}}}
CONTROLS = {
    "Deployment name A": {"metadata": {"name": "A"}},
    "label a: -": {"metadata": {"name": "a", "labels": {"a": "-"}}},
    "quantity 1KB": {"resources": {"requests": {"storage": "1KB"}}},
    "memory request 2Gi above its limit 1G": {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1G"}}},
    "volume name A": {"spec": {"containers": [], "volumes": [{"name": "A"}]}},
    "two mounts at /a": {
        "spec": {"containers": [{"image": "a", "volumeMounts": [{"mountPath": "/a"}, {"mountPath": "/a"}]}]}
    },
    "image a b": {"spec": {"containers": [{"image": "a b"}]}},
}


@pytest.mark.parametrize("fault", CONTROLS)
def test_control_the_rules_themselves_find_what_is_wrong(fault):
    assert list(_document_faults(DEPLOYMENT)) == []
    assert list(_document_faults(DEPLOYMENT | CONTROLS[fault])) == [fault]
