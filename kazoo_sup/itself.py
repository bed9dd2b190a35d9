"""The program itself, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def once_more(module: str, *words: str) -> list[str]:
    """Return the command line that runs a module of the program with this Python, wherever the program lies.

    `python -m` does not find it where it came by a package or is a zipapp: only their launchers have it on their path.
    """
    flags = "-IB" if sys.flags.isolated else "-PB"
    return [sys.executable, flags, "-c", _START, str(Path(__file__).parents[1]), module, *words]
