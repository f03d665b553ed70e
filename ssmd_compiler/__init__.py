"""ssmd: from YAML in Git to everything that a market data capture needs.

The tree of this package is the pipeline: source, model, link, checks, names, lower, emit, publish.
`compiler.compile` names every stage in order and is the place to start reading.
"""

__version__ = "0.1.0"
