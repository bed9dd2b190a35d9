"""The file of an outbound fax, attached with what is made of it to be sent.

Source: Kazoo kz_fax_attachment:save_outbound/4.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import File
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import mime_types
from kazoo_sup.kazoo.documents.mime_types import PDF, TIFF
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.faxes.fax_conversion import Converter, metadata
from kazoo_sup.kazoo.faxes.fax_jobs import DATABASE

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

ORIGINAL, FAXED, SHOWN = "original_file", "fax_file.tiff", "pdf_file.pdf"


def attach(zone: Zone, fax: Document, source: Path) -> None:
    """Attach SOURCE to an outbound fax, as it was read, with the TIFF that is sent and a PDF of that.

    The settings fax.store_fax_tiff and fax.store_fax_pdf leave these out. Raises ConversionFailed before anything is
    stored, OSError when SOURCE cannot be read, and what the door raises.
    """
    tiff, pdf = (is_true(system_config.get(zone, "fax", f"store_fax_{kind}", True)) for kind in ("tiff", "pdf"))
    with Converter(zone) as converter, changes.together(zone):
        files = [(source, f"{ORIGINAL}{source.suffix.lower()}", mime_types.of(source.name))]
        if tiff or pdf:
            faxed = converter.convert(source, TIFF)
            found = metadata(faxed)
            fax = _with_size(zone, fax, found["page_count"], found["size"])
            files += [(faxed, FAXED, TIFF)] if tiff else []
            files += [(converter.convert(faxed, PDF), SHOWN, PDF)] if pdf else []
        for path, name, kind in files:
            with path.open("rb") as content:
                fax = changes.attach(zone, DATABASE, fax, File(name, content, kind)).after or fax


def _with_size(zone: Zone, fax: Document, pages: int, size: int) -> Document:
    change = changes.edit(DATABASE, fax, lambda found: {**found, "pvt_pages": pages, "pvt_size": size})
    return changes.apply(zone, [change]).document
