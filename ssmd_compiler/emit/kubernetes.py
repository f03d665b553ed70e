"""One environment -> the Kubernetes documents that run it: what it needs, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.lower import Workload
from ssmd_compiler.names import COLLECTOR, HTTP_PORT, SPEC_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.emit.templates import Templates
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.model.environment import Schedule

__all__ = ["documents"]

KUBECTL_IMAGE: Final = "registry.k8s.io/kubectl:v1.34.1"
USER: Final = 65532
# Flat: in the sandbox each attribute costs as much as a printed value.
_WORKLOAD_FIELDS: Final = tuple(name for name in Workload.__struct_fields__ if name != "name")


def documents(specs: Mapping[str, bytes], lowered: Lowered, templates: Templates) -> Iterator[tuple[str, bytes]]:
    """File name and bytes of each document, in the order in which they are to be applied; `specs` by file name."""
    names = lowered.names
    common = {"namespace": names.namespace, "labels": names.labels(), "user": USER, "http_port": HTTP_PORT}
    yield "serviceaccount.yaml", templates.render("serviceaccount", {**common, "name": names.service_account})
    yield "configmap.yaml", templates.render("configmap", {**common, **_configmap(lowered, specs)})
    for workload in lowered.workloads:
        if workload.volume.claim:
            yield f"pvc{_suffix(workload)}.yaml", templates.render("pvc", {**common, **_claim(lowered, workload)})
    yield "networkpolicy.yaml", templates.render("networkpolicy", {**common, **_network(lowered)})
    for component in dict.fromkeys(workload.component for workload in lowered.workloads):
        values = {**common, **_selecting(lowered, component)}
        suffix = "" if component == COLLECTOR else f"-{component}"
        yield f"service{suffix}.yaml", templates.render("service", values)
        yield f"poddisruptionbudget{suffix}.yaml", templates.render("poddisruptionbudget", values)
    for workload in lowered.workloads:
        yield (
            f"deployment{_suffix(workload)}.yaml",
            templates.render("deployment", {**common, **_deployment(lowered, workload)}),
        )
    if lowered.linked.environment.schedule is not None:
        yield from _day(lowered, lowered.linked.environment.schedule, templates, common)


def _suffix(workload: Workload) -> str:
    """What tells one workload's files from another's; the unsharded collector needs nothing."""
    parts = [workload.component] if workload.component != COLLECTOR else []
    return "".join(f"-{part}" for part in [*parts, *([workload.shard] if workload.shard else [])])


def _configmap(lowered: Lowered, specs: Mapping[str, bytes]) -> dict[str, Any]:
    return {"name": lowered.names.configmap, "files": {name: content.decode() for name, content in specs.items()}}


def _claim(lowered: Lowered, workload: Workload) -> dict[str, Any]:
    labels = lowered.names.labels(workload.component, workload.shard)
    return {"name": workload.volume.claim, "labels": labels, "volume": workload.volume}


def _network(lowered: Lowered) -> dict[str, Any]:
    return {
        "name": lowered.names.environment,
        "selector": lowered.names.selector(),
        "components": sorted({workload.component for workload in lowered.workloads}),
        "egress_ports": lowered.egress_ports,
    }


def _selecting(lowered: Lowered, component: str) -> dict[str, Any]:
    names = lowered.names
    return {
        "name": names.workload(component),
        "labels": names.labels(component),
        "selector": names.selector(component),
    }


def _deployment(lowered: Lowered, workload: Workload) -> dict[str, Any]:
    names = lowered.names
    return {
        "name": workload.name,
        "labels": names.labels(workload.component, workload.shard, workload.version),
        "selector": names.selector(workload.component, workload.shard),
        "service_account": names.service_account,
        "configmap": names.configmap,
        "spec_folder": SPEC_FOLDER,
        **{field: getattr(workload, field) for field in _WORKLOAD_FIELDS},
        "recreate": workload.component == COLLECTOR or workload.volume.claim is not None,
    }


def _day(
    lowered: Lowered, schedule: Schedule, templates: Templates, common: dict[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Two CronJobs that scale the collectors up at day start and down at day end, and just the right to do so."""
    names = lowered.names
    collectors = [workload for workload in lowered.workloads if workload.component == COLLECTOR]
    values = {
        **common,
        "name": names.day_account,
        "labels": names.labels("day"),
        "deployments": [workload.name for workload in collectors],
        "image": KUBECTL_IMAGE,
        "timezone": schedule.timezone,
        "suspend": not schedule.auto_roll,
        "selector": names.selector("day"),
    }
    for kind in ("serviceaccount", "role", "rolebinding", "networkpolicy"):
        template = kind if kind == "serviceaccount" else f"{kind}-day"
        yield f"{kind}-day.yaml", templates.render(template, values)
    for moment, time, running in (("start", schedule.day_start, True), ("end", schedule.day_end, False)):
        cron = {
            **values,
            "name": names.cronjob(moment),
            "schedule": _cron(time),
            "commands": _scale(collectors, running),
        }
        yield f"cronjob-day-{moment}.yaml", templates.render("cronjob-day", cron)


def _cron(time: str) -> str:
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)} * * *"


def _scale(collectors: list[Workload], running: bool) -> list[tuple[str, ...]]:  # noqa: FBT001 -- which of the two moments
    """The arguments of one `kubectl scale` for each number of replicas."""
    groups: dict[int, list[str]] = {}
    for workload in collectors:
        groups.setdefault(workload.replicas if running else 0, []).append(f"deployment/{workload.name}")
    return [("scale", f"--replicas={replicas}", *targets) for replicas, targets in groups.items()]
