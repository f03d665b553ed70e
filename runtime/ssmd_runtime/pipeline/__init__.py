"""Wiring: from connections to files."""
