"""Everybody who is measured, in the order of the table."""

from __future__ import annotations

from contestants_peers import PEERS
from contestants_ssmd import OURS

__all__ = ["ALL"]

ALL = (*OURS, *PEERS)
