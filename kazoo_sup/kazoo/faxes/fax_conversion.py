"""Files turned into what is faxed, with the programs of this host that `kazoo_convert` names.

Source: Kazoo kz_fax_converter. The commands are run by a shell with the file's names in its environment, as there; the
work is done in a directory that only its owner reads, where Kazoo's names its files for all to see.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Self

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import mime_types
from kazoo_sup.kazoo.documents.mime_types import OPENDOCUMENT, OPENXML, PDF, TIFF
from kazoo_sup.kazoo.documents.shapes import POSITIVE, TEXT
from kazoo_sup.kazoo.documents.values import is_true, to_integer

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields, Json
    from kazoo_sup.zone import Zone

CATEGORY = "kazoo_convert"
WIDTH, LENGTH = 1728, 2200
RESOLUTION = (204, 200)

_SECONDS = 180
_IMAGE = "convert $FROM -resample 200x200 -units PixelsPerInch"
_GROUP_4 = "-compress group4 $TO"
COMMANDS = {
    "resample_image_command": f"convert $FROM -resample 200x200 -page +0+0 {_GROUP_4}",
    "convert_image_command": f"{_IMAGE} -size {WIDTH}x{LENGTH} {_GROUP_4}",
    "large_tiff_command": f"{_IMAGE} -resize {WIDTH}\\!x{LENGTH} {_GROUP_4}",
    "small_tiff_command": f"convert $FROM -gravity center -resample 200x200 -units PixelsPerInch"
    f" -extent {WIDTH}x{LENGTH} {_GROUP_4}",
    "convert_pdf_command": f"/usr/bin/gs -q -r200x200 -g{WIDTH}x{LENGTH} -dPDFFitPage -dNOPAUSE -dBATCH -dSAFER"
    " -sDEVICE=tiffg4 -sOutputFile=$TO -- $FROM",
    "validate_pdf_command": "gs -dNOPAUSE -dBATCH -sDEVICE=nullpage $FILE",
    "convert_tiff_command": "tiff2pdf -o $TO $FROM",
    "validate_tiff_command": "tiffinfo $FILE",
    "convert_openoffice_command": "libreoffice --headless --convert-to pdf $FROM --outdir $WORKDIR",
}
"""The commands of a zone that configures none (kz_fax_converter.hrl), by their keys below `fax`."""

NAMED = (
    "convert_image_command",
    "convert_openoffice_command",
    "convert_pdf_command",
    "convert_tiff_command",
    "validate_pdf_command",
)
"""Those whose programs `versions_in_use` shows."""

_OFFICE = ("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint")
_FAX_SCHEMES = ("CCITT Group 3", "CCITT Group 4")


class ConversionFailed(SupError):
    """Failed to convert file {file} with error: {reason}"""

    file: Path | str
    reason: str


class ToolFailed(SupError):
    """Command failed with {code} error: {reason}"""

    code: int | str
    reason: str


class Converter:
    """Converts files with the zone's commands, in a directory that is removed when it is left."""

    def __init__(self, zone: Zone) -> None:
        """Read the settings."""
        self._zone = zone
        self._seconds = _seconds(zone)
        self._directory = TemporaryDirectory(prefix="sup-fax-")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Remove what was worked on."""
        self._directory.cleanup()

    def convert(self, source: Path, target: str) -> Path:
        """Return a file in the converter's directory that holds SOURCE as TARGET, image/tiff or application/pdf.

        Raises ConversionFailed, and OSError when SOURCE cannot be read.
        """
        steps = checked(source, target)
        file = self._new(source.suffix)
        shutil.copyfile(source, file)
        for step in steps:
            file = self._step(step, file, source)
        check = "validate_pdf_command" if target == PDF else "validate_tiff_command"
        self._run(check, file, self._new(".pdf"), source, "file validation failed")
        return file

    def _step(self, step: str, file: Path, source: Path) -> Path:
        if step == "tiff":
            return self._to_fax(file, source)
        if step == "convert_openoffice_command" and not is_true(_setting(self._zone, "enable_openoffice", True)):
            raise ConversionFailed(file=source, reason="openoffice compatible conversion is unsupported")
        made = self._new(".tiff" if step in ("convert_pdf_command", "convert_image_command") else ".pdf")
        self._run(step, file, made, source, "convert command failed")
        # LibreOffice names its file like its source.
        beside = file.with_suffix(made.suffix)
        return beside if not made.exists() and beside.exists() else made

    def _to_fax(self, file: Path, source: Path) -> Path:
        """Bring a TIFF into the size and encoding of a fax."""
        for _try in range(2):
            command, again = tiff_command(information(file))
            if command is None:
                return file
            made = self._new(".tiff")
            self._run(command, file, made, source, "convert command failed")
            file = made
            if not again:
                return file
        return file

    def _run(self, key: str, file: Path, made: Path, source: Path, failure: str) -> None:
        names = {"FROM": file, "TO": made, "FILE": file, "WORKDIR": self._directory.name}
        if not _succeeds(command_of(self._zone, key), names, self._seconds):
            raise ConversionFailed(file=source, reason=failure)

    def _new(self, ending: str) -> Path:
        return Path(self._directory.name, f"{secrets.token_hex(12)}{ending}")


def checked(source: Path, target: str) -> list[str]:
    """Return the steps that make TARGET of a file; raises ConversionFailed where there is no way."""
    kind = mime_types.of(source.name)
    steps = route(kind, target)
    if steps is None:
        raise ConversionFailed(file=source, reason=f"invalid conversion requested: {kind} to: {target}")
    return steps


def route(kind: str, target: str) -> list[str] | None:
    """Return the steps from one MIME type to another; None when there is no way."""
    if kind == target == TIFF:
        return ["tiff"]
    if kind == target:
        return []
    office = kind in _OFFICE or kind.startswith((OPENXML, OPENDOCUMENT))
    if target == TIFF:
        if kind.startswith("image/"):
            return ["convert_image_command"]
        to_pdf = ["convert_openoffice_command"] if office else []
        return [*to_pdf, "convert_pdf_command"] if office or kind == PDF else None
    if target == PDF:
        if kind == TIFF:
            return ["convert_tiff_command"]
        return ["convert_openoffice_command"] if office else None
    return None


def tiff_command(found: Fields) -> tuple[str | None, bool]:
    """Return the command that a TIFF needs to be a fax, None when it is one, and whether to look again then."""
    across, down = found.get("res_x", 1), found.get("res_y", 1)
    if 0 in (across, down) or across > RESOLUTION[0] or down > RESOLUTION[1]:
        return "resample_image_command", True
    if found.get("length", 0) > LENGTH or found.get("width", WIDTH) > WIDTH:
        return "large_tiff_command", False
    if found.get("width", WIDTH) < WIDTH:
        return "small_tiff_command", False
    if found.get("scheme") in _FAX_SCHEMES and found["has_pages"]:
        return None, False
    return "convert_image_command", True


def information(file: Path) -> Document:
    """Return what tiffinfo says of the first page of a TIFF. Raises ToolFailed."""
    return parse_information(_tiffinfo(file))


def parse_information(text: str) -> Document:
    """Return width, length, resolution and scheme of the first page, and whether there are pages."""
    found: Document = {"has_pages": False}
    for line in text.splitlines():
        if size := re.search(r"Image Width: (\d+) Image Length: (\d+)", line):
            found |= {"width": int(size[1]), "length": int(size[2])}
        elif dots := re.search(r"Resolution: ([\d.]+), ([\d.]+)", line):
            found |= {"res_x": to_integer(dots[1]), "res_y": to_integer(dots[2])}
        elif scheme := re.search(r"Compression Scheme: (.+)", line):
            found["scheme"] = scheme[1].strip()
        elif "Page Number:" in line:
            found["has_pages"] = True
            break
    return found


def metadata(file: Path) -> Document:
    """Return the number of pages of a file, if it is a TIFF, its size in bytes, type and ending.

    Raises OSError when it cannot be read.
    """
    size = file.stat().st_size
    kind = mime_types.of(file.name)
    try:
        pages = _tiffinfo(file).count("Page Number:") if kind == TIFF else 0
    except ToolFailed:
        pages = 0
    return {"page_count": pages, "size": size, "mimetype": kind, "filetype": file.suffix.removeprefix(".")}


def versions(zone: Zone) -> Iterator[tuple[str, str | None]]:
    """Yield the programs that the zone's commands run with what they say of their versions, None for missing ones."""
    programs = sorted({command_of(zone, key).split(" ", 1)[0] for key in NAMED})
    found = set()
    for program in programs:
        path = program if program.startswith("/") else shutil.which(program)
        if path is None:
            yield program, None
        else:
            found.add(path)
    for path in sorted(found):
        yield path, _version(path)


def command_of(zone: Zone, key: str) -> str:
    """Return one of COMMANDS as the zone has it."""
    return system_config.read(zone, CATEGORY, f"fax.{key}", COMMANDS[key], TEXT)


def directory(zone: Zone) -> Path:
    """Return where converted files are left when nothing else is said: in /tmp, or where TMPDIR says."""
    return Path(system_config.read(zone, CATEGORY, "file_cache_path", gettempdir(), TEXT))


def _setting(zone: Zone, key: str, default: object) -> Json:
    return system_config.get(zone, CATEGORY, f"fax.{key}", default)


def _seconds(zone: Zone) -> float:
    milliseconds = system_config.read(zone, CATEGORY, "fax.convert_command_timeout", 0, POSITIVE)
    return milliseconds / 1000 if milliseconds else _SECONDS


def _version(path: str) -> str | None:
    """Return the first line that a program says of its version; None when there is none."""
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else None


def _tiffinfo(file: Path) -> str:
    try:
        done = subprocess.run(
            ["tiffinfo", str(file.absolute())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ToolFailed(code="tiffinfo", reason=error.strerror or str(error)) from None
    except subprocess.TimeoutExpired:
        raise ToolFailed(code="timeout", reason=f"tiffinfo took longer than {_SECONDS} s") from None
    if done.returncode:
        raise ToolFailed(code=done.returncode, reason=done.stderr.decode("utf-8", "replace").strip())
    return done.stdout.decode("utf-8", "replace")


def _succeeds(command: str, names: Fields, seconds: float) -> bool:
    """Run a command by a shell, with NAMES in its environment; it and all that it starts end with the time."""
    environment = {**os.environ, **{key: str(each) for key, each in names.items()}}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        ["/bin/sh", "-c", command], env=environment, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    ) as process:
        try:
            return process.wait(seconds) == 0
        except BaseException as ending:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(ending, subprocess.TimeoutExpired):
                return False
            raise
