"""SSMD017: ssmd.yaml names a folder of sources that is not there.

`paths.sources` lists further folders inside of the workspace that hold `feeds/`, `schemas/` or `environments/`.

FAIL ssmd.yaml (as is)
    paths: {sources: [../elsewhere]}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SettingsStage

CODE = "SSMD017"


def check(stage: SettingsStage) -> Iterator[Diagnostic]:
    for index, folder in enumerate(stage.settings.value.paths.sources):
        if folder in stage.lost_folders:
            at = stage.settings.span("paths", "sources", index)
            message = f"there is no folder `{folder}` with sources inside of the workspace"
            help_ = "name a folder that holds `feeds/`, `schemas/` or `environments/`"
            right = meant(folder, stage.folders_beside_lost, at)
            yield error(CODE, message, at=at, label=right.label, help=help_, fix=right.fix)
