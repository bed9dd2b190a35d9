"""Bandwidth, a carrier of the number manager."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo.carriers import configuration
from kazoo_sup.kazoo.carriers.configuration import COLUMNS
from kazoo_sup.kazoo.carriers.knm_bandwidth2 import Bandwidth2
from kazoo_sup.outcome import Outcome, table, text
from kazoo_sup.terms import Charlist
from kazoo_sup.zone import Zone


@command
def configure(zone: Zone, *settings: str, verify: bool = False) -> Outcome:
    """Set SETTINGS, each written KEY=VALUE, or ask for every key; show all of them then, secrets masked.

    It needs account_id, api_username and api_password; site_id and sip_peer for orders.
    `sup knm_carriers info knm_bandwidth2` lists all keys. KEY= removes a key. The value of a secret is `-`, to be
    asked for or read from standard input, or @FILE. With --verify the carrier is asked whether it accepts all that,
    before anything is stored; without SETTINGS it is asked about what is stored.
    """
    return table(COLUMNS, configuration.configure(zone, "knm_bandwidth2", settings, verify=verify))


@command
def sites(zone: Zone) -> Outcome:
    """Print id and name of each site of the account; the id of one is the setting site_id."""
    carrier = Bandwidth2(zone)
    found = carrier.sites()
    return text(_listing(f"listing all sites for account {_account(carrier)}", found))


@command
def peers(zone: Zone, site_id: str) -> Outcome:
    """Print id and name of each SIP peer of the site SITE_ID; the id of one is the setting sip_peer."""
    carrier = Bandwidth2(zone)
    found = carrier.peers(site_id)
    return text(_listing(f"listing all peers for account {_account(carrier)}, site {terms.pretty(site_id)}", found))


def _listing(heading: str, found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Print as Kazoo's knm_bandwidth2:sites/0 and peers/1 do."""
    yield heading
    for identifier, name in found:
        yield f"Id: {terms.pretty(identifier)} Name: {terms.pretty(name)}"
    yield "done."


def _account(carrier: Bandwidth2) -> str:
    return terms.pretty(Charlist(carrier.setting("account_id")))
