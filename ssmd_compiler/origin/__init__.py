"""Origin: which places of the sources, and which template line, made a line of a generated file.

`Origins` is given a linked environment and answers for any of its files: see docs/tracing.md for how it knows.
"""

from ssmd_compiler.origin.causes import Cause, Wrong, causes
from ssmd_compiler.origin.lock_lines import lock_lines
from ssmd_compiler.origin.origins import Origins
from ssmd_compiler.origin.places import Place
from ssmd_compiler.origin.rendering import TemplateLine, template_line
from ssmd_compiler.origin.result import Fact, LineOrigins, Origin, Untraceable, Why
from ssmd_compiler.origin.subject import Subject
from ssmd_compiler.origin.workspace_files import WorkspaceFiles

__all__ = [
    "Cause",
    "Fact",
    "LineOrigins",
    "Origin",
    "Origins",
    "Place",
    "Subject",
    "TemplateLine",
    "Untraceable",
    "Why",
    "WorkspaceFiles",
    "Wrong",
    "causes",
    "lock_lines",
    "template_line",
]
