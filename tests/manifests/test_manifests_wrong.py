"""Right manifests have no flaw, wrong ones exactly those that are told; and kubeconform comes to the same verdict."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from real import kubeconform

from ssmd_compiler.emit import Output
from ssmd_compiler.manifests import Flaw, findings

HERE = Path(__file__).parent
RIGHT = {path.stem: path.read_text() for path in sorted((HERE / "right").glob("*.yaml"))}
TABLE = HERE / "wrong.yaml"
WRONG: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text())
MARK = "# right\n"


def flaws(text: str, path: str = "dev/manifest.yaml") -> list[Flaw]:
    return list(findings([Output(path, text.encode())]))


def told(text: str) -> list[str]:
    """The flaws of a file, a line each."""
    return [
        f"{flaw.at.line}:{flaw.at.column} {flaw.kind}: {flaw.where} {flaw.words}".replace(":  ", ": ")
        + (f" ({flaw.help})" if flaw.help else "")
        for flaw in flaws(text)
    ]


def spoilt(case: dict[str, Any]) -> str:
    right = RIGHT[case["of"]]
    assert right.count(case["old"]) == 1, (
        f"`{case['old']}` stands {right.count(case['old'])} times in {case['of']}.yaml"
    )
    return right.replace(case["old"], case["new"])


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_manifest_has_no_flaw(name):
    assert told(RIGHT[name]) == []


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["name"].replace(" ", "-"))
def test_a_wrong_manifest_has_the_flaws_that_are_told(case):
    found = told(spoilt(case))
    if os.environ.get("UPDATE"):
        case["finds"] = found
    assert found == case["finds"]


def test_the_table_is_as_large_as_it_says():
    assert len(WRONG) >= 30
    assert all(case["finds"] for case in WRONG)
    assert len({case["name"] for case in WRONG}) == len(WRONG)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, bool]:
    """What kubeconform says of every file, right or wrong, in one run."""
    folder = tmp_path_factory.mktemp("manifests")
    for name, text in RIGHT.items():
        (folder / f"right-{name}.yaml").write_text(text)
    for number, case in enumerate(WRONG):
        (folder / f"wrong-{number}.yaml").write_text(spoilt(case))
    command = [*kubeconform(), "-output", "json", "-verbose", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, bool] = {}
    for one in json.loads(done.stdout)["resources"]:
        name = Path(one["filename"]).stem
        found[name] = found.get(name, True) and one["status"] == "statusValid"
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_kubeconform_accepts_what_is_right(verdicts, name):
    assert verdicts[f"right-{name}"]


@pytest.mark.parametrize("number", range(len(WRONG)), ids=lambda number: WRONG[number]["name"].replace(" ", "-"))
def test_kubeconform_comes_to_the_same_verdict(verdicts, number):
    accepted = "kubeconform" in WRONG[number]
    assert verdicts[f"wrong-{number}"] == accepted


@pytest.mark.parametrize("of", RIGHT)
def test_control_a_manifest_of_no_known_version_is_noticed(of):
    """The runner of the cases itself: had a kind no schema, nothing would be found in it."""
    found = flaws(RIGHT[of].replace("apiVersion: ", "apiVersion: x"))
    assert {flaw.kind for flaw in found} == {"unknown kind"}
