"""Rates: which apply to a number, and which version of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, NotFound, OnlyInTheNode
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.billing import ratedecks
from kazoo_sup.kazoo.billing.ratedecks import Call
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.numbers import e164
from kazoo_sup.results import UNDEFINED, Answer, Done, Result
from kazoo_sup.texts import billing as texts
from kazoo_sup.zone import Zone


@command
def local_summary() -> Answer:
    """Say how rates are looked at."""
    return Answer(lines=["use rates_for_did/1 to see what rates would be used for a DID"])


@command
def rates_for_did(zone: Zone, did: str, *words: str) -> Result:
    """Show the rates for the number DID, of those that match the winner first.

    One more of WORDS is the account whose rate deck applies, by its id, database, realm or name; two are a direction,
    inbound or outbound, and a route option; three a direction, an account and a route option. Without an account the
    default rate deck applies.
    """
    call = _call(zone, did, words)
    if not ratedecks.prefixes(call.number):
        return Answer(lines=["rate lookup error: did_too_short"])
    try:
        found = ratedecks.candidates(zone, call)
    except NotFound:
        return Answer(lines=["rate lookup error: not_found"])
    if not found:
        return Answer(lines=["rate lookup had no results"])
    matching = ratedecks.matching(zone, found, call)

    def lines() -> Iterator[str]:
        yield from texts.rates("Candidates:", found)
        if not matching:
            yield "no rates matched"
            return
        yield from texts.rates("Matching:", matching, first_wins=True)

    return Answer(lines=lines())


@command
def rates_between(zone: Zone, pre: int, post: int) -> Result:
    """Show the rates of the database ratedeck with prefixes from PRE to POST.

    Kazoo's function compares them with text and finds none.
    """
    try:
        found = ratedecks.between(zone, pre, post)
        first = next(found, None)
    except NotFound:
        return Answer(lines=["rate lookup error: not_found"])
    if first is None:
        return Answer(lines=["rate lookup had no results"])
    return Answer(lines=texts.rates("Rates between:", chain([first], found)))


@command
def get_rate_version(zone: Zone) -> Answer:
    """Show the version of the rates that apply, undefined where none is set (exit code 2)."""
    return Answer(ratedecks.version(zone) or UNDEFINED)


@command
def set_rate_version(zone: Zone, version: str) -> Done:
    """Make VERSION the version of the rates that apply."""
    system_config.set_value(zone, ratedecks.CATEGORY, "rate_version", version, section=zone.node)
    return Done()


@command
def trie_rebuild(zone: Zone) -> Answer:
    """Have the node build its trie of rates again; says so where nodes keep rates in none."""
    if not is_true(system_config.get(zone, ratedecks.CATEGORY, "use_trie", default=False)):
        return Answer(lines=["trie usage is not configured"])
    raise OnlyInTheNode(
        reason="the trie is built in the memory of each node that runs hotornot; `sup kazoo_data_maintenance "
        "flush_docs ratedeck` makes all of them build that of ratedeck again"
    )


def _call(zone: Zone, did: str, words: tuple[str, ...]) -> Call:
    if len(words) > len(("direction", "account", "route option")):
        raise BadArgument(parameter="WORDS", reason="there are three at most: a direction, an account, a route option")
    direction = words[0] if len(words) > 1 else None
    named = {1: 0, 3: 1}.get(len(words))
    account = None
    if named is not None:
        try:
            account = accounts.find(words[named], zone)
        except ValueError as error:
            raise BadArgument(parameter="ACCOUNT", reason=str(error)) from error
    return Call(e164.converted(did, zone), direction, account, words[-1:] if len(words) > 1 else ())
