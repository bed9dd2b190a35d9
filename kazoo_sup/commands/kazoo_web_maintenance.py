"""Kazoo's own HTTP client: the addresses and hosts that it must not reach."""

from __future__ import annotations

from ipaddress import ip_network

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import TEXTS
from kazoo_sup.results import Answer, Result
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

CATEGORY = "kazoo_web"
ADDRESSES, HOSTS = "client.blacklist.cidrs", "client.blacklist.hosts"
_DEFAULTS: dict[str, list[str]] = {ADDRESSES: ["127.0.0.1/32", "0.0.0.0/32"], HOSTS: ["localhost"]}


@command
def blacklist_client_ip(zone: Zone, cidr: str) -> Result:
    """Keep HTTP clients from the addresses CIDR, as 192.0.2.0/24; answers the list (exit code 2)."""
    if not _is_cidr(cidr):
        return Answer(Atom("error"), lines=[f"Please use CIDR notation (maybe {cidr}/32)"])
    return _add(zone, ADDRESSES, cidr)


@command
def blacklist_client_host(zone: Zone, host: str) -> Result:
    """Keep HTTP clients from HOST; answers the list (exit code 2)."""
    return _add(zone, HOSTS, host)


@command
def show_client_blacklists(zone: Zone) -> Result:
    """Show what HTTP clients are kept from."""
    addresses, hosts = _listed(zone, ADDRESSES), _listed(zone, HOSTS)
    lines = ["CLient Blacklists:", _line("CIDRS: ", addresses), _line("Hosts: ", hosts)]
    return Answer(lines=lines, data={"cidrs": addresses, "hosts": hosts})


def _is_cidr(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return "/" in text


def _listed(zone: Zone, key: str) -> list[str]:
    return system_config.read(zone, CATEGORY, key, list(_DEFAULTS[key]), TEXTS)


def _add(zone: Zone, key: str, entry: str) -> Answer:
    listed = _listed(zone, key)
    if entry not in listed:
        listed = [entry, *listed]
        system_config.set_value(zone, CATEGORY, key, listed, section=system_config.DEFAULT, always=True)
    return Answer(listed)


def _line(label: str, listed: list[str]) -> str:
    return terms.formatted("~s~p", label, listed)
