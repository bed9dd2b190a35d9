"""Text messages: what doodle keeps in its cache, and sending one to try."""

from __future__ import annotations

import os

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus, system_config
from kazoo_sup.outcome import OK, Outcome, value
from kazoo_sup.zone import Zone

_DEFAULT_FROM = "15552220001"


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget the accounts' documents that doodle knows."""
    changes.forget(zone, *accounts.databases(zone))
    return value(OK)


@command
def send_outbound_sms(zone: Zone, to: str, from_: str, msg: str | None = None) -> Outcome:
    """Send the text MSG from the number FROM to TO; with two arguments, TO and MSG, from the configured test number."""
    sender, body = (from_, msg) if msg is not None else (_test_number(zone), from_)
    sent = {"Message-ID": os.urandom(16).hex(), "System-ID": zone.node, "From": sender, "To": to, "Body": body}
    bus.publish(zone, [("im.sms_outbound", sent)])
    return value(OK)


def _test_number(zone: Zone) -> str:
    return str(system_config.get(zone, "doodle", "default_test_from_number", _DEFAULT_FROM))
