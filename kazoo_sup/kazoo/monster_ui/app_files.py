"""Apps of Monster UI as they lie on disk: `APP/metadata/app.json`, with `icon/` and `screenshots/` beside it.

Source: Kazoo crossbar_maintenance:find_apps/1, find_metadata/1, read_images/1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.documents import text_files

if TYPE_CHECKING:
    from kazoo_sup.types import Document

METADATA = "metadata"
FILE = "app.json"


class BadImage(ValueError):
    """An image cannot be read; the argument is Kazoo's word for why."""


def find(folder: Path) -> list[Path]:
    """Return the folders below FOLDER that hold an app, in order; links are followed.

    Raises BadArgument when FOLDER is not a folder or holds no app.
    """
    if not folder.is_dir():
        raise BadArgument(parameter="PATH", reason=f"there is no folder {folder}")
    found, seen = [], set[str]()
    for place, folders, files in os.walk(folder.absolute(), followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        if FILE in files and Path(place).name == METADATA:
            found.append(Path(place).parent)
    if not found:
        raise BadArgument(parameter="PATH", reason=f"there is no app below {folder}, no {METADATA}/{FILE}")
    return found


def metadata(app: Path) -> Document:
    """Return what the app.json of an app's folder says.

    Raises FileNotFoundError where there is none, ValueError or OSError for one that cannot be read.
    """
    content = terms.read_json(text_files.read(app / METADATA / FILE))
    if not isinstance(content, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a fault of the file's content
    return content


def images(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of images of a folder by their names. Raises BadImage for the first that cannot be read."""
    contents = {}
    for name in names:
        if Path(name).name != name:
            raise BadImage("einval")
        contents[name] = image(folder / name)
    return contents


def image(file: Path) -> bytes:
    """Return the contents of one image. Raises BadImage."""
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise BadImage("enoent") from error
    except OSError as error:
        raise BadImage(os.strerror(error.errno or 0).lower()) from error
