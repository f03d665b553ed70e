"""The workspace -> an Argo CD Application for each environment, and one AppProject that limits what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.emit.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.emit.templates import Templates
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.model.settings import Repository

__all__ = ["PROJECT", "application", "project"]

PROJECT = "ssmd"


def application(lowered: Lowered, repository: Repository, templates: Templates) -> Output:
    """What makes Argo CD sync one environment's folder."""
    names = lowered.names
    schedule = lowered.linked.environment.schedule
    values = {
        "name": names.application,
        "labels": names.labels(),
        "project": PROJECT,
        "repository": repository.url,
        "revision": repository.revision,
        "path": f"{repository.path.rstrip('/')}/{names.environment}",
        "namespace": names.namespace,
        # The day's CronJobs own the number of replicas, so Argo CD must not put it back.
        "replicas_vary": schedule is not None,
    }
    return Output(f"argocd/{names.environment}.yaml", templates.render("application", values), names.environment)


def project(
    environments: Iterable[str], namespaces: Iterable[str], repository: Repository, templates: Templates
) -> Iterator[Output]:
    """The project and the list of what to apply; `_` keeps its name apart from every environment's."""
    values = {"name": PROJECT, "repository": repository.url, "namespaces": sorted(set(namespaces))}
    yield Output("argocd/_project.yaml", templates.render("appproject", values))
    files = ["_project.yaml", *(f"{name}.yaml" for name in sorted(environments))]
    yield Output("argocd/kustomization.yaml", templates.render("kustomization", {"files": files}))
