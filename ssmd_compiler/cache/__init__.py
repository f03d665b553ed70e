"""The cache: what the last compilation found out, so that the next one does only what a change asks for.

It lives in `.ssmd/cache/` of the workspace, belongs to this machine alone, and may be deleted at any time. It is never
believed against the disk: see docs/decisions/0009-cache.md for what is compared, and what that can miss.
"""

from ssmd_compiler.cache.cache import Cache, Comparison, Proof

__all__ = ["Cache", "Comparison", "Proof"]
