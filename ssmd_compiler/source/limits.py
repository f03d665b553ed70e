"""The bounds of what is read: no file, however made, costs more than these allow.

Each is far above what a real tree needs. Past a bound a document gets a diagnostic and is not built.
"""

from typing import Final

MAX_FILE_BYTES: Final = 1 << 20
"""Bytes of one source file; a 1 GB file is refused by its size, unread."""

MAX_GENERATED_BYTES: Final = 64 << 20
"""Bytes of one generated file as read back: the lock of 20,000 environments has some 40 MB."""

MAX_DOCUMENTS: Final = 20_000
"""Documents of one workspace, all folders together."""

MAX_FOLDER_FAULTS: Final = 200
"""Files in the wrong place that are told one by one."""

MAX_DEPTH: Final = 48
"""Mappings and lists inside each other. libyaml itself fails past some 20,000."""

MAX_NODES: Final = 100_000
"""Keys, scalars, mappings and lists of one file, aliases counted as what they stand for."""

MAX_TEMPLATE_BYTES: Final = 1 << 16
"""Bytes of a workspace's own template; the largest built-in one has 4,000."""

MAX_FAULTS: Final = 200
"""Faults after which the rest of a document is not read."""

MAX_ALIASES: Final = 64
"""Uses of `*anchor` in one document."""
