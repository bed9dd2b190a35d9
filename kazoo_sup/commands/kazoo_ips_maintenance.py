"""Dedicated IP addresses, and the accounts they are assigned to.

IP is an IPv4 or IPv6 address, ZONE and HOST are where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from kazoo_sup.arguments.reads import Reads, named
from kazoo_sup.command import command
from kazoo_sup.errors import UsageError
from kazoo_sup.kazoo.accounts import NamedAccount, exists, find_or_id
from kazoo_sup.kazoo.billing import ips
from kazoo_sup.results import NO_RETURN, Answer, Done
from kazoo_sup.texts import ips as texts_of_ips
from kazoo_sup.zone import Zone

NewAddress = Annotated[str | None, Reads(lambda typed, _zone: ips.read(typed), "IP")]
Place = Annotated[str | None, Reads(named, "ZONE")]
AnyAccount = Annotated[
    NamedAccount | None, Reads(lambda typed, zone: NamedAccount(find_or_id(typed, zone), typed), "ACCOUNT")
]


class NotTogether(UsageError):
    """{words} are given together or not at all"""

    words: str


@command
def refresh(zone: Zone) -> Done:
    """Create the database of addresses if it is missing, bring its views up to date, and the accounts' copies."""
    return Done(NO_RETURN, report=ips.refresh(zone))


@command
def add(zone: Zone, ip: NewAddress = None, place: Place = None, host: str | None = None) -> Answer | Done:
    """Add the address IP, which HOST in ZONE has, to those that are available; without words it shows its usage."""
    if ip is None:
        return Answer(NO_RETURN, lines=["Please use: sup kazoo_ips_maintenance add <ip> <zone> <host>"])
    if place is None or host is None:
        raise NotTogether(words="IP, ZONE and HOST")
    try:
        ips.add(zone, ip, place, host)
    except ips.Refused as reason:
        return Done(lines=[f"unable to add IP {ip}: {reason}"])
    return Done(lines=[f"added IP {ip} to available dedicated ips"])


@command
def assign(zone: Zone, ip: str | None = None, account: AnyAccount = None) -> Answer | Done:
    """Assign the available address IP to ACCOUNT; without words it shows its usage."""
    if ip is None:
        return Answer(NO_RETURN, lines=["Please use: sup kazoo_ips_maintenance assign <ip> <account>"])
    if account is None:
        raise NotTogether(words="IP and ACCOUNT")
    if not exists(zone, account.id):
        return Answer(NO_RETURN, lines=["unable to find account: not_found"])
    return _done(f"assigned IP {ip} to {account.said}", "assign", ips.assign, zone, ip, account.id)


@command
def release(zone: Zone, ip: str | None = None) -> Answer | Done:
    """Take the address IP back from its account; without words it shows its usage."""
    if ip is None:
        return Answer(NO_RETURN, lines=["Please use: sup kazoo_ips_maintenance release <ip>"])
    return _done(f"released IP {ip}", "release", ips.release, zone, ip)


@command
def delete(zone: Zone, ip: str | None = None) -> Answer | Done:
    """Delete the address IP, and the copy of the account that it is assigned to; without words it shows its usage."""
    if ip is None:
        return Answer(NO_RETURN, lines=["Please use: sup kazoo_ips_maintenance delete <ip>"])
    return _done(f"deleted IP {ip}", "delete", ips.delete, zone, ip)


@command
def summary(zone: Zone, host: str | None = None) -> Answer:
    """List all addresses, or those of HOST: where each is, and whose."""
    found = ips.listed(zone, host)
    return Answer(NO_RETURN, lines=texts_of_ips.table(found), data=found)


def _done(line: str, verb: str, work: Callable[..., object], *arguments: object) -> Done:
    try:
        work(*arguments)
    except ips.Refused as reason:
        line = f"unable to {verb} IP: {reason}"
    return Done(NO_RETURN, lines=[line])
