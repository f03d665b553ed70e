"""A component of a capture: connector, archiver, gateway. Feeds give defaults for them, environments the rest."""

from __future__ import annotations

from typing import Literal

from ssmd_compiler.model.base import Model
from ssmd_compiler.model.scalars import Cpu, Fraction, Identifier, ImageName, Multiplier, Positive, Size, Text

__all__ = ["COMPONENTS", "CircuitBreaker", "Component", "Defaults", "Liveness", "Resources", "Retry"]

COMPONENTS = ("connector", "archiver", "gateway")


class ResourceList(Model):
    """Kubernetes quantities: CPU in cores or millicores, memory and disk in bytes."""

    cpu: Cpu | None = None
    memory: Size | None = None


class Resources(Model):
    """What a container asks for, and what it may use at most."""

    requests: ResourceList = ResourceList()
    limits: ResourceList = ResourceList()


class Retry(Model):
    """Exponential backoff: delays in milliseconds, jitter as a fraction of the delay from 0 to 1."""

    max_attempts: Positive = 5
    initial_delay_ms: Positive = 100
    max_delay_ms: Positive = 30_000
    multiplier: Multiplier = 2.0
    jitter: Fraction = 0.1


class CircuitBreaker(Model):
    """Opens after `failure_threshold` failures, tries again after `timeout_seconds`, closes after successes."""

    failure_threshold: Positive = 5
    success_threshold: Positive = 2
    timeout_seconds: Positive = 30


class Liveness(Model):
    """Clocks in seconds: how often to ping, when silence is a dead line, when the process itself is stuck."""

    ping_seconds: Positive = 30
    stale_seconds: Positive = 90
    watchdog_seconds: Positive = 120


class Rotation(Model):
    """When a file is sealed before its trading day ends."""

    max_bytes: Size = "256MiB"


class Buffer(Model):
    """Memory between the socket and the disk; above it reading is paused."""

    max_bytes: Size = "64MiB"


class Component(Model):
    """One program of the capture, as deployed."""

    image: ImageName | None = None
    version: Identifier | None = None
    replicas: Positive | None = None
    resources: Resources | None = None
    transport: Text | None = None
    credentials: Text | None = None
    rotation: Rotation | None = None
    buffer: Buffer | None = None
    retry: Retry | None = None
    circuit_breaker: CircuitBreaker | None = None
    liveness: Liveness | None = None
    on_disconnect: Literal["exit", "reconnect"] | None = None


class Defaults(Model):
    """What a feed suggests for each component; an environment's own words win, field by field."""

    connector: Component = Component()
    archiver: Component = Component()
    gateway: Component = Component()
