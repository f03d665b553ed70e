"""Settings: the optional `ssmd.yaml` of a workspace; every field has a default."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.scalars import Identifier, ImageName, Name, Text, Url

__all__ = ["Image", "Metrics", "Nats", "Paths", "Repository", "Rule", "Settings"]


class Image(Model):
    """The container image of the runtime, unless a feed or an environment names another."""

    name: ImageName = "ghcr.io/ssmd/ssmd-runtime"
    """The image, without a tag."""
    version: Identifier = "0.1.0"
    """Its tag."""


class Repository(Model):
    """Where Argo CD reads the generated tree. Without it no Argo CD documents are written."""

    url: Url
    """What Argo CD clones."""
    revision: Text = "main"
    """The branch, tag or commit that it follows."""
    path: Text = "generated"
    """The folder of the generated tree."""


class Metrics(Model):
    """What the workspace's own rules may name besides the metrics of the runtime."""

    foreign: tuple[Text, ...] = Field(default=(), max_length=MOST)
    """Prefixes of metrics that others export, such as `kube_`."""
    labels: tuple[Text, ...] = Field(default=(), max_length=MOST)
    """Labels that every series has besides those of its metric and of its PodMonitor."""


class Nats(Model):
    """Who makes streams and consumers: the NACK controller, from resources, or somebody else, from the JSON files."""

    resources: Literal["nack", "none"] = "nack"
    """Who makes streams and consumers: `nack`, from Kubernetes resources; `none`, somebody else from JSON files."""


class Paths(Model):
    """Further folders that hold `feeds/`, `schemas/` or `environments/`."""

    sources: tuple[Text, ...] = Field(default=(), max_length=MOST)
    """Folders, relative to the workspace."""


class Rule(Model):
    """A rule that every environment keeps: an expression in CEL over the resolved environment. See docs/policy.md."""

    name: Name
    """What findings call it."""
    rule: Text
    """CEL: true means fine."""
    message: Text
    """What to say where it is false; `{env.name}` puts in a value by its path."""
    severity: Literal["error", "warning"] = "error"
    """How bad that is."""
    when: Text | None = None
    """CEL: the rule is for environments for which this is true."""
    at: Text | None = None
    """The field of the environment that findings point at, as `middleware.storage.sync`."""


class Settings(Model):
    """Rules of the whole workspace."""

    namespace: Name = "ssmd"
    """The Kubernetes namespace of environments that name none."""
    image: Image = Field(default_factory=Image.unsaid)
    """The runtime's container image."""
    repository: Repository | None = None
    """Where Argo CD reads the generated tree."""
    nats: Nats = Field(default_factory=Nats.unsaid)
    """How streams and consumers come to be."""
    metrics: Metrics = Field(default_factory=Metrics.unsaid)
    """What own rules may name besides the metrics of the runtime."""
    paths: Paths = Field(default_factory=Paths.unsaid)
    """Where else documents stand."""
    policy: tuple[Rule, ...] = Field(default=(), max_length=MOST)
    """The workspace's own rules."""
