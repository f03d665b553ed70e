"""What the API server says to a tree: dry run, apply, apply again, what changed, and whether anything would drift.

Each step returns what it did, in a few words, and raises `Finding` in the server's own words. A warning of the server
(a deprecated version, a pod below the standard `restricted`) is a finding as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cluster.programs import Finding, built, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster.server import Server
    from cluster.trees import Document, Tree

__all__ = ["Cluster", "Identity", "drifts"]

Identity = tuple[str, str, str, str]
"""apiVersion, kind, namespace, name."""

# Pods of ours are to meet the strictest of Kubernetes' standards: the server warns of each that does not.
POD_SECURITY = {"pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/enforce": "restricted"}
# Written twice before we look: the server stores the default of a claim's status.phase with its second write only.
SETTLING = frozenset({"PersistentVolumeClaim"})
APPLY = ("apply", "--server-side", "--warnings-as-errors", "--filename", "-")


@dataclass
class Cluster:
    """One server, and what was seen in it."""

    server: Server
    versions: dict[Identity, str] = field(default_factory=dict)
    """Of each object that was applied last, when it had been applied once."""

    def kubectl(self, *arguments: str, content: str | None = None, accept: tuple[int, ...] = (0,)) -> str:
        own = ("--kubeconfig", str(self.server.kubeconfig), "--cache-dir", str(self.server.kubeconfig.parent / "cache"))
        return run("kubectl", *own, *arguments, content=content, accept=accept)

    def install(self) -> str:
        """The custom resource definitions, each served when this returns."""
        definitions = sorted(built("crds").glob("*.yaml"))
        files = [part for path in definitions for part in ("--filename", str(path))]
        self.kubectl("apply", "--server-side", *files)
        self.kubectl("wait", "--for=condition=Established", "--timeout=60s", *files)
        return f"{len(json.loads(self.kubectl('get', 'crd', '--output', 'json'))['items'])} kinds"

    def namespaces(self, tree: Tree) -> str:
        names = sorted({_identity(document)[2] for document in tree.documents} - {""})
        labels = {"apiVersion": "v1", "kind": "Namespace"}
        text = (json.dumps({**labels, "metadata": {"name": name, "labels": POD_SECURITY}}) for name in names)
        self.kubectl("apply", "--server-side", "--filename", "-", content="\n---\n".join(text))
        return f"{len(names)} created"

    def dry_run(self, tree: Tree) -> str:
        self.kubectl(*APPLY, "--dry-run=server", content=tree.text)
        return f"{len(tree.documents)} objects accepted"

    def apply(self, tree: Tree) -> str:
        self.kubectl(*APPLY, content=tree.text)
        settling = [json.dumps(document) for document in tree.documents if document["kind"] in SETTLING]
        if settling:
            self.kubectl(*APPLY, content="\n---\n".join(settling))
        self.versions = self._versions(tree)
        return f"{len(self.versions)} objects created"

    def apply_again(self, tree: Tree) -> str:
        """The second time nothing may change: no version of any object, and `kubectl diff` has nothing to show."""
        self.kubectl(*APPLY, content=tree.text)
        changed = sorted({identity for identity, _ in self.versions.items() ^ self._versions(tree).items()})
        if changed:
            raise Finding("\n".join(f"{_name(identity)} changed when it was applied again" for identity in changed))
        return f"{len(self.versions)} objects, none changed"

    def diff(self, tree: Tree) -> str:
        shown = self.kubectl("diff", "--server-side", "--filename", "-", content=tree.text, accept=(0, 1))
        if shown:
            raise Finding(shown)
        return "nothing to show"

    def drift(self, tree: Tree) -> str:
        """What Argo CD compares: every field that we declare has the value that we declare."""
        live, fields, wrong = self.objects(tree), 0, []
        for document in tree.documents:
            identity = _identity(document)
            found = drifts(document, live.get(identity), exact=_is_custom(document))
            wrong += [f"{_name(identity)}{words}" for words in found]
            fields += _count(document)
        if wrong:
            raise Finding("\n".join(wrong))
        return f"{fields} declared values, all kept"

    @property
    def steps(self) -> dict[str, Callable[[Tree], str]]:
        """What is done with each tree, in order."""
        return {
            "namespaces": self.namespaces,
            "dry run": self.dry_run,
            "apply": self.apply,
            "apply again": self.apply_again,
            "diff": self.diff,
            "drift": self.drift,
        }

    def _versions(self, tree: Tree) -> dict[Identity, str]:
        return {identity: live["metadata"]["resourceVersion"] for identity, live in self.objects(tree).items()}

    def objects(self, tree: Tree) -> dict[Identity, Document]:
        """What the server has of the tree's documents."""
        wanted = {_identity(document) for document in tree.documents}
        kinds = ",".join(sorted({_resource(*identity[:2]) for identity in wanted}))
        listed = json.loads(self.kubectl("get", kinds, "--all-namespaces", "--output", "json"))["items"]
        return {identity: one for one in listed if (identity := _identity(one)) in wanted}


def drifts(declared: Any, live: Any, *, exact: bool, path: str = "") -> Iterator[str]:
    """Where the live value differs from the declared one; what the server adds to a mapping is its own affair.

    Lists of custom resources are compared as wholes (`exact`): nobody knows which of their items belong together, so
    one field that the server adds inside of an item is drift.
    """
    if isinstance(declared, dict) and isinstance(live, dict):
        for key, value in declared.items():
            yield from drifts(value, live.get(key), exact=exact, path=f"{path}.{key}")
    elif isinstance(declared, list) and isinstance(live, list) and len(declared) == len(live) and not exact:
        for index, (value, other) in enumerate(zip(declared, live, strict=True)):
            yield from drifts(value, other, exact=exact, path=f"{path}[{index}]")
    elif declared != live:
        yield f"{path}: declared {json.dumps(declared)}, and the server has {json.dumps(live)}"


def _count(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_count, value.values() if isinstance(value, dict) else value))
    return 1


def _identity(document: Document) -> Identity:
    metadata = document["metadata"]
    return document["apiVersion"], document["kind"], metadata.get("namespace", ""), metadata["name"]


def _name(identity: Identity) -> str:
    _, kind, namespace, name = identity
    return f"{kind} {namespace}/{name}"


def _is_custom(document: Document) -> bool:
    """Kubernetes' own groups have no `.`, or are below k8s.io."""
    group = document["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def _resource(api_version: str, kind: str) -> str:
    """A kind as kubectl takes it without doubt."""
    group, _, version = api_version.rpartition("/")
    return f"{kind}.{version}.{group}" if group else kind
