"""Installed from its wheels, ssmd works outside of this repository: templates and pages travel in them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("wheels")
    for project in (ROOT, ROOT / "runtime"):
        build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
        subprocess.run([*build, "--disable-pip-version-check", "-w", str(folder), str(project)], check=True)
    return sorted(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`ssmd` from the wheels: their folder comes before the editable installation that runs the tests."""
    code = f"import sys; sys.path.insert(0, {str(installed)!r}); sys.argv[0] = 'ssmd'\nfrom ssmd_compiler.cli import main; main()"
    return subprocess.run([sys.executable, "-P", "-c", code, *arguments], cwd=folder, capture_output=True, text=True)


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(installed)!r})\nimport ssmd_compiler, ssmd_runtime\nprint(ssmd_compiler.__file__, ssmd_runtime.__file__)"
    said = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [Path(file).is_relative_to(installed) for file in said.stdout.split()] == [True, True]


def test_init_compile_validate_explain_work_from_the_wheels(installed: Path, tmp_path: Path) -> None:
    for arguments in (["init"], ["compile", "-v"], ["validate"], ["compile", "--check"], ["explain", "SSMD201"]):
        done = run(installed, tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments
    assert (tmp_path / "generated" / "kraken-dev" / "deployment.yaml").read_text().startswith("apiVersion: apps/v1\n")


def test_control_without_its_templates_the_installation_does_not_compile(
    wheels: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    target, folder = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("workspace")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target, [name for name in archive.namelist() if "/templates/" not in name])
    assert run(target, folder, "init").returncode == 0
    assert run(target, folder, "compile").returncode != 0


def test_the_schemas_of_manifests_travel_too(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """With them `validate` proves what is generated; without them, as a control, it cannot."""
    for name, expected in (("everything", 0), ("without", 3)):
        target, folder = tmp_path_factory.mktemp(name), tmp_path_factory.mktemp("workspace")
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                kept = [one for one in archive.namelist() if name == "everything" or not one.endswith("/schemas.json")]
                archive.extractall(target, kept)
        assert run(target, folder, "init").returncode == 0
        assert run(target, folder, "compile").returncode == 0
        assert run(target, folder, "validate").returncode == expected


def test_the_runtime_wheel_holds_no_compiler(wheels: list[Path]) -> None:
    names = {wheel.name.partition("-")[0]: zipfile.ZipFile(wheel).namelist() for wheel in wheels}
    assert all(name.startswith(("ssmd_runtime", "ssmd_runtime-")) for name in names["ssmd_runtime"])
    assert any(name.startswith("ssmd_compiler/templates/") for name in names["ssmd"])
    assert not any(name.startswith(("tests/", "generated/", "environments/")) for name in names["ssmd"])
