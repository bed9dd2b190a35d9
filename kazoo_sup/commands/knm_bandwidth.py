"""Bandwidth over its old API, which is gone: use knm_bandwidth2, which has the numbers of knm_bandwidth, too."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.carriers import configuration
from kazoo_sup.kazoo.carriers.configuration import COLUMNS
from kazoo_sup.results import Listing
from kazoo_sup.zone import Zone


@command
def configure(zone: Zone, *settings: str, verify: bool = False) -> Listing:
    """Set SETTINGS, each written KEY=VALUE, or ask for every key; show all of them then, secrets masked.

    Bandwidth has this interface no longer: it is asked only at a numbers_api_url of your own, with developer_key.
    Otherwise use knm_bandwidth2, which has the numbers of knm_bandwidth, too.
    `sup knm_carriers info knm_bandwidth` lists all keys. KEY= removes a key. The value of a secret is `-`, to be
    asked for or read from standard input, or @FILE. With --verify the carrier is asked whether it accepts all that,
    before anything is stored; without SETTINGS it is asked about what is stored.
    """
    return Listing(COLUMNS, configuration.configure(zone, "knm_bandwidth", settings, verify=verify))
