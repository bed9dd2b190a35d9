"""Devices and resources that authenticate by the address they call from.

Source: Kazoo kapps_util:get_ccvs_by_ip/1.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.types import Json
    from kazoo_sup.zone import Zone

_CATEGORY = "registrar"
_NOT_FOUND = Atom("not_found")


def lookup(zone: Zone, ip: str) -> tuple[dict[str, str], Json]:
    """Return the channel variables that a call from IP gets, and why there are none: an Erlang term, else None."""
    rows = []
    if _setting(zone, "use_aggregate"):
        with suppress(NotFound):  # as in Kazoo, a view that is missing knows nobody
            rows = list(views.rows(zone, "sip_auth", "credentials", "lookup_by_ip", key=ip))
    if not rows:
        return {}, _NOT_FOUND
    row, said = rows[0], rows[0].get("value") or {}
    account, owner, kind = said.get("account_id"), said.get("owner_id"), said.get("authorizing_type") or "anonymous"
    if reason := _disabled(zone, account, owner, row["id"] if kind == "device" else None):
        return {}, reason
    found = {
        "Account-ID": account,
        "Owner-ID": owner,
        "Authorizing-ID": row["id"],
        "Inception": "on-net",
        "Authorizing-Type": kind,
    }
    return {key: each for key, each in found.items() if each is not None}, None


def _disabled(zone: Zone, account: str | None, owner: str | None, device: str | None) -> tuple[Atom, str] | None:
    if account is None:
        return None
    if (accounts.definition(zone, account) or {}).get("enabled", True) is False:
        return Atom("account_disabled"), account
    database = plain(account_database(account))
    for kind, identifier in (("owner", owner), ("device", device)):
        if identifier is not None:
            document = zone.couchdb.get(database, identifier) or {}
            if not document.get("enabled", _setting(zone, f"{kind}_enabled_default")):
                return Atom(f"{kind}_disabled"), identifier
    return None


def _setting(zone: Zone, key: str) -> bool:
    return is_true(system_config.get(zone, _CATEGORY, key, True))
