"""Bandwidth, a carrier of the number manager."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo.carriers import bandwidth_xml, configuration
from kazoo_sup.kazoo.carriers.configuration import COLUMNS
from kazoo_sup.kazoo.carriers.knm_bandwidth2 import Bandwidth2
from kazoo_sup.results import Answer, Listing
from kazoo_sup.terms import Charlist
from kazoo_sup.zone import Zone


@command
def configure(zone: Zone, *settings: str, verify: bool = False) -> Listing:
    """Set SETTINGS, each written KEY=VALUE, or ask for every key; show all of them then, secrets masked.

    It needs account_id, client_id and client_secret; site_id and sip_peer for orders. api_username and api_password are
    taken by Bandwidth until 2 December 2026 only.
    `sup knm_carriers info knm_bandwidth2` lists all keys. KEY= removes a key. The value of a secret is `-`, to be
    asked for or read from standard input, or @FILE. With --verify the carrier is asked whether it accepts all that,
    before anything is stored; without SETTINGS it is asked about what is stored.
    """
    return Listing(COLUMNS, configuration.configure(zone, "knm_bandwidth2", settings, verify=verify))


@command
def sites(zone: Zone) -> Answer:
    """Print id and name of each site of the account; the id of one is the setting site_id."""
    carrier = Bandwidth2(zone)
    found = carrier.sites()
    return _answer(terms.formatted("listing all sites for account ~p", _account(carrier)), found)


@command
def peers(zone: Zone, site_id: str) -> Answer:
    """Print id and name of each SIP peer of the site SITE_ID; the id of one is the setting sip_peer."""
    carrier = Bandwidth2(zone)
    found = carrier.peers(site_id)
    heading = terms.formatted("listing all peers for account ~p, site ~p", _account(carrier), site_id)
    return _answer(heading, found)


@command
def orders(zone: Zone, customer_order_id: str = "") -> Listing:
    """List the account's last orders, or those with CUSTOMER_ORDER_ID, the order_id in a number's carrier data."""
    found = list(Bandwidth2(zone).orders(customer_order_id))
    columns = dict.fromkeys(name for each in found for name in each)
    return Listing(tuple(columns) or ("orderId",), found)


@command
def order(zone: Zone, order_id: str) -> Listing:
    """Show the order ORDER_ID, by Bandwidth's id of it: how far it is, its numbers, and why it failed."""
    return _order(Bandwidth2(zone).order(order_id))


@command
def disconnect_order(zone: Zone, order_id: str) -> Listing:
    """Show the order ORDER_ID that gives numbers back, by Bandwidth's id of it."""
    return _order(Bandwidth2(zone).disconnect_order(order_id))


def _order(root: Element) -> Listing:
    shown = {
        "id": bandwidth_xml.identifier(root),
        "status": bandwidth_xml.status(root),
        "numbers": bandwidth_xml.listed(root),
        "errors": bandwidth_xml.errors(root),
    }
    return Listing(("key", "value"), ({"key": key, "value": value} for key, value in shown.items()))


def _answer(heading: str, found: Iterable[tuple[str, str]]) -> Answer:
    known = list(found)
    return Answer(data=[{"id": each, "name": name} for each, name in known], lines=list(_listing(heading, known)))


def _listing(heading: str, found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Print as Kazoo's knm_bandwidth2:sites/0 and peers/1 do."""
    yield heading
    for identifier, name in found:
        yield terms.formatted("Id: ~p Name: ~p", identifier, name)
    yield "done."


def _account(carrier: Bandwidth2) -> Charlist:
    return Charlist(carrier.setting("account_id"))
