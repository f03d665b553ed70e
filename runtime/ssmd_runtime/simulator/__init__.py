"""Each exchange's protocol, served on loopback, and every misbehaviour that a collector must survive.

`venue` and a module an exchange are the conversations, without sockets; `server.Simulator` is the one shell.
`command.main` is `ssmd-runtime simulate`.
"""
