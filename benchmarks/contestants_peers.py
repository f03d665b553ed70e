"""Peers that compile parameters to manifests: the nearest equivalent job, in each one's own idiom (peer_inputs.py)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from contestant import Case, Contestant, set_aside
from installed import TOOLS, built, pinned
from measure import ContestantError
from peer_inputs import write_inputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["PEERS"]

KUSTOMIZE = TOOLS / "bin/kustomize"


def _peer(
    name: str,
    output: str,
    does: str,
    command: Callable[[Case, Path], list[str]],
    version: str,
    *,
    requires: str | None = "peers",
    lacks: frozenset[str] = frozenset(),
    own_names: bool = False,
) -> Contestant:
    """`lacks`: kinds of documents that it does not write."""

    def setup(case: Case, directory: Path) -> None:
        if name == "kustomize" and not KUSTOMIZE.is_file():
            raise ContestantError("not built: run `tools/build kustomize`")
        write_inputs(name, case.tree, directory)

    return Contestant(
        name,
        does,
        setup=setup,
        command=command,
        before=set_aside(output),
        output=output,
        peer=True,
        version=version,
        without=", ".join(("checks of references, versions and keys", "durable writing", *sorted(lacks))),
        requires=requires,
        lacks=lacks,
        own_names=own_names,
    )


def _library(case: Case, directory: Path) -> list[str]:
    return [str(case.installed("peers") / "python"), str(directory / "run.py"), str(directory), str(directory / "out")]


def _kapitan(case: Case, _directory: Path) -> list[str]:
    return [str(case.installed("peers") / "kapitan"), "compile", "--quiet", "--inventory-backend", "reclass-rs"]


def _make_argocd_fly(case: Case, _directory: Path) -> list[str]:
    program = case.installed("make-argocd-fly") / "make-argocd-fly"
    return [str(program), "--skip-latest-version-check", "--loglevel", "ERROR"]


def _kustomize(_case: Case, _directory: Path) -> list[str]:
    """A process for each overlay, as Argo CD runs it, and as many at once as there are cores."""
    build = f"'{KUSTOMIZE}' build overlays/{{}} -o out/{{}}.yaml"
    return ["/bin/sh", "-c", f"mkdir out && ls overlays | xargs -P {os.cpu_count() or 1} -I{{}} {build}"]


PEERS = (
    _peer(
        "kapitan",
        "compiled",
        "a target an environment, Jinja2 templates, its own pool of processes, the reclass-rs inventory. It tells an "
        "undefined parameter; it knows no schema of them, no references between documents.",
        _kapitan,
        pinned("peers", "kapitan"),
    ),
    _peer(
        "make-argocd-fly",
        "output",
        "Jinja2 (kapitan's templates), one process. It tells an undefined variable; every run renders all anew and "
        "puts the new folder in the place of the old. A kustomization is its input: none is written.",
        _make_argocd_fly,
        pinned("make-argocd-fly", "make-argocd-fly"),
        requires="make-argocd-fly",
        lacks=frozenset({"Kustomization"}),
    ),
    _peer(
        "rjsonnet",
        "out",
        "a Jsonnet program an environment, a process a core. No checks but those of the language, positions in the "
        "program only.",
        _library,
        pinned("peers", "rjsonnet"),
    ),
    _peer(
        "kcl-lib",
        "out",
        "KCL, one program a core. Types of the language are checked, positions are those of the program; our program "
        "declares no schemas.",
        _library,
        pinned("peers", "kcl_lib"),
    ),
    _peer(
        "helm",
        "out",
        "a chart, by helm-python-sdk: Helm's own engine in a process a core, values an environment. No checks but "
        "those of the templates; our chart has no schema of its values.",
        _library,
        f"by helm-python-sdk {pinned('peers', 'helm-python-sdk')}",
    ),
    _peer(
        "kustomize",
        "out",
        "an overlay an environment over common bases, a process each, as many at once as cores. No templates: "
        "patches and each collector's spec stand in the overlay, written out; no Application, and no file of specs "
        "beside the ConfigMaps. Names are its own, so kinds and numbers are compared, not contents.",
        _kustomize,
        built("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
        requires=None,
        lacks=frozenset({"Application", "Kustomization", "specs in a file"}),
        own_names=True,
    ),
)
