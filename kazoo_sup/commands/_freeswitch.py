"""What event sockets answer, as the commands of FreeSWITCH show it: listings, orders, and what was said to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kazoo_sup import changes
from kazoo_sup.arguments.freeswitch import limit_of
from kazoo_sup.changes import masking
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.freeswitch import event_sockets, orders, questions, replies
from kazoo_sup.kazoo.freeswitch.event_sockets import Servers
from kazoo_sup.kazoo.freeswitch.servers import chosen, meant
from kazoo_sup.kazoo.zone.servers import Answers
from kazoo_sup.results import NO_RETURN, Answer, Result
from kazoo_sup.texts import printable
from kazoo_sup.types import Row
from kazoo_sup.zone import Zone


def asked(
    zone: Zone, server: str | None, command: str, columns: Sequence[str], rows: Callable[[str], Iterable[Row]]
) -> Result:
    """Ask for something short; ROWS takes each answer apart and raises Unclear where it cannot."""
    return event_sockets.read(zone, meant(zone, server), command, rows).listing(columns)


def listed(
    zone: Zone,
    server: str | None,
    command: str,
    columns: Sequence[str],
    *,
    limit: int | None = None,
    shown: Callable[[Row], Row] | None = None,
    wanted: Callable[[Row], bool] | None = None,
) -> Result:
    """Show a listing as it comes, of each server no more than LIMIT megabytes, of the rows those WANTED, as SHOWN."""
    answers = event_sockets.open_listings(zone, meant(zone, server), command, limit_of(limit))
    rows = filter(wanted, event_sockets.rows(answers.given))
    return answers.listing_of(columns, map(shown, rows) if shown else rows)


def ordered(
    zone: Zone,
    servers: Servers,
    order: str,
    send: Callable[[Servers, str], Answers[str]] | None = None,
    *,
    was: event_sockets.Replaced = changes.UNKNOWN,
    wait: Callable[[Servers], Sequence[SupError]] | None = None,
) -> Result:
    """Have servers do something; WAS is what `event_sockets.order` takes.

    WAIT is called with the servers that do it, and returns what went wrong while it waited.
    """
    answers = event_sockets.order(zone, servers, order, send, was=was)
    if answers is None:
        return Answer(
            NO_RETURN, lines=[f"{name} would be told: {masking.without_assigned(order)}" for name, _ in servers]
        )
    if wait:
        errors = wait([(name, each) for name, each in servers if name in answers.given])
        answers = Answers(answers.given, [*answers.errors, *errors])
    return answered(answers)


def answered(answers: Answers[str]) -> Result:
    """Show answers as they are, each line after its server's name where there are several."""
    data = {name: answer.strip() for name, answer in answers.given.items()}
    several = len(answers.given) + len(answers.errors) > 1
    lines = replies.lines(answers.given, several=several)
    return Answer(NO_RETURN, lines=map(printable.line, lines), data=data, report=answers.report)


def calls_taken(
    zone: Zone,
    server: str | None,
    verb: str,
    *,
    inbound: bool,
    outbound: bool,
    wait: Callable[[Servers], Sequence[SupError]] | None = None,
) -> Result:
    servers = chosen(zone, server)
    order = orders.take_calls(verb, inbound=inbound, outbound=outbound)
    before = questions.paused(zone, servers)

    def was(name: str) -> dict[str, changes.Was]:
        return {order: orders.replaced(verb, before.get(name, {}), inbound=inbound, outbound=outbound)}

    return ordered(zone, servers, order, was=was, wait=wait)


def muted(zone: Zone, conference: str, member: str, server: str | None, *, mute: bool) -> Result:
    servers = chosen(zone, server)
    found = questions.in_conference(zone, servers, conference, member)
    order = f"conference {conference} {'mute' if mute else 'unmute'} {member}"
    return ordered(zone, servers, order, was=lambda name: orders.muted(conference, member, found.get(name), mute=mute))
