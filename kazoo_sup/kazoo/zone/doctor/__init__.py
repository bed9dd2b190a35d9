"""What breaks zones in practice: one file for each thing that is checked, with what to do about it.

In each file `checks(zone)` says how the facts are collected, and `judge` is a pure function from them to findings. A
check whose facts cannot be had is unknown; it keeps no other one back. `examining` does all of them side by side.
"""
