"""`python -m ssmd_compiler` is `ssmd`."""

from ssmd_compiler.cli import main

main()
