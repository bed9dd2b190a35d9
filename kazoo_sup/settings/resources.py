"""The files that come with the program but are not code: in a directory, or in a zip that nobody has unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PACKAGE = Path(__file__).parents[1]


def read(*parts: str) -> str:
    """Return the text of a file of the package, by the PARTS of its path in there. Raises OSError.

    The package's loader is asked, as importlib.resources does it, whose import takes 9 ms.
    """
    return _data(PACKAGE.joinpath(*parts)).decode("utf-8")


def read_config(*parts: str) -> str:
    """Return the text of a file of `config`, which is beside the package in a checkout. Raises OSError."""
    try:
        return read("config", *parts)
    except OSError:
        return _data(PACKAGE.parent.joinpath("config", *parts)).decode("utf-8")


def _data(path: Path) -> bytes:
    assert __spec__ is not None
    loader: Any = __spec__.loader
    data: bytes = loader.get_data(str(path))
    return data


def directory(package: str) -> Traversable:
    """Return the directory of a package, to look what is in it."""
    from importlib.resources import files

    return files(package)


def config_directory() -> Path:
    """Return the directory `config`: inside the package when installed from a wheel, beside it in a checkout."""
    inside = PACKAGE.resolve() / "config"
    return inside if inside.is_dir() else PACKAGE.resolve().parent / "config"
