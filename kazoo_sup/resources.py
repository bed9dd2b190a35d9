"""Where the files are that come with the program but are not code."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def config_directory() -> Path:
    """Return the directory `config`: inside the package when installed from a wheel, beside it in a checkout."""
    inside = PACKAGE / "config"
    return inside if inside.is_dir() else PACKAGE.parent / "config"
