"""What every unit is compiled against, and the answers to what units ask about each other's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler import __version__
from ssmd_compiler.record import Record, field
from ssmd_compiler.source import Refused, Tree, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ssmd_compiler.emit import Templates
    from ssmd_compiler.link import Shared
    from ssmd_compiler.policy.judging import Policy

__all__ = ["Common", "world_of"]


class Common(Record, frozen=True):
    """What every unit is compiled against."""

    tree: Tree
    shared: Shared
    templates: Templates
    paths: Mapping[str, Mapping[str, str]]
    """Kind of document -> name -> path."""
    digests: dict[str, str]
    """sha256 of each file that can be read, by path: feeds, schemas, definitions, settings, own templates."""
    schema_inputs: dict[str, tuple[str, ...]]
    """Schema -> its document and its definition files."""
    world: str
    policy: Policy | None = None
    """The workspace's own rules, where there are any."""
    _answers: dict[tuple[str, str], str] = field(default_factory=dict)
    """Of questions that many ask, once everything that environments share is read."""

    def digest(self, path: str) -> str:
        """The sha256 of a file, or why it has none."""
        if path not in self.digests:
            try:
                return self.tree.digest(path)
            except Refused as refused:
                return f"{refused.kind}: {refused.detail}"
            except FileNotFoundError:
                return ""
        return self.digests[path]

    def answer(self, question: tuple[str, str]) -> str:
        """What stands behind a name: a digest that changes when it does, empty when there is nothing."""
        if question[0] == "file":
            return self.digest(question[1])
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = self._answer(*question)
        return answer

    def _answer(self, kind: str, name: str) -> str:
        if not name:
            return sha256("\n".join(self.paths[kind]).encode())
        path = self.paths[kind].get(name)
        if path is None or kind == "environment":
            return path or ""
        files = self.schema_inputs.get(name, (path,)) if kind == "schema" else (path,)
        return sha256("\n".join(f"{file} {self.digest(file)}" for file in files).encode())

    def answers(self, shared: Shared) -> tuple[tuple[str, str, str], ...]:
        """Everything that a reader asked, answered."""
        return tuple((*question, self.answer(question)) for question in sorted(shared.asked))


def world_of(as_of: str, digests: Mapping[str, str]) -> str:
    """A digest of what everything depends on; `digests` are those of the settings and of the own templates."""
    return sha256(repr((__version__, as_of, sorted(digests.items()))).encode())
