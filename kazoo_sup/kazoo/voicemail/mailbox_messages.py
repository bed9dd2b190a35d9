"""Messages of mailboxes as Kazoo 4.3 keeps them: documents of the databases of their months.

Source: Kazoo kzd_box_message:new/2, build_metadata_object/6, kvm_migrate_account:create_message/2.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import gregorian, mime_types, now, stamped
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields

TYPE = "mailbox_message"
RECOVERED = "Recovered Voicemail Message"
_NOWHERE = "nodomain"


def name(mailbox: object, timezone: str, seconds: int) -> str:
    """Return a message's name: its mailbox and when it was left there (kzd_box_message:create_message_name/3)."""
    moment, ending = gregorian.moment(seconds), ""
    try:
        moment = moment.astimezone(ZoneInfo(timezone))
    except (KeyError, ValueError, OSError):  # all that ZoneInfo raises for an unknown name
        ending = " UTC"
    time = f"{moment.hour}:{moment.minute}:{moment.second}"
    return f"mailbox {'' if mailbox is None else mailbox} message {moment:%Y-%m-%d} {time}{ending}"


def moved(account: str, legacy: Fields, *, timezone: str, extension: str, node: str) -> Document:
    """Return the document for a message that an earlier version kept in its mailbox, of an account's id.

    LEGACY is what the view of such messages says of one, its `metadata` with `media_id` and `timestamp`. The audio
    stays where it is; the document has a link to it. TIMEZONE is for mailboxes that have none.
    """
    metadata = dict(legacy["metadata"])
    media, seconds = metadata["media_id"], metadata["timestamp"]
    identifier = f"{months.of_time(seconds)}-{media}"
    file = f"{secrets.token_hex(16)}.{extension}"
    made: Document = {
        "_id": identifier,
        "name": name(legacy.get("mailbox"), str(legacy.get("timezone") or timezone), seconds),
        "description": "voicemail message with media",
        "source_type": "voicemail",
        "source_id": legacy["source_id"],
        "media_source": "recording",
        "media_filename": file,
        "streamable": True,
        "utc_seconds": seconds,
    }
    database = f"{account}-{months.of_time(seconds)}"
    link = {"kz_att_link": {"att_dbname": account_database(account), "att_docid": media}}
    stub = {"content_type": mime_types.of(file), "length": 0, "stub": False, "handler": link}
    return {
        **stamped(made, database, node=node, document_type=TYPE, account=account),
        "pvt_created": seconds,
        "pvt_modified": seconds,
        "metadata": {**metadata, "media_id": identifier},
        "pvt_moved_to_modb": "true",
        "pvt_previous_id": media,
        "pvt_attachments": {file: stub},
    }


def recovered(message: Document, number: str) -> Document | None:
    """Return a message that has lost its metadata with others in their place; None when it has no audio.

    NUMBER stands for whoever has left it. Source: kazoo_voicemail_maintenance:rebuild_message_metadata/2.
    """
    files = message.get("_attachments") or message.get("pvt_attachments") or {}
    if not files:
        return None
    stub = next(iter(files.values()))
    address = {"": f"{number}@{_NOWHERE}", "_user": number, "_realm": _NOWHERE}
    metadata = {
        "media_id": message["_id"],
        "call_id": secrets.token_hex(12),
        "caller_id_name": RECOVERED,
        "caller_id_number": number,
        **{f"from{part}": each for part, each in address.items()},
        "length": stub.get("length", 0),
        "timestamp": message.get("pvt_created", now()),
        **{f"to{part}": each for part, each in address.items()},
        "folder": "new",
    }
    return {**message, "metadata": metadata}
