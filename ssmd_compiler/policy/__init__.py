"""Policy: the workspace's own rules, in CEL, on each resolved environment.

CEL is evaluated by its authors' library in a process of its own, so that no rule can end, hang or grow `ssmd`. What
rules see is `view`; it holds no secret, because nothing that is compiled does.
"""

from ssmd_compiler.policy.judging import Judgement, Policy, Verdict
from ssmd_compiler.policy.rules import Fault

__all__ = ["Fault", "Judgement", "Policy", "Verdict"]
