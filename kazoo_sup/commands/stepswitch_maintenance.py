"""Calls to and from carriers: whose a number is, which carriers a number is sent to, and their resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.arguments.reads import Reads
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.documents import shapes
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.kazoo.ecallmgr.acls import is_ip
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.kazoo.numbers import classification, e164, routed_to
from kazoo_sup.kazoo.offnet import resources, routing
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import Answer, BulkReport, Done, Result
from kazoo_sup.terms import Atom
from kazoo_sup.terms.columns import shown
from kazoo_sup.texts import offnet
from kazoo_sup.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

_APP = "stepswitch"
_ROUTE_BY = "stepswitch_resources"


def _read_dialled(word: str, _zone: object) -> str:
    if not word.strip():
        raise ValueError("it is empty")
    return word


Dialled = Annotated[str, Reads(_read_dialled)]
"""A number as it is dialled, which the zone's converters read."""


@command
def lookup_number(zone: Zone, number: Dialled) -> Result:
    """Print the account that gets calls to NUMBER, and what is known of the number."""
    wanted = e164.converted(number, zone)
    try:
        route = routed_to.look_up(zone, wanted)
    except routed_to.Unrouted as nowhere:
        if nowhere.reason == routed_to.NOT_FOUND:
            return Answer(lines=["number not found"])
        return Answer((Atom("error"), nowhere.reason))
    facts = {
        "Account-ID": route.account,
        "classification": classification.classify(wanted, classification.available(zone)),
        **route.properties,
    }
    if facts["classification"] is None:
        del facts["classification"]
    return Answer(lines=[offnet.field(key, each) for key, each in facts.items()], data=facts)


@command
def number_tree(zone: Zone, did: Dialled) -> Answer:
    """Print the accounts above the one that gets calls to DID, the topmost first."""
    try:
        account = routed_to.look_up(zone, e164.converted(did, zone)).account
    except routed_to.Unrouted:
        return Answer(lines=[f"DID {did} was not found"])
    document = zone.couchdb.get(accounts.DATABASE, account)
    if document is None:
        return Answer(lines=[f"failed to find account doc for {account}({did})"])
    above = [(each, (accounts.definition(zone, each) or {}).get("name")) for each in shapes.ancestors_of(document)]
    tree = "".join(f" {shown(name)}({each}) ->" for each, name in above)
    return Answer(lines=[f"{did} tree {tree} {shown(document.get('name'))}({account})"])


@command
def process_number(
    zone: Zone, number: Dialled, account: AccountId | None = None, *, caller_id: str | None = None
) -> Result:
    """Print the endpoints to which a call to NUMBER is sent, over ACCOUNT's own resources where it is given.

    CALLER_ID is the caller's number, for resources that are chosen by it; without it these are left out.
    """
    found = _resources(zone, account)
    route_by = system_config.read(zone, _APP, "route_by", _ROUTE_BY, TEXT)
    if route_by != _ROUTE_BY:
        zone.run.warn(f"this zone routes by {route_by}, which this does not follow")
    if caller_id is None and any(each.cid_rules for each in found):
        zone.run.hint("some resources are chosen by the caller's number: see --caller-id")
    wanted = e164.converted(number, zone)
    kind = classification.classify(wanted, classification.available(zone))
    endpoints = routing.endpoints(found, routing.Call(wanted, number, kind, zone.name, caller_id))
    shown_ones = [offnet.without_password(each) for each in endpoints]
    return Answer(lines=offnet.blocks(shown_ones), data=shown_ones)


@command
def resources_(zone: Zone) -> Result:
    """Print every global resource that is enabled, the cheapest first."""
    found = sorted(_resources(zone, None), key=lambda each: each.weight)
    facts = [offnet.resource_facts(each) for each in found]
    return Answer(lines=offnet.blocks(facts), data=facts)


@command
def reverse_lookup(zone: Zone, thing: str) -> Result:
    """Print the resource whose calls come from THING, an address or a realm."""
    realm = None if is_ip(thing) else thing
    found = routing.caller(_resources(zone, None), thing, realm)
    if found is None and realm is not None:
        found = routing.caller(resources.of_realm(zone, realm), thing, realm)
    if found is None:
        return Answer(lines=["resource not found"])
    facts = offnet.gateway_facts(*found)
    return Answer(lines=[offnet.field(key, each) for key, each in facts.items()], data=facts)


@command
def reload_resources(zone: Zone, account: AccountId | None = None) -> Done:
    """Make every node read the global resources again, or those of ACCOUNT."""
    changes.forget(zone, resources.GLOBAL if account is None else account_database(account))
    return Done()


@command
def flush(zone: Zone) -> Done:
    """Make every node forget the resources, global and of all accounts."""
    changes.forget(zone, resources.GLOBAL, *accounts.databases(zone))
    return Done()


@command
def register_views(zone: Zone) -> Done:
    """Register the views of an installed stepswitch."""
    return Done(report=BulkReport(view_registrations.register(zone, _APP)))


def _resources(zone: Zone, account: str | None) -> Sequence[resources.Resource]:
    found = resources.everybodys(zone) if account is None else resources.of_account(zone, account)
    for each in found:
        for problem in resources.unreadable(each):
            zone.run.warn(f"{problem}; stepswitch passes over it")
    return found


ON_NODE = (
    OnNode(
        "cnam_flush",
        "",
        "Make the node forget the names of callers that it has looked up.",
        only_there("forget the names of callers it has looked up", app=_APP),
        "changes",
    ),
)
"""What only a running node can do."""
