"""Write the custom resource definitions that a cluster needs before it takes what ssmd writes, for `make cluster`.

`write.py DIRECTORY` copies them out of the Go modules that go.mod pins (shipped there as data, verified against go.sum)
and from here, as their projects publish them. tools/schemas makes JSON Schemas of the same ones.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DEFINITIONS = {
    "github.com/argoproj/argo-cd/v3": (
        "manifests/crds/application-crd.yaml",
        "manifests/crds/appproject-crd.yaml",
    ),
    "github.com/bitnami-labs/sealed-secrets": ("helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml",),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
}
OWN = ("nack.yaml",)


def main(directory: Path) -> None:
    directory.mkdir()
    for module, paths in DEFINITIONS.items():
        for path in paths:
            shutil.copyfile(_downloaded(module) / path, directory / Path(path).name)
    for name in OWN:
        shutil.copyfile(HERE / name, directory / name)


def _downloaded(module: str) -> Path:
    """Where Go keeps a module; it refuses one whose hash is not that of go.sum."""
    command = ["go", "mod", "download", "-json", module]
    result = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stderr or result.stdout)
    return Path(json.loads(result.stdout)["Dir"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
