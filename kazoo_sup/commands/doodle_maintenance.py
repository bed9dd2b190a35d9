"""Text messages (SMS)."""

from __future__ import annotations

import secrets

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus, system_config
from kazoo_sup.outcome import OK, Outcome, value
from kazoo_sup.zone import Zone

_CATEGORY = "doodle"
_FROM = "15552220001"


@command
def send_outbound_sms(zone: Zone, to: str, from_: str, msg: str | None = None) -> Outcome:
    """Send MSG to the number TO as from the number FROM.

    Of two arguments the second is MSG; it is sent as from the number that is configured for tests.
    """
    if msg is None:
        from_, msg = str(system_config.get(zone, _CATEGORY, "default_test_from_number", _FROM)), from_
    headers = {"Message-ID": secrets.token_hex(16), "System-ID": zone.node, "From": from_, "To": to, "Body": msg}
    bus.publish(zone, [("im.sms_outbound", headers)])
    return value(OK)


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget the callflows of all accounts, for calls and texts."""
    changes.forget(zone, *accounts.databases(zone))
    return value(OK)
