"""Schema definition files, parsed: Cap'n Proto, Protocol Buffers, JSON Schema.

`parse` says what each file declares and what is wrong with it, where. `Parsing` does the same in the background.
No content can end, hang or grow the calling process: foreign parsers run in a child of their own. Nothing is fetched,
and no file is read but the definitions given and the standard files that the parsers ship.
"""

from ssmd_compiler.definitions.model import Definition, Flaw, Format, Parsed
from ssmd_compiler.definitions.parsing import Parsing, parse

__all__ = ["Definition", "Flaw", "Format", "Parsed", "Parsing", "parse"]
