"""The part of ssmd that runs: it executes a compiled collector spec and never imports the compiler."""

__version__ = "0.1.0"
