"""Generated manifests, proven without a cluster: each document against its schema, each rule against what is exported.

`findings` is pure: outputs in, flaws out. It knows no check, no source and no template; it never refuses an output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.manifests.flaws import Flaw, FlawKind, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.emit import Output

__all__ = ["Flaw", "FlawKind", "Vocabulary", "findings"]


def findings(outputs: Iterable[Output], vocabulary: Vocabulary | None = None) -> Iterator[Flaw]:
    """Every flaw of the manifests among `outputs`; labels that a PodMonitor among them adds, their rules may use."""
    manifests = [output for output in outputs if output.path.endswith(".yaml")]
    if manifests:
        # A compile that has nothing to prove does not wait for a validator and two parsers to load.
        from ssmd_compiler.manifests.proving import prove

        yield from prove(manifests, vocabulary or Vocabulary())
