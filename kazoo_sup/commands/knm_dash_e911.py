"""Dash, where the emergency addresses of numbers are: the provider of e911 unless a reseller has chosen another."""

from __future__ import annotations

from functools import partial

from kazoo_sup.command import command
from kazoo_sup.kazoo.carriers import configuration
from kazoo_sup.kazoo.carriers.configuration import COLUMNS
from kazoo_sup.kazoo.numbers.feature_services.knm_dash_e911 import DashE911
from kazoo_sup.results import Listing
from kazoo_sup.zone import Zone


@command
def configure(zone: Zone, *settings: str, verify: bool = False) -> Listing:
    """Set SETTINGS, each written KEY=VALUE, or ask for every key; show all of them then, secrets masked.

    It needs auth_username and auth_password; emergency_provisioning_url and debug are its other keys.
    KEY= removes a key. The value of a secret is `-`, to be asked for or read from standard input, or @FILE. With
    --verify dash is asked whether it accepts all that, before anything is stored; without SETTINGS it is asked about
    what is stored.
    """
    return Listing(COLUMNS, configuration.configure_by(zone, partial(DashE911, zone), settings, verify=verify))
