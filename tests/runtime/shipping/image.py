"""The image without an engine: an environment with what the runtime's lock names and nothing else, and a root around it.

No network: the wheel is built here, and the locked distributions are taken from the environment that runs the tests.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["NOBODY", "ROOT", "Locked", "contained", "container", "deployments", "environment", "locked", "project"]

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65532


@dataclass(frozen=True)
class Locked:
    """One distribution of a lock: its version, when it is needed, and how many hashes it may have."""

    version: str
    needed: bool
    hashes: int


def project() -> dict:
    return tomllib.loads((ROOT / "runtime/pyproject.toml").read_text())


def locked(path: Path) -> dict[str, Locked]:
    """The distributions of a lock by name."""
    found = {}
    for entry in re.split(r"^(?=[a-z0-9])", path.read_text(), flags=re.MULTILINE)[1:]:
        requirement = Requirement(entry.partition("\\")[0].strip())
        ((_, version),) = [(one.operator, one.version) for one in requirement.specifier]
        needed = requirement.marker is None or requirement.marker.evaluate()
        found[canonicalize_name(requirement.name)] = Locked(version, needed, entry.count("--hash=sha256:"))
    return found


def deployments() -> list[dict]:
    """The collectors' Deployments in generated/."""
    paths = sorted((ROOT / "generated").glob("*/deployment*.yaml"))
    found = [yaml.safe_load(path.read_text()) for path in paths]
    return [one for one in found if one["metadata"]["labels"]["app.kubernetes.io/component"] == "connector"]


def environment(folder: Path) -> Path:
    """A new environment in `folder`, without pip, with the runtime's wheel and its locked dependencies."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv/bin/python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), "./runtime"]
    subprocess.run(build, cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    install = [*pip, "--python", str(python), "install", "-q", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run(install, check=True)
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    for name, entry in locked(ROOT / "runtime/requirements.lock").items():
        if entry.needed:
            _copy(importlib.metadata.distribution(name), entry.version, site)
    return folder / "venv"


def _copy(distribution: importlib.metadata.Distribution, version: str, site: Path) -> None:
    assert distribution.version == version, distribution.name
    base = Path(str(distribution.locate_file("")))
    for file in distribution.files or ():
        source, target = base / file, site / file
        if ".." not in file.parts and file.suffix != ".pyc" and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def contained() -> bool:
    """Whether a root of our own can be mounted here."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("chroot") is None:
        return False
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return tried.returncode == 0


_MOUNTS = """
set -eu
root=$1 data=$2 spec=$3 user=$4
shift 4
mount -t tmpfs -o mode=755 none "$root"
mkdir "$root/tmp"
mount -t tmpfs -o mode=1777 none "$root/tmp"
for path in $SHARED; do
    if [ -L "$path" ]; then cp -P "$path" "$root$path"; continue; fi
    mkdir -p "$root$path"
    mount --rbind "$path" "$root$path"
    mount -o remount,ro,bind "$root$path"
done
mkdir -p "$root/etc/ssmd" "$root/var/lib/ssmd" "$root/dev" "$root/proc"
cp "$spec" "$root/etc/ssmd/spec.json"
mount --bind "$data" "$root/var/lib/ssmd"
mount --rbind /dev "$root/dev"
mount -o remount,ro,bind "$root"
exec chroot --userspec="$user:$user" --groups= "$root" "$@"
"""


def container(folder: Path, spec: Path, data: Path, *command: str) -> subprocess.Popen[str]:
    """A command as the Deployment runs it: its user, a read-only root, the spec, /tmp, and the data in /var/lib/ssmd."""
    root = folder / "root"
    root.mkdir(exist_ok=True)
    system = [path for path in ("/usr", "/bin", "/lib", "/lib64") if Path(path).exists()]
    interpreter = [sys.base_prefix] if not sys.base_prefix.startswith("/usr/") and sys.base_prefix != "/usr" else []
    world = {"PATH": f"{folder}/venv/bin:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    mounted = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNTS, "sh"]
    return subprocess.Popen(
        [*mounted, str(root), str(data), str(spec), str(NOBODY), *command],
        env=world | {"SHARED": " ".join([*system, *interpreter, str(folder / "venv")])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
