"""Shells around the exchanges' protocols: connect, read, keep alive, come back."""
