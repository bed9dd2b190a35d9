"""Whose a phone number is.

Source: Kazoo knm_number:lookup_account/1, knm_port_request:get/1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.numbers import e164, port_requests
from kazoo_sup.messages.names import number_database, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


class NoAccount(LookupError):
    """A number belongs to no account; the argument is Kazoo's word for why."""


def account_of(zone: Zone, text: str) -> str:
    """Return the id of the account to which a number is assigned, in service or not, or else is being ported.

    TEXT is a number as the zone's converters read it. Raises NoAccount: `not_found`, `unassigned`, or
    `invalid_db_name` for what is too short to be a number.
    """
    number = e164.converted(text, zone)
    database = number_database(number)
    if database is None:
        raise NoAccount("invalid_db_name")
    document = zone.couchdb.get(plain(database), number)
    if document is None:
        return _ported_by(zone, number)
    account = document.get("pvt_assigned_to")
    if not account:
        raise NoAccount("unassigned")
    return str(account)


def _ported_by(zone: Zone, number: str) -> str:
    """Return the account that ports a number in: the only one of an active request, as Kazoo takes no other."""
    if system_config.get(zone, "number_manager", "fetch_account_from_ports", True) in (True, "true"):
        try:
            rows = list(views.rows(zone, port_requests.DATABASE, "port_requests", "port_in_numbers", key=number))
        except NotFound:
            rows = []
        if len(rows) == 1 and rows[0]["value"]:
            return str(rows[0]["value"])
    raise NoAccount("not_found")
