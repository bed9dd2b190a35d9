"""Shell completions, written from the catalogue: names, options and files are completed without starting Python.

`python -m kazoo_sup.cli.completion.scripts DIRECTORY` writes sup.bash, _sup (zsh) and sup.fish; a test fails when those
of the repository are stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kazoo_sup.cli.completion import bash, fish, zsh

FILES = {"sup.bash": bash.written, "_sup": zsh.written, "sup.fish": fish.written}

if __name__ == "__main__":
    for name, written in FILES.items():
        Path(sys.argv[1], name).write_text(written(), encoding="utf-8")
