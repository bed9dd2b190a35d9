"""Kamailio, the SIP proxies: dispatcher sets, registrations, hash tables, bans, health, and any RPC command.

SERVER is a name from the zone's settings, `all`, or an address. Without it a command that only reads asks all servers,
and one that changes something takes the only one there is. Names of two words may be typed as two:
`sup kamailio dispatcher list`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from kazoo_sup import changes, terms
from kazoo_sup.arguments.kamailio import Address, Aor, Destination, GroupOrVariable, SetId, Stored, Typed, Variable
from kazoo_sup.arguments.reads import Text
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, NotFound, SupError
from kazoo_sup.kazoo.kamailio import (
    KIND,
    Ask,
    bans,
    belonging,
    calls,
    configuration,
    dispatcher,
    each_server,
    health,
    htables,
    patiently,
    presence,
    registrations,
    reversing,
)
from kazoo_sup.kazoo.zone.servers import Answers, choose
from kazoo_sup.results import NO_RETURN, OK, Answer, Listing, Result
from kazoo_sup.types import Json, Row
from kazoo_sup.zone import Zone


@command
def status(zone: Zone, server: str | None = None) -> Result:
    """Show each SERVER's version, uptime, memory, registered users, and how many of its destinations are active."""
    return _listing(zone, server, health.STATUS, lambda ask: [health.status(ask)])


@command
def uptime(zone: Zone, server: str | None = None) -> Result:
    """Show since when SERVER runs."""
    return _listing(zone, server, health.UPTIME, lambda ask: [health.uptime(ask)])


@command
def memory(zone: Zone, server: str | None = None) -> Result:
    """Show SERVER's shared memory and the sum of its processes' private memory, in bytes."""
    return _listing(zone, server, health.MEMORY, health.memory)


@command
def processes(zone: Zone, server: str | None = None) -> Result:
    """Show SERVER's processes and the private memory of each, in bytes."""
    return _listing(zone, server, health.PROCESSES, health.processes)


@command
def stats(zone: Zone, group: str = "all", server: str | None = None) -> Result:
    """Show the statistics of GROUP (core, tmx, usrloc, …), a single one, or all."""
    return _listing(zone, server, ("statistic", "value"), lambda ask: health.statistics_of(ask, group))


@command
def dispatcher_list(zone: Zone, server: str | None = None) -> Result:
    """Show the dispatcher's destinations by set, with their states, and what Kazoo uses each set for."""
    return _listing(zone, server, dispatcher.COLUMNS, lambda ask: dispatcher.rows(ask("dispatcher.list")))


@command
def dispatcher_reload(zone: Zone, server: str | None = None) -> Result:
    """Make SERVER load the dispatcher's sets again from its database or file."""
    return _change(zone, server, "reload the dispatcher", lambda ask: str(patiently(ask, "dispatcher.reload")))


@command
def dispatcher_set_state(
    zone: Zone,
    set_: SetId,
    destination: Destination,
    state: Literal["active", "inactive", "disabled", "trying"],
    server: str | None = None,
    *,
    probing: bool = False,
) -> Result:
    """Set the STATE of DESTINATION in SET: active, inactive, disabled (never used or probed) or trying.

    With --probing it is pinged as well, which may change its state again.
    """
    if probing and state == "disabled":
        raise BadArgument(parameter="STATE", reason="what is disabled is not probed")
    letters = dispatcher.state_in_letters(state, probing=probing)
    return _change(
        zone,
        server,
        f"set {destination} of set {set_} {state}",
        lambda ask: str(ask("dispatcher.set_state", [letters, set_, destination])),
        lambda ask: reversing.state(ask, set_, destination, state),
    )


@command
def dispatcher_add(
    zone: Zone,
    set_: SetId,
    destination: Destination,
    server: str | None = None,
    *,
    priority: int = 0,
    attributes: str = "",
) -> Result:
    """Add DESTINATION to SET in SERVER's memory, until the sets are loaded again.

    What shall stay belongs in the dispatcher's database or file. The highest PRIORITY is tried first; ATTRIBUTES are
    like "duid=fs1;weight=50".
    """
    more: list[str | int] = [0, priority] if priority or attributes else []
    arguments = [set_, destination, *more, *([attributes] if attributes else [])]
    deed = f"add {destination} to set {set_}"
    return _change(
        zone,
        server,
        deed,
        lambda ask: str(patiently(ask, "dispatcher.add", arguments)),
        lambda ask: reversing.destination(ask, set_, destination, dispatcher.settings(priority, attributes)),
    )


@command
def dispatcher_remove(zone: Zone, set_: SetId, destination: Destination, server: str | None = None) -> Result:
    """Remove DESTINATION from SET in SERVER's memory, until the sets are loaded again."""

    def remove(ask: Ask) -> str:
        # Kamailio reports success for a destination that is not there, too.
        found = dispatcher.rows(ask("dispatcher.list"))
        if not any(row["set"] == set_ and row["destination"] == destination for row in found):
            raise ask.without(f"destination {destination} in set {set_}")
        return str(patiently(ask, "dispatcher.remove", [set_, destination]))

    return _change(
        zone,
        server,
        f"remove {destination} from set {set_}",
        remove,
        lambda ask: reversing.destination(ask, set_, destination),
    )


@command
def registrations_list(zone: Zone, server: str | None = None) -> Result:
    """Show the contacts of all registered phones; expires is in seconds."""
    return _listing(zone, server, registrations.COLUMNS, lambda ask: registrations.rows(ask("ul.dump")))


@command
def registrations_show(zone: Zone, aor: Aor, server: str | None = None) -> Listing:
    """Show the contacts registered for AOR, user@realm, with all that is known of them."""
    answers = each_server(zone, server, lambda ask: registrations.lookup(ask, aor))
    rows = [{"server": name, **row} for name, found in answers.given.items() for row in found]
    if not rows and not answers.errors:
        raise NotFound(server="Kamailio", what=f"registration of {aor}")
    return Listing(("server", *registrations.DETAILS), rows, report=answers.report)


@command
def registrations_remove(zone: Zone, aor: Aor, server: str | None = None) -> Result:
    """Remove all contacts of AOR, user@realm: the phone is not called until it registers again."""
    return _removal(zone, server, f"registration of {aor}", lambda ask: registrations.remove(zone, ask, aor))


@command
def htable_list(zone: Zone, server: str | None = None) -> Result:
    """Show the hash tables and how many entries each has; expire is in seconds."""
    return _listing(
        zone, server, htables.TABLES, lambda ask: htables.tables(ask("htable.listTables"), ask("htable.stats"))
    )


@command
def htable_dump(zone: Zone, table: str, server: str | None = None) -> Result:
    """Show the entries of the hash table TABLE."""
    return _listing(zone, server, htables.ENTRIES, lambda ask: htables.entries(ask("htable.dump", [table])))


@command
def htable_get(zone: Zone, table: str, key: str, server: str | None = None) -> Result:
    """Show the entry KEY of the hash table TABLE, and when it expires."""
    return _listing(zone, server, htables.ENTRY, lambda ask: [htables.entry(ask("htable.get", [table, key]))])


@command
def htable_set(
    zone: Zone, table: str, key: str, value: Stored, server: str | None = None, *, seconds: int = 0
) -> Result:
    """Set the entry KEY of the hash table TABLE to VALUE; a whole number is stored as such, and s:12 as the text.

    It expires after SECONDS, or when TABLE says so.
    """
    return _change(
        zone,
        server,
        f"set {key} of {table}",
        lambda ask: htables.set_(ask, table, key, value, seconds),
        lambda ask: reversing.entry(ask, table, key, left=value),
    )


@command
def htable_delete(zone: Zone, table: str, key: str, server: str | None = None) -> Result:
    """Delete the entry KEY of the hash table TABLE."""
    return _change(
        zone,
        server,
        f"delete {key} of {table}",
        lambda ask: str(ask("htable.delete", [table, key])),
        lambda ask: reversing.entry(ask, table, key),
    )


@command
def ban(
    zone: Zone, address: Address, server: str | None = None, *, seconds: int = 0, table: str | None = None
) -> Result:
    """Turn away all that comes from ADDRESS, an IP address or address:port.

    The hash TABLE is `block`, of the role blocker of Kazoo's configuration, or else Kamailio's usual `ipban`. SECONDS
    are for a table whose entries expire, which `block` is not as Kazoo sets it up: what is in that stays until `unban`.
    It asks before it turns away what belongs to the zone: its servers, destinations of its dispatcher, allowed SBCs and
    carriers, and addresses with registrations; --yes answers.
    """
    found, unknown = belonging.claims(zone, address, choose(zone, KIND, server, reading=False))
    if unknown:
        zone.run.warn(f"whether {address} belongs to the zone is not known of {'; '.join(unknown)}")
    if found:
        deed = f"block {address}, which is {', '.join(found)}"
        changes.if_made(zone, lambda: zone.run.confirm(deed), shown=lambda: zone.run.warn(deed))

    def block(ask: Ask) -> str:
        if bans.switched_off(ask):
            zone.run.warn("blocking is switched off: see kamailio config get kazoo")
        return f"{address} is blocked in {bans.ban(ask, address, table, seconds)}"

    return _change(zone, server, f"block {address}", block, lambda ask: bans.blocked_before(ask, address, table))


@command
def unban(zone: Zone, address: Address, server: str | None = None, *, table: str | None = None) -> Result:
    """Let ADDRESS, an IP address or address:port, in again: forget that it was blocked and how often it failed.

    That is in the hash tables `block`, `ipban` and `antiflood`, or in TABLE only.
    """
    unread: list[SupError] = []

    def forget(ask: Ask) -> int:
        found = bans.unban(zone, ask, address, table)
        unread.extend(found.unread)
        return found.forgotten

    return _removal(zone, server, f"ban of {address}", forget, unread)


@command
def banned(zone: Zone, server: str | None = None, *, failures: int = bans.FAILURES, table: str | None = None) -> Result:
    """Show who is turned away: blocked addresses, and users with FAILURES or more to authenticate from an address.

    They come from the hash tables `block`, `ipban` and `antiflood`, or from TABLE only.
    """
    return _listing(zone, server, bans.COLUMNS, lambda ask: bans.banned(ask, table, failures))


@command
def pike_list(zone: Zone, server: str | None = None, *, hot: bool = False) -> Result:
    """Show the addresses that pike counts requests of, or with --hot those over its limit; expires is in seconds."""
    which = "HOT" if hot else "ALL"
    return _listing(zone, server, calls.PIKE, lambda ask: calls.pike(ask("pike.list", [which])))


@command
def presence_list(zone: Zone, server: str | None = None) -> Result:
    """Show the presentities that SERVER keeps in memory; those kept in its database only are not shown."""
    return _listing(zone, server, presence.COLUMNS, lambda ask: presence.rows(ask("presence.presentity_list")))


@command
def presence_cleanup(zone: Zone, server: str | None = None) -> Result:
    """Remove what has expired from SERVER's presentities, watchers and active watchers now."""
    return _change(zone, server, "clean up presence", lambda ask: str(ask("presence.cleanup")))


@command
def tls(zone: Zone, server: str | None = None) -> Result:
    """Show the open TLS connections; timeout is in seconds."""
    return _listing(zone, server, calls.TLS, lambda ask: calls.tls(ask("tls.list")))


@command
def dialogs(zone: Zone, server: str | None = None) -> Result:
    """Show the dialogs that SERVER follows; duration is in seconds."""
    return _listing(zone, server, calls.DIALOGS, lambda ask: calls.dialogs(ask("dlg.list")))


@command
def config_get(zone: Zone, name: GroupOrVariable, server: str | None = None) -> Result:
    """Show the run-time setting NAME, GROUP.VARIABLE, or all of a GROUP, as kazoo, core or tm."""
    return _listing(zone, server, ("variable", "value"), lambda ask: configuration.get(ask, name))


@command
def config_set(zone: Zone, name: Variable, value: Text, server: str | None = None) -> Result:
    """Set the run-time setting NAME, GROUP.VARIABLE, to VALUE, until SERVER is started again."""

    def set_(ask: Ask) -> str:
        before, after = configuration.set_(zone, ask, name, value)
        what = f"{name.group}.{name.variable} from {before} to {after}"
        return changes.if_made(zone, lambda: what, shown=lambda: f"would set {what}")

    return _told(zone, server, set_)


@command
def rpc(zone: Zone, method: str, *arguments: Typed, server: str | None = None) -> Result:
    """Call the RPC command METHOD with ARGUMENTS and show what it answers; --server names the server.

    s:TEXT is text, i:NUMBER a whole number, d:NUMBER one with a fraction; without these, what looks like a number is
    one. `sup kamailio rpc system.listMethods` shows what there is.
    """

    def call(ask: Ask) -> Json:
        deed = f"call {method}"
        return changes.act(zone, f"{deed} of {ask.name}", lambda: ask(method, arguments), shown=lambda: f"would {deed}")

    return changes.if_made(zone, lambda: _answered(zone, server, call), shown=lambda: _told(zone, server, call))


def _answered(zone: Zone, server: str | None, call: Callable[[Ask], object]) -> Result:
    """Show what each server answers to a call, as it is."""
    answers = each_server(zone, server, call, reading=False)
    lines: list[str] = []
    for name, answer in answers.given.items():
        if len(answers.given) + len(answers.errors) > 1:
            lines.append(f"{name}:")
        lines += [answer if isinstance(answer, str) else terms.json_pretty(answer)]
    return Answer(NO_RETURN, lines=lines, data=answers.given, report=answers.report)


def _listing(
    zone: Zone, server: str | None, columns: Sequence[str], function: Callable[[Ask], Iterable[Row]]
) -> Listing:
    """Show the rows that FUNCTION finds at each server, with the server's name before them."""
    answers = each_server(zone, server, lambda ask: list(function(ask)))
    rows = ({"server": name, **row} for name, found in answers.given.items() for row in found)
    return Listing(("server", *columns), rows, report=answers.report)


def _change(
    zone: Zone,
    server: str | None,
    deed: str,
    function: Callable[[Ask], str],
    was: Callable[[Ask], changes.Was] = lambda _ask: changes.UNKNOWN,
) -> Result:
    """Have FUNCTION do its DEED at each server and tell what came of it; a dry run only tells.

    What WAS there is asked for before, so that it can be brought back.
    """

    def change(ask: Ask) -> str:
        return str(
            changes.act(
                zone,
                f"{deed} at {ask.name}",
                lambda: function(ask),
                was=reversing.asked(ask, was),
                shown=lambda: f"would {deed}",
            )
        )

    return _told(zone, server, change)


def _told(zone: Zone, server: str | None, function: Callable[[Ask], str]) -> Result:
    answers = each_server(zone, server, function, reading=False)
    lines = [f"{name}: {said}" for name, said in answers.given.items()]
    return Answer(NO_RETURN if answers.errors else OK, lines=lines, data=answers.given, report=answers.report)


def _removal(
    zone: Zone, server: str | None, what: str, function: Callable[[Ask], int], more: Sequence[SupError] = ()
) -> Result:
    """Have FUNCTION remove WHAT wherever it is, and note in MORE what it could not do; NotFound when it is nowhere."""
    found = each_server(zone, server, function, reading=False)
    answers = Answers(found.given, [*found.errors, *more])
    if not answers.errors and not any(answers.given.values()):
        raise NotFound(server="Kamailio", what=what)
    verb = changes.if_made(zone, lambda: "removed", shown=lambda: "would be removed")
    missing = "was not found" if more else "is not there"
    lines = [f"{name}: {what} {verb if number else missing}" for name, number in answers.given.items()]
    return Answer(NO_RETURN if answers.errors else OK, lines=lines, data=answers.given, report=answers.report)
