"""How every component of a zone is: what to ask of each kind, and what its answers mean.

Each file is a kind of component: `probes(zone)` says what is asked of which server, `judge` is a pure function from the
answer to rows of health. `probing` asks all of them side by side.
"""
