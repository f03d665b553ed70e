"""Units: one document compiled as far as it goes alone, and what that result depends on besides the document.

A unit whose document and whose answers are as they were need not be compiled again (`Trace`). Nothing is written here.
"""

from ssmd_compiler.units.common import Common
from ssmd_compiler.units.environment import environment
from ssmd_compiler.units.families import Reading, SchemaUnit
from ssmd_compiler.units.results import Compiled, Proven
from ssmd_compiler.units.trace import Trace, Traces, still_true, trace
from ssmd_compiler.units.usage import usage

__all__ = [
    "Common",
    "Compiled",
    "Proven",
    "Reading",
    "SchemaUnit",
    "Trace",
    "Traces",
    "environment",
    "still_true",
    "trace",
    "usage",
]
