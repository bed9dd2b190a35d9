"""Dedicated IP addresses, and the accounts they are assigned to.

IP is an IPv4 or IPv6 address, ZONE and HOST are where it is.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from kazoo_sup.command import Reads, command
from kazoo_sup.errors import Conflict, UsageError
from kazoo_sup.kazoo.accounts import exists, find_or_id
from kazoo_sup.kazoo.billing import ips
from kazoo_sup.kazoo.numbers.places import NamedAccount
from kazoo_sup.outcome import NO_RETURN, Outcome, text
from kazoo_sup.zone import Zone

NewAddress = Annotated[str | None, Reads(lambda typed, _zone: ips.read(typed), "IP")]
Place = Annotated[str | None, Reads(lambda typed, _zone: typed, "ZONE")]
AnyAccount = Annotated[
    NamedAccount | None, Reads(lambda typed, zone: NamedAccount(find_or_id(typed, zone), typed), "ACCOUNT")
]


class Missing(UsageError):
    """{words} are given together or not at all"""


@command
def refresh(zone: Zone) -> Outcome:
    """Create the database of addresses if it is missing, bring its views up to date, and the accounts' copies."""
    counts: Counter[str] = Counter()
    ips.refresh(zone, counts)
    return Outcome(NO_RETURN, counts=counts)


@command
def add(zone: Zone, ip: NewAddress = None, place: Place = None, host: str | None = None) -> Outcome:
    """Add the address IP, which HOST in ZONE has, to those that are available; alone it shows how it is used."""
    if ip is None:
        return text("Please use: sup kazoo_ips_maintenance add <ip> <zone> <host>", NO_RETURN)
    if place is None or host is None:
        raise Missing(words="IP, ZONE and HOST")
    tally = ips.add(zone, ip, place, host)
    if tally.errors:
        reason = "conflict" if isinstance(tally.errors[0], Conflict) else tally.errors[0]
        return text(f"unable to add IP {ip}: {reason}")
    return text(f"added IP {ip} to available dedicated ips")


@command
def assign(zone: Zone, ip: str | None = None, account: AnyAccount = None) -> Outcome:
    """Assign the available address IP to ACCOUNT; alone it shows how it is used."""
    if ip is None:
        return text("Please use: sup kazoo_ips_maintenance assign <ip> <account>", NO_RETURN)
    if account is None:
        raise Missing(words="IP and ACCOUNT")
    if not exists(zone, account.id):
        return text("unable to find account: not_found", NO_RETURN)
    return _done(f"assigned IP {ip} to {account.said}", "assign", ips.assign, zone, ip, account.id)


@command
def release(zone: Zone, ip: str | None = None) -> Outcome:
    """Take the address IP back from its account; alone it shows how it is used."""
    if ip is None:
        return text("Please use: sup kazoo_ips_maintenance release <ip>", NO_RETURN)
    return _done(f"released IP {ip}", "release", ips.release, zone, ip)


@command
def delete(zone: Zone, ip: str | None = None) -> Outcome:
    """Delete the address IP, and the copy of the account that it is assigned to; alone it shows how it is used."""
    if ip is None:
        return text("Please use: sup kazoo_ips_maintenance delete <ip>", NO_RETURN)
    return _done(f"deleted IP {ip}", "delete", ips.delete, zone, ip)


@command
def summary(zone: Zone, host: str | None = None) -> Outcome:
    """List all addresses, or those of HOST: where each is, and whose."""
    return text(ips.summary(zone, host), NO_RETURN)


def _done(line: str, verb: str, work: Any, *arguments: Any) -> Outcome:
    try:
        work(*arguments)
    except ips.Refused as reason:
        line = f"unable to {verb} IP: {reason}"
    return text(line, NO_RETURN)
