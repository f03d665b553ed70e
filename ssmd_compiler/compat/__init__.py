"""Can one version of a definition read what another wrote? Computed from what both declare, and never believed.

`compare` names every rule that is broken, with its tier and its place in either file. It is pure, and it is sound:
where it cannot tell, it says so by a rule of its own. Which versions must read which is not decided here.
"""

from ssmd_compiler.compat.comparison import RULES, compare
from ssmd_compiler.compat.rule import Break, Rule, Tier

__all__ = ["RULES", "Break", "Rule", "Tier", "compare"]
