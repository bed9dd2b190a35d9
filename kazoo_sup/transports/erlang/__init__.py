"""Erlang's distribution protocol: calling functions on a running node, as another node that stays hidden.

`external` reads and writes terms; `handshake`, `channel`, `leader` and `client` are the protocol as pure state machines
(octets in, events and octets out); `epmd` is how to ask which port a node listens on; `connection` moves the octets.

Source: Erlang/OTP erts documentation, "Distribution Protocol" and "External Term Format".
"""
