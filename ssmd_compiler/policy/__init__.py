"""Policy: the workspace's own rules, in CEL, on each resolved environment.

CEL is evaluated by its authors' library in a process of its own, so that no rule can end, hang or grow `ssmd`. What
rules see is `view`; it holds no secret, because nothing that is compiled does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.policy.judgement import Fault, Judgement, Verdict

if TYPE_CHECKING:
    from ssmd_compiler.model import Bound, Settings
    from ssmd_compiler.policy.judging import Policy

__all__ = ["Fault", "Judgement", "Verdict", "start"]


def start(settings: Bound[Settings], source: bytes) -> Policy | None:
    """The rules of a workspace, where there are any; their process starts at once and is not waited for."""
    if not settings.sound or not settings.value.policy:
        return None
    from ssmd_compiler.policy.judging import Policy  # and sockets and processes, which cost milliseconds

    return Policy(settings, source.decode())
