"""The overlay of one environment for kustomize: {file: text}, over the bases and components of peers/kustomize.

Kustomize has no templates. What it can derive is left to it (namespace, prefix of names, labels and selectors, names of
what is referred to, a hash of the spec, the image's version, the environment's name inside of expressions); the rest is
written out as patches, and the collector's spec as a file. Names are not those of the other peers: `NAME-collector`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["overlay"]

Spec = dict[str, Any]

ALERTS = (
    "ConnectorNoData",
    "ConnectorDown",
    "ConnectorHighLag",
    "ConnectorErrors",
    "CircuitBreakerOpen",
    "DeadLetters",
    "KeyExpiringSoon",
    "KeyExpired",
)
"""As base/prometheusrule.yaml has them, in that order: a patch names a rule by its place."""
LAG = 'max by (namespace, environment, shard) (ssmd_lag_seconds{namespace="-",environment="-"}) > '
"""The one expression whose threshold the trees set."""


def overlay(environment: Spec, feed: Spec) -> dict[str, str]:
    shards = environment.get("shards", {"only": {}})
    files = {"kustomization.yaml": _yaml(_top(environment, feed, sorted(shards)))}
    for key, shard in shards.items():
        files[f"shards/{key}/kustomization.yaml"] = _yaml(_shard(environment, key, shard))
        files[f"shards/{key}/spec.json"] = json.dumps(_spec(environment, feed, key, shard), indent=2) + "\n"
    return files


def _yaml(document: Spec) -> str:
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False)


def _top(environment: Spec, feed: Spec, shards: list[str]) -> Spec:
    name, nats = environment["name"], environment["middleware"]["transport"]["type"] == "nats"
    labels = {
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "bench",
        "app.kubernetes.io/name": "collector",
        "app.kubernetes.io/part-of": "market-data",
    }
    monitor = {"path": "spec/selector/matchLabels", "kind": "PodMonitor", "create": True}
    resources = ["../../base", *(f"shards/{key}" for key in shards)]
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": environment["namespace"],
        "namePrefix": f"{name}-",
        "labels": [
            {"pairs": {"app.kubernetes.io/instance": name}, "includeSelectors": True, "fields": [monitor]},
            {"pairs": labels, "includeTemplates": True},
        ],
        "images": [{"name": "registry.example/collector", "newTag": feed["defaults"]["connector"]["version"]}],
        "resources": [*resources, *(["../../archiver"] if "archiver" in environment else [])],
        "components": ["../../nats"] if nats else [],
        "patches": [*_patches(environment, feed, shards[0])],
        "replacements": _replacements(),
    }


def _patches(environment: Spec, feed: Spec, first: str) -> Iterator[Spec]:
    schedule = environment["schedule"]
    for verb in ("start", "end"):
        hour, minute = map(int, schedule[f"day_{verb}"].split(":"))
        yield _patch(
            {"kind": "CronJob", "name": f"day-{verb}"},
            {
                "/spec/schedule": f"{minute} {hour} * * *",
                "/spec/suspend": not schedule["auto_roll"],
                "/spec/timeZone": schedule["timezone"],
                "/spec/jobTemplate/spec/template/spec/containers/0/args/2": environment["name"],
            },
        )
    yield _rules(environment)
    if environment["middleware"]["transport"]["type"] == "nats":
        yield from _nats(environment, feed)
    if "archiver" in environment:
        container = _container("archiver", environment, environment["archiver"]["resources"])
        spec = {"name": "spec", "configMap": {"name": f"spec-{first}"}}
        yield _strategic("archiver", {"containers": [container], "volumes": [spec]})


def _patch(target: Spec, values: Spec) -> Spec:
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    return {"target": target, "patch": json.dumps(operations)}


def _rules(environment: Spec) -> Spec:
    """Feed, thresholds and the like of each alert; then what is disabled goes, from the end."""
    said, rules = environment.get("alerts", {}), "/spec/groups/0/rules"
    values = {"/spec/groups/0/name": environment["name"]}
    for place, alert in enumerate(ALERTS):
        values[f"{rules}/{place}/labels/feed"] = environment["feed"]
        own = said.get(alert, {})
        if "threshold" in own:
            values[f"{rules}/{place}/expr"] = f"{LAG}{own['threshold']}"
        if "for" in own:
            values[f"{rules}/{place}/for"] = own["for"]
        if "severity" in own:
            values[f"{rules}/{place}/labels/severity"] = own["severity"]
    patch = _patch({"kind": "PrometheusRule"}, values)
    disabled = [place for place, alert in enumerate(ALERTS) if not said.get(alert, {}).get("enabled", True)]
    removals = [{"op": "remove", "path": f"{rules}/{place}"} for place in reversed(disabled)]
    return {**patch, "patch": json.dumps([*json.loads(patch["patch"]), *removals])}


def _prefix(environment: Spec) -> str:
    prefix: str = environment["middleware"]["transport"].get("subject_prefix", f"md.{environment['name']}")
    return prefix


def _nats(environment: Spec, feed: Spec) -> Iterator[Spec]:
    stream, prefix = environment["middleware"]["transport"]["stream"], _prefix(environment)
    subjects = [f"{prefix}.{feed['name']}.{kind}" for kind in sorted(feed["message_types"])]
    yield _patch({"kind": "Stream"}, {"/spec/name": stream, "/spec/subjects": subjects})
    consumer = {
        "/spec/streamName": stream,
        "/spec/durableName": f"{environment['name']}-archiver",
        "/spec/filterSubject": f"{prefix}.>",
    }
    yield _patch({"kind": "Consumer"}, consumer)


def _strategic(name: str, pod: Spec) -> Spec:
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"template": {"spec": pod}},
    }
    return {"patch": _yaml(patch)}


def _variables(environment: Spec) -> Iterator[tuple[str, str, str, Spec]]:
    """Key, field, variable, and where a container gets it from."""
    for name, key in sorted(environment["keys"].items()):
        kind, _, where = key["source"].partition(":")
        named = where.split(",") if kind == "env" else [f"SSMD_{name}_{field}".upper() for field in key["fields"]]
        secret = where if kind == "sealed-secret" else f"{environment['name']}-{name}"
        for field, variable in zip(key["fields"], named, strict=True):
            reference = {"name": secret, "key": field, "optional": not key.get("required", True)}
            yield name, field, variable, {"secretKeyRef": reference}


def _container(name: str, environment: Spec, resources: Spec) -> Spec:
    variables = [{"name": variable, "valueFrom": source} for _, _, variable, source in _variables(environment)]
    return {"name": name, "resources": resources, "env": variables}


def _replacements() -> list[Spec]:
    """The environment's name inside of expressions and summaries."""
    account, rule = {"kind": "ServiceAccount", "name": "collector"}, {"kind": "PrometheusRule"}
    label, rules = "metadata.labels.[app.kubernetes.io/instance]", "spec.groups.0.rules.*"

    def into(field: str, **options: Any) -> Spec:
        return {"select": rule, "fieldPaths": [f"{rules}.{field}"], "options": options}

    expression = {"delimiter": '"'}
    instance = [
        into("expr", **expression, index=3),
        into("labels.environment"),
        into("annotations.summary", delimiter=" ", index=0),
    ]
    return [
        {
            "source": {**account, "fieldPath": "metadata.namespace"},
            "targets": [into("expr", **expression, index=1)],
        },
        {"source": {**account, "fieldPath": label}, "targets": instance},
    ]


def _shard(environment: Spec, key: str, shard: Spec) -> Spec:
    own, resources = shard.get("resources", {}), environment["connector"]["resources"]
    merged = {part: {**resources.get(part, {}), **own.get(part, {})} for part in ("requests", "limits")}
    local = environment["middleware"]["storage"]["type"] == "local"
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "nameSuffix": f"-{key}",
        "labels": [{"pairs": {"shard": key}, "includeSelectors": True}],
        "resources": ["../../../../shard"],
        "components": ["../../../../local"] if local else [],
        "configMapGenerator": [{"name": "spec", "files": ["spec.json"]}],
        "patches": [_strategic("collector", {"containers": [_container("collector", environment, merged)]})],
    }


def _spec(environment: Spec, feed: Spec, key: str, shard: Spec) -> Spec:
    """What one collector executes; the same as that of the other peers, but for the shard's name."""
    version, selector, connector = feed["versions"][-1], shard.get("selector"), environment["connector"]
    symbols = environment["symbols"]
    if selector:
        chosen = selector.get("symbols")
        symbols = chosen or [symbol for symbol in symbols if symbol.startswith(selector["prefix"])]
    keys: Spec = {
        name: {"type": one["type"], "rotation_days": one["rotation_days"], "fields": {}}
        for name, one in environment["keys"].items()
    }
    for name, field, variable, _ in _variables(environment):
        keys[name]["fields"][field] = {"env": variable}
    prefix, limits = _prefix(environment), ("max_symbols_per_connection", "rate_limit_per_second")
    return {
        "apiVersion": "bench.collector/v1",
        "environment": environment["name"],
        "shard": f"{environment['name']}-collector-{key}",
        "feed": {
            **{field: feed[field] for field in ("name", "display_name", "type")},
            **{field: version[field] for field in ("version", "endpoint", "protocol")},
        },
        "auth": {"method": version["auth_method"], "keys": keys},
        "subscriptions": {"instruments": symbols, "limits": {limit: version[limit] for limit in limits}},
        "message_types": feed["message_types"],
        "subjects": {kind: f"{prefix}.{feed['name']}.{kind}" for kind in feed["message_types"]},
        **{field: environment[field] for field in ("schemas", "schedule", "middleware")},
        **{field: connector[field] for field in ("retry", "liveness", "on_disconnect")},
        "circuit_breaker": {"failure_threshold": 5, "success_threshold": 2, "timeout_seconds": 30},
        "buffer": {"max_bytes": 67108864},
        "provenance": {"compiler": "bench", "source": f"environments/{environment['name']}"},
        "http": {"port": 8080},
    }
