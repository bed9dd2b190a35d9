"""Converting files to what is faxed, with the programs of this host."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.documents import mime_types
from kazoo_sup.results import NO_RETURN, Answer, Done, Result
from kazoo_sup.settings import own_files
from kazoo_sup.terms import Atom
from kazoo_sup.texts import faxes
from kazoo_sup.zone import Zone


@command
def read_tiff_info(file: Path) -> Result:
    """Show the size, resolution and encoding of the TIFF FILE, as tiffinfo knows it."""
    from kazoo_sup.kazoo.faxes import fax_conversion

    found = fax_conversion.information(file)
    return Answer(lines=(f"{key}: {_said(found[key])} " for key in sorted(found)))


@command
def read_metadata(file: Path) -> Result:
    """Show the number of pages, the size in bytes, the MIME type and the ending of FILE."""
    from kazoo_sup.kazoo.faxes import fax_conversion

    try:
        found = fax_conversion.metadata(file)
    except OSError as error:
        raise BadArgument(parameter="FILE", reason=f"{file}: {error.strerror}") from None
    return Answer(lines=(terms.formatted("~s: ~p ", key, each) for key, each in found.items()))


@command
def convert_fax_file(
    zone: Zone, from_file: Path, to_format: str, work_dir: Path | None = None, to_filename: str | None = None
) -> Done:
    """Convert FROM_FILE to TO_FORMAT, tiff or pdf, as a fax is; show where it is.

    It is left in WORK_DIR or the zone's directory for such files, under a random name or TO_FILENAME, which may be a
    whole path.
    """
    from kazoo_sup.kazoo.faxes import fax_conversion
    from kazoo_sup.kazoo.faxes.fax_conversion import Converter

    directory = fax_conversion.directory(zone) if work_dir is None else work_dir
    ending = to_format.removeprefix(".").lower()
    target = Path(directory, to_filename or f"{secrets.token_hex(12)}.{ending}")
    kind = mime_types.of(f"a.{ending}")

    def convert() -> None:
        with Converter(zone) as converter:
            made = converter.convert(from_file, kind)
            with own_files.replacing(target) as whole, made.open("rb") as content:
                shutil.copyfileobj(content, whole)

    try:
        from_file.stat()
        fax_conversion.checked(from_file, kind)
        changes.act_here(zone.run, f"convert {from_file} to {target}", convert)
    except OSError as error:
        raise BadArgument(parameter="FROM_FILE", reason=f"{error.filename}: {error.strerror}") from None
    return Done(lines=[f"Successfully converted {from_file} to {target}"])


@command
def versions_in_use(zone: Zone) -> Result:
    """Show the version of each program that converts faxes, and which are missing on this host."""
    from kazoo_sup.kazoo.faxes import fax_conversion

    return Answer(NO_RETURN, lines=faxes.versions(fax_conversion.versions(zone)))


def _said(value: object) -> str:
    if isinstance(value, bool):
        return Atom("true" if value else "false")
    return str(value)
