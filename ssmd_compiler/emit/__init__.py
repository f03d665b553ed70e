"""Emit: one lowered environment -> every file generated for it. Pure: no file system, no clock."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ssmd_runtime import spec

from ssmd_compiler.emit import argocd, kubernetes, nats, prometheus
from ssmd_compiler.emit.output import Output
from ssmd_compiler.emit.templates import SUFFIX, TemplateFault, Templates, built_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

__all__ = ["Output", "TemplateFault", "Templates", "argocd", "built_in", "emit", "replaces", "template_of"]


def emit(lowered: Lowered, templates: Templates) -> Iterator[Output]:
    """Every generated file of one environment. Raises `TemplateFault`."""
    name = lowered.names.environment
    specs = {file: spec.encode(content) for file, content in lowered.specs.items()}
    for file, content in specs.items():
        yield Output(f"{name}/{file}", content, name)
    for file, configuration in nats.configurations(lowered):
        yield Output(f"{name}/{file}", configuration, name)
    files: list[str] = []
    for documents in (nats.documents, partial(kubernetes.documents, specs), prometheus.documents):
        for file, document in documents(lowered, templates):
            files.append(file)
            yield Output(f"{name}/{file}", document, name)
    yield Output(f"{name}/kustomization.yaml", templates.render("kustomization", {"files": files}), name)
    repository = lowered.linked.shared.settings.repository
    if repository is not None:
        yield argocd.application(lowered, repository, templates)


def replaces(path: str) -> bool:
    """Whether a file of `templates/` replaces a built-in one; one that starts with `_` is for others to include."""
    name = path.rpartition("/")[2]
    return name in built_in() or name.startswith("_")


def template_of(path: str) -> str:
    """The template that an output of one environment is made with."""
    folder, _, file = path.partition("/")
    if folder == "argocd":
        return {"_project.yaml": "appproject", "kustomization.yaml": "kustomization"}.get(file, "application") + SUFFIX
    stem = file.removesuffix(".yaml")
    for name in ("deployment", "pvc", "service", "poddisruptionbudget"):
        if stem == name or stem.startswith(f"{name}-"):
            return name + SUFFIX
    return (
        f"cronjob-day{SUFFIX}"
        if stem.startswith("cronjob-day-")
        else (stem.replace("serviceaccount-day", "serviceaccount")) + SUFFIX
    )
