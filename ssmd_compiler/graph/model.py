"""Lowered environments -> nodes and edges: feeds, keys, shards, subjects, streams, readers, stores, caches.

Every name is one that lowering made; none is built here. Keys are named, and nothing of them is shown.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics.secrets import masked
from ssmd_compiler.names import COLLECTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.lower import Lowered, Workload

__all__ = ["COLUMNS", "Edge", "Graph", "Kind", "Node", "Verb", "graph"]


class Kind(enum.StrEnum):
    """What a node is."""

    FEED = "feed"
    KEY = "key"
    ENVIRONMENT = "environment"
    SHARD = "shard"
    SUBJECT = "subject"
    STREAM = "stream"
    CONSUMER = "consumer"
    BUCKET = "bucket"
    VOLUME = "volume"
    CACHE = "cache"


class Verb(enum.StrEnum):
    """What an edge says of its two ends."""

    CAPTURED = "captured by"
    UNLOCKS = "unlocks"
    SPLIT = "split into"
    PUBLISHES = "publishes"
    KEPT = "kept in"
    READ = "read by"
    WRITES = "writes"
    CACHES = "caches in"


COLUMNS: Final = (
    (Kind.FEED, Kind.KEY),
    (Kind.ENVIRONMENT,),
    (Kind.SHARD, Kind.SUBJECT),
    (Kind.STREAM,),
    (Kind.CONSUMER,),
    (Kind.BUCKET, Kind.VOLUME, Kind.CACHE),
)
"""From left to right, the way that data takes."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A thing with a name. `environment` is whose it is; empty when several may share it."""

    kind: Kind
    environment: str
    name: str

    @property
    def id(self) -> str:
        """One for each node, and the same whenever the graph is made."""
        return f"{self.kind}:{self.environment}/{self.name}" if self.environment else f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    source: Node
    verb: Verb
    target: Node


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges, each once, in an order that depends on nothing but themselves."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, nodes: Iterable[Node], edges: Iterable[Edge]) -> Graph:
        lines = sorted(set(edges))
        ends = {end for edge in lines for end in (edge.source, edge.target)}
        return cls(tuple(sorted({*nodes, *ends}, key=_by_column)), tuple(lines))


def _by_column(node: Node) -> tuple[int, str, int, str]:
    column = next(number for number, kinds in enumerate(COLUMNS) if node.kind in kinds)
    return column, node.environment, COLUMNS[column].index(node.kind), node.name


def graph(environments: Iterable[Lowered]) -> Graph:
    """The graph of these environments."""
    own = {_environment(lowered): lowered for lowered in environments}
    return Graph.of(own, (edge for node, lowered in own.items() for edge in _edges(node, lowered)))


def _environment(lowered: Lowered) -> Node:
    name = lowered.names.environment
    return Node(Kind.ENVIRONMENT, name, name)


def _edges(own: Node, lowered: Lowered) -> Iterator[Edge]:
    environment = lowered.names.environment
    yield Edge(Node(Kind.FEED, "", lowered.linked.feed.name), Verb.CAPTURED, own)
    for key in lowered.linked.environment.keys:
        yield Edge(Node(Kind.KEY, environment, key), Verb.UNLOCKS, own)
    yield from _messages(own, lowered)
    for workload in lowered.workloads:
        holder = _holder(own, lowered, workload)
        if workload.shard is not None:
            yield Edge(own, Verb.SPLIT, holder)
        if workload.volume.claim:
            yield Edge(holder, Verb.WRITES, Node(Kind.VOLUME, environment, workload.volume.claim))
    yield from _places(own, lowered)


def _holder(own: Node, lowered: Lowered, workload: Workload) -> Node:
    """The node that stands for a workload: a shard, a reader, or the environment where it is not sharded."""
    if workload.shard is not None:
        return Node(Kind.SHARD, own.environment, workload.name)
    return own if workload.component == COLLECTOR else _reader(own, lowered, workload.component)


def _reader(own: Node, lowered: Lowered, component: str) -> Node:
    """A component that reads: by its durable consumer's name where it has one, else by its Deployment's."""
    durable = {consumer.component: consumer.name for consumer in lowered.consumers}
    deployed = {workload.component: workload.name for workload in lowered.workloads}
    return Node(Kind.CONSUMER, own.environment, durable.get(component) or deployed[component])


def _messages(own: Node, lowered: Lowered) -> Iterator[Edge]:
    """From the environment over its subjects and its stream, where there are such, to its readers."""
    subjects = [Node(Kind.SUBJECT, own.environment, subject) for subject in lowered.produces]
    yield from (Edge(own, Verb.PUBLISHES, subject) for subject in subjects)
    read = subjects or [own]
    if lowered.stream is not None:
        stream = Node(Kind.STREAM, own.environment, lowered.stream.name)
        yield from (Edge(subject, Verb.KEPT, stream) for subject in subjects)
        read = [stream]
    for component in lowered.consumes:
        yield from (Edge(source, Verb.READ, _reader(own, lowered, component)) for source in read)


def _places(own: Node, lowered: Lowered) -> Iterator[Edge]:
    """Buckets, which the archiver fills where there is one, and the cache."""
    writer = _reader(own, lowered, "archiver") if "archiver" in lowered.consumes else own
    for spec in lowered.specs.values():
        for bucket in filter(None, (spec.storage.raw_bucket, spec.storage.normalized_bucket)):
            where = f"{masked(spec.storage.endpoint)}/{bucket}" if spec.storage.endpoint else bucket
            yield Edge(writer, Verb.WRITES, Node(Kind.BUCKET, "", where))
        if spec.cache.type == "redis":
            yield Edge(own, Verb.CACHES, Node(Kind.CACHE, "", masked(spec.cache.url or spec.cache.type)))
        elif spec.cache.type != "none":
            yield Edge(own, Verb.CACHES, Node(Kind.CACHE, own.environment, spec.cache.type))
