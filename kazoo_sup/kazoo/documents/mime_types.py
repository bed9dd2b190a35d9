"""The MIME types of files by the endings of their names, the same on every host (Kazoo kz_mime, cow_mimetypes)."""

from __future__ import annotations

import mimetypes
from pathlib import Path

TIFF, PDF = "image/tiff", "application/pdf"
OPENXML = "application/vnd.openxmlformats-officedocument."
OPENDOCUMENT = "application/vnd.oasis.opendocument."

_KNOWN = {
    ".wav": "audio/x-wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".au": "audio/basic",
    ".flac": "audio/x-flac",
    ".tif": TIFF,
    ".tiff": TIFF,
    ".pdf": PDF,
    ".docx": f"{OPENXML}wordprocessingml.document",
    ".xlsx": f"{OPENXML}spreadsheetml.sheet",
    ".pptx": f"{OPENXML}presentationml.presentation",
    ".odt": f"{OPENDOCUMENT}text",
    ".ods": f"{OPENDOCUMENT}spreadsheet",
    ".odp": f"{OPENDOCUMENT}presentation",
}
"""Those that hosts do not agree on, or do not know."""


def of(name: str) -> str:
    """Return the type that the ending of a file's name stands for; application/octet-stream where it is unknown."""
    ending = Path(name).suffix.lower()
    return _KNOWN.get(ending) or mimetypes.guess_type(f"a{ending}")[0] or "application/octet-stream"
