"""The recipe of the image says what the Deployments, the locks and the workflow say."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
import yaml
from image import NOBODY, ROOT, deployments, locked, project
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("runtime/requirements.lock", "runtime/build.lock")
WORKFLOW = ROOT / ".github/workflows/image.yaml"


def instructions(text: str | None = None) -> list[tuple[str, str]]:
    """The recipe's instructions, continued lines joined and comments left out."""
    text = (ROOT / "Containerfile").read_text() if text is None else text
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in joined.split("\n") if line)
    ]


def last_stage() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, rest in instructions():
        if word == "FROM":
            found.clear()
        found.setdefault(word, []).append(rest)
    return found


def test_it_runs_as_the_deployments_say() -> None:
    stage = last_stage()
    assert json.loads(stage["ENTRYPOINT"][0]) == ["ssmd-runtime"]
    assert stage["STOPSIGNAL"] == ["SIGTERM"]
    assert stage["USER"] == [f"{NOBODY}:{NOBODY}"]
    assert "ssmd-runtime" in project()["project"]["scripts"]
    found = deployments()
    assert len(found) > 5
    for deployment in found:
        pod = deployment["spec"]["template"]["spec"]
        (one,) = pod["containers"]
        assert "command" not in one
        assert one["args"][:2] == ["run", "--spec"]
        assert re.fullmatch(r"/etc/ssmd/spec(-[a-z]+)?\.json", one["args"][2])
        assert len(one["args"]) == 3
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (NOBODY, NOBODY)
        assert one["securityContext"]["readOnlyRootFilesystem"] is True
        assert stage["EXPOSE"] == [str(port["containerPort"]) for port in one["ports"]]
        places = [mount["mountPath"] for mount in one["volumeMounts"]]
        assert "/tmp" in places
        assert any(place.startswith("/var/lib/ssmd/") for place in places)


def test_its_version_is_the_packages_the_settings_and_the_deployments() -> None:
    version = project()["project"]["version"]
    settings = yaml.safe_load((ROOT / "ssmd.yaml").read_text())
    (labels,) = last_stage()["LABEL"]
    assert f'org.opencontainers.image.version="{version}"' in labels
    assert f'org.opencontainers.image.licenses="{project()["project"]["license"]}"' in labels
    assert settings["image"]["version"] == version
    named = {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in deployments()}
    assert named == {f"{settings['image']['name']}:{version}"}
    assert yaml.safe_load(WORKFLOW.read_text())["env"]["IMAGE"] == settings["image"]["name"]


def test_both_stages_have_one_base_of_an_exact_version() -> None:
    said = instructions()
    (base,) = [rest for word, rest in said if word == "ARG"]
    name = re.fullmatch(r"BASE=python:3\.(\d+)\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base)
    assert name is not None
    assert (
        f"Programming Language :: Python :: 3.{name[1]}"
        in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    )
    assert [rest.partition(" ")[0] for word, rest in said if word == "FROM"] == ["${BASE}", "${BASE}"]


def test_nothing_is_installed_without_its_hash_or_the_network_refused() -> None:
    installs = [
        part
        for _, rest in instructions()
        for part in rest.split("&&")
        if re.search(r"\bpip\b.*\b(install|wheel)\b", part)
    ]
    assert len(installs) == 4
    for part in installs:
        assert "--no-index" in part or ("--require-hashes" in part and "--only-binary :all:" in part), part


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_no_address_and_the_versions_of_the_development_lock(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    ours, development = locked(ROOT / name), locked(ROOT / "requirements.lock")
    assert ours
    assert all(one.hashes for one in ours.values())
    assert {key: one.version for key, one in ours.items()} == {key: development[key].version for key in ours}


def test_the_locks_are_of_what_the_package_asks_for() -> None:
    wanted = {canonicalize_name(Requirement(one).name) for one in project()["project"]["dependencies"]}
    assert wanted <= locked(ROOT / LOCKS[0]).keys()
    (backend,) = project()["build-system"]["requires"]
    assert f"'{backend}'" in (ROOT / "Makefile").read_text()
    version = locked(ROOT / LOCKS[1])[Requirement(backend).name].version
    assert Requirement(backend).specifier.contains(version)


def test_the_context_is_the_runtime_alone() -> None:
    said = [(ROOT / name).read_text().splitlines() for name in (".dockerignore", ".containerignore")]
    kept = [[line for line in lines if line and not line.startswith("#")] for lines in said]
    assert kept[0] == kept[1]
    assert kept[0][:2] == ["*", "!runtime"]
    copied = [rest for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    assert copied == ["runtime /src"]


def test_the_workflow_pushes_on_tags_alone_and_only_there_may_write() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    assert {name for name, job in jobs.items() if "packages" in job.get("permissions", {})} == {"push"}
    assert jobs["push"]["if"] == "${{ startsWith(github.ref, 'refs/tags/') }}"
    assert jobs["build"]["if"] == "${{ !startsWith(github.ref, 'refs/tags/') }}"
    steps = {
        name: [step["with"] for step in job["steps"] if "build-push" in step.get("uses", "")]
        for name, job in jobs.items()
    }
    assert [step.get("push", False) for step in steps["build"]] == [False]
    assert [(step["push"], step["sbom"], step["provenance"]) for step in steps["push"]] == [(True, True, "mode=max")]
    assert {step["file"] for found in steps.values() for step in found} == {"Containerfile"}
