"""From where FreeSWITCH gets a prompt: the account's own recording, its reseller's, or the system's, by language.

Source: Kazoo kz_media_map:prompt_path/3, kz_media_url:playback/2, kz_media_file, kz_media_util, kz_couch_attachments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.media.prompt_languages import default_language
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

SYSTEM = "system_media"

_PAIR = re.compile(r"(.{5})_.{5}")
_REGIONAL = re.compile(r"(..)-..")


class NoUrl(LookupError):
    """There is no URL; the argument is Kazoo's word for why."""


def url(zone: Zone, prompt: str, account: str | None, language: str) -> str:
    """Return the URL of a prompt for an account (an id), or for everybody.

    Where FreeSWITCH gets it from CouchDB that is this zone's; where a node serves it, one is asked. Raises NoUrl.
    """
    found = find(zone, prompt, account, language.lower())
    if found is None:
        raise NoUrl("invalid_media_name")
    database, identifier = found
    document = zone.couchdb.get(plain(database), identifier)
    if document is None:
        raise NoUrl("not_found")
    attachments = {**(document.get("pvt_attachments") or {}), **(document.get("_attachments") or {})}
    if not attachments:
        raise NoUrl("no_data")
    name, attachment = next(iter(attachments.items()))
    direct = is_true(system_config.get(zone, "kazoo_couch", "use_bigcouch_direct", default=True))
    if not direct or (isinstance(attachment, dict) and attachment.get("handler")):
        return _of_a_node(zone, f"prompt://{account or SYSTEM}/{prompt}/{language}")
    base = zone.settings.couchdb[0].url.rstrip("/")
    return f"{base}/{database}/{quote(identifier, safe='')}/{quote(name, safe='')}?rev={document['_rev']}"


def find(zone: Zone, prompt: str, account: str | None, language: str) -> tuple[str, str] | None:
    """Return the database and the id of a prompt's document, in the language that comes closest."""
    system = _languages(zone, SYSTEM, prompt)
    keys = languages(language)
    seen: set[str] = set()
    while account is not None and account not in seen:
        seen.add(account)
        # An account that has none of its own has the system's.
        own = {**system, **_languages(zone, account_database(account), prompt)}
        if known := _first(own, keys):
            return known
        account = services.reseller_id(zone, account)
    return _first(system, [*keys, default_language(zone)])


def languages(language: str) -> list[str]:
    """Return what is looked for in turn: en-us_fr-fr, en-us, en (Kazoo kz_media_map:language_keys/1)."""
    found = [language]
    while match := _PAIR.fullmatch(found[-1]) or _REGIONAL.fullmatch(found[-1]):
        found.append(match[1])
    return found


def _languages(zone: Zone, database: str, prompt: str) -> dict[str, tuple[str, str]]:
    """Return where a prompt is in a database, by language."""
    query: Document = {"start": [prompt], "end": [prompt, {}], "include_docs": True}
    rows = views.rows_if_any(zone, database, "media", "listing_by_prompt", **query)
    documents: list[Document] = [row["doc"] for row in rows if row.get("doc")]
    default = default_language(zone)
    return {str(each.get("language") or default).lower(): (database, each["_id"]) for each in documents}


def _first(found: dict[str, tuple[str, str]], keys: list[str]) -> tuple[str, str] | None:
    return next((found[key] for key in keys if key in found), None)


def _of_a_node(zone: Zone, name: str) -> str:
    answer = bus.request(zone, "media.req", {"Media-Name": name})
    if "Stream-URL" not in answer:
        raise NoUrl(str(value_at(answer, ["Error-Code"], "other")))
    return str(answer["Stream-URL"])
