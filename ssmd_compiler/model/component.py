"""A component of a capture: connector, archiver, gateway. Feeds give defaults for them, environments the rest."""

from __future__ import annotations

from typing import Literal

from ssmd_compiler.model.base import Model
from ssmd_compiler.model.scalars import (
    BufferSize,
    Cpu,
    Fraction,
    Identifier,
    ImageName,
    KeyUse,
    Multiplier,
    Positive,
    RotationSize,
    Size,
    Text,
    WatchdogSeconds,
)

__all__ = ["COMPONENTS", "CircuitBreaker", "Component", "Defaults", "Liveness", "Resources", "Retry"]

COMPONENTS = ("connector", "archiver", "gateway")


class ResourceList(Model):
    """Kubernetes quantities: CPU in cores or millicores, memory and disk in bytes."""

    cpu: Cpu | None = None
    """Cores, or thousandths of a core with `m`."""
    memory: Size | None = None
    """Bytes, with a unit."""


class Resources(Model):
    """What a container asks for, and what it may use at most."""

    requests: ResourceList = ResourceList.unsaid()
    """What is set aside for it."""
    limits: ResourceList = ResourceList.unsaid()
    """What it may use at most."""


class Retry(Model):
    """Exponential backoff: delays in milliseconds, jitter as a fraction of the delay from 0 to 1."""

    max_attempts: Positive = 5
    """Attempts in a row before the program gives up."""
    initial_delay_ms: Positive = 100
    """Milliseconds before the second attempt."""
    max_delay_ms: Positive = 30_000
    """Milliseconds between two attempts, at most."""
    multiplier: Multiplier = 2.0
    """What each delay is multiplied by to give the next, from 1 to 1000."""
    jitter: Fraction = 0.1
    """The part of a delay, from 0 to 1, that chance may add or take."""


class CircuitBreaker(Model):
    """Opens after `failure_threshold` failures, tries again after `timeout_seconds`, closes after successes."""

    failure_threshold: Positive = 5
    """Failures in a row that open it."""
    success_threshold: Positive = 2
    """Successes in a row that close it."""
    timeout_seconds: Positive = 30
    """Seconds that it stays open before one attempt is let through."""


class Liveness(Model):
    """Clocks in seconds: how often to ping, when silence is a dead line, when the process itself is stuck."""

    ping_seconds: Positive = 30
    """Seconds between two pings."""
    stale_seconds: Positive = 90
    """Seconds of silence after which the line is dead."""
    watchdog_seconds: WatchdogSeconds = 120
    """Seconds without progress after which the process itself is stuck, at least 10."""


class Rotation(Model):
    """When a file is sealed before its trading day ends."""

    max_bytes: RotationSize = "256MiB"
    """Bytes of a file, with a unit, at which it is sealed and the next one begins; at least 4096."""


class Buffer(Model):
    """Memory between the socket and the disk; above it reading is paused."""

    max_bytes: BufferSize = "64MiB"
    """Bytes in memory, with a unit, above which reading is paused; at least 65536."""


class Component(Model):
    """One program of the capture, as deployed."""

    image: ImageName | None = None
    """The container image, with or without a tag; by default that of `ssmd.yaml`."""
    version: Identifier | None = None
    """The image's tag, where `image` has none."""
    replicas: Positive | None = None
    """Pods."""
    resources: Resources | None = None
    """What its container asks for and may use."""
    transport: Text | None = None
    """The transport that it prefers, as a word to people: an environment gets its own `middleware.transport`."""
    credentials: KeyUse | None = None
    """The key that it authenticates with."""
    rotation: Rotation | None = None
    """When a file is sealed."""
    buffer: Buffer | None = None
    """Memory between the socket and the disk."""
    retry: Retry | None = None
    """How it tries again."""
    circuit_breaker: CircuitBreaker | None = None
    """When it stops trying for a while."""
    liveness: Liveness | None = None
    """When a line or the process counts as dead."""
    on_disconnect: Literal["exit", "reconnect"] | None = None
    """A lost line: `exit` and be started anew, or `reconnect` in the same process."""


class Defaults(Model):
    """What a feed suggests for each component; an environment's own words win, field by field."""

    connector: Component = Component.unsaid()
    """For the program that talks to the exchange."""
    archiver: Component = Component.unsaid()
    """For the program that writes what was published to storage."""
    gateway: Component = Component.unsaid()
    """For the program that serves clients."""
