"""`make cluster`: what is generated, held against the tools that will read it and against a real API server.

    cd tools && python -m cluster [TREE...]

Each TREE is a `generated/` folder; without one it is this repository's own, and one of thirty made-up environments. The
programs are those that `tools/build` built. docs/cluster.md tells what is checked and what is not.
"""
