"""The templates of the application notify, teletype's predecessor: files of it, merged into system_config/notify.*.

Source: Kazoo notify_maintenance:refresh_template/0. Notify also knows the texts that its files held in former versions,
and updates a document that still has one of them; here a text that is not the file's counts as edited by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo import erlang_config, view_registrations
from kazoo_sup.kazoo.system_config import DATABASE, DEFAULT

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

APPLICATION = "notify"

_FILE, _ENDING, _ID = "notify_", ".config", "notify."
_MODULES = """
cnam_request deregister fax_inbound_error_to_email fax_inbound_to_email fax_outbound_error_to_email
fax_outbound_to_email first_occurrence low_balance new_account password_recovery port_cancel port_request ported
system_alert topup transaction voicemail_full voicemail_to_email
"""
"""The modules of notify, but for their beginning."""

_TEXTS = ("default_text_template", "default_html_template", "default_subject_template")


class NotInstalled(Declined):
    """the templates are files of the application notify, which is not installed here"""


class BadTemplate(SupError):
    """{file}: {reason}"""


def refresh(zone: Zone, counts: Counter[str]) -> Iterator[str]:
    """Add to the documents what they lack of the templates in the files; yield what Kazoo prints.

    Raises NotInstalled. A file that cannot be read is passed over, as in Kazoo, and told of.
    """
    directory = view_registrations.installed(APPLICATION)
    if directory is None:
        raise NotInstalled
    place = directory / "priv"
    yield f"searching for docs in: {terms.dumps(DATABASE)} "
    listed = zone.couchdb.documents(DATABASE, start=_ID, end=f"{_ID}\ufff0", include_docs=False)
    ids = {each["_id"] for each in listed}
    yield f"searching for files in: {terms.dumps(terms.Charlist(str(place)))} "
    files = sorted(place.glob(f"{_FILE}*"))
    yield "matching now"
    matched = []
    for file in files:
        name = file.name.removeprefix(_FILE).removesuffix(_ENDING)
        found, known = f"{_ID}{name}" in ids, _is_module(directory, name)
        yield _matching(file.name, found=found, known=known)
        if known:
            matched.append((file, f"{_ID}{name}"))
    yield "comparing now"
    for file, identifier in matched:
        yield from _compared(zone, file, identifier, counts)


def _is_module(directory: Path, name: str) -> bool:
    return name in _MODULES.split() or (directory / "ebin" / f"{_FILE}{name}.beam").is_file()


def _matching(file: str, *, found: bool, known: bool) -> str:
    if found and known:
        return f"found doc & module for template file: '{file}' "
    if known:
        return f"did not found doc but module exist for template file: '{file}', adding... "
    if found:
        return f"did not module for template file: '{file}', ignoring... "
    return f"did not found doc & module for template file: '{file}', ignoring... "


def _compared(zone: Zone, file: Path, identifier: str, counts: Counter[str]) -> Iterator[str]:
    try:
        wanted = templates(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        zone.run.warn(str(BadTemplate(file=file, reason=error)))
        yield f"comparing, failed to open template: {file.name}"
        return
    stored = zone.couchdb.get(DATABASE, identifier)
    if stored is None:
        yield f"comparing, failed to open document (does not exist): {identifier}"
    else:
        yield f"comparing, found template & doc: {file.name} & {identifier}"
    lines, document = merged(wanted, stored or {"_id": identifier, DEFAULT: {}})
    yield from lines
    again = partial(_again, wanted, identifier)
    tally = changes.apply(zone, [Change(DATABASE, document, stored, again)])
    counts.update(tally.counts)
    yield f"doc {identifier} failed to update: conflict" if tally.errors else f"doc {identifier} updated"


def templates(text: str) -> dict[str, Any]:
    """Return the keys and values of a template's file. Raises ValueError for what is none."""
    found = {}
    for term in erlang_config.read(text):
        if not (isinstance(term, tuple) and len(term) == 2):  # noqa: PLR2004 - a key and a value
            raise ValueError("it holds something else than pairs of a key and a value")
        found[str(term[0])] = term[1]
    return found


def merged(wanted: dict[str, Any], document: Document) -> tuple[list[str], Document]:
    """Return what Kazoo prints of each key, and the document with those it lacks."""
    lines, section = [], dict(document.get(DEFAULT) or {})
    for key, value in wanted.items():
        if key not in section:
            lines.append(f"key: '{key}' not found in jobj adding file template value")
            section[key] = value
        elif key not in _TEXTS:
            lines.append("default template is undefined")
            lines.append(f"key: '{key}' one of the templates is undefined, ignoring...")
        elif section[key] == value:
            lines.append(f"key: '{key}' file & doc value are equal, ignoring...")
        else:
            lines.append(f"key: '{key}' doc manually updated, ignoring...")
    return lines, document if section == document.get(DEFAULT) else {**document, DEFAULT: section}


def _again(wanted: dict[str, Any], identifier: str, stored: Document | None) -> Document:
    return merged(wanted, stored or {"_id": identifier, DEFAULT: {}})[1]
