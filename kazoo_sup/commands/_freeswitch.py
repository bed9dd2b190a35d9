"""How the commands of the module freeswitch ask servers and show what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo.freeswitch import asking, listings, replies
from kazoo_sup.kazoo.freeswitch.asking import Servers
from kazoo_sup.kazoo.freeswitch.words import line, option
from kazoo_sup.outcome import NO_RETURN, Outcome, Row, printable, table, text
from kazoo_sup.servers import Answers, choose, means_server
from kazoo_sup.zone import Zone

KIND = "freeswitch"


def chosen(zone: Zone, server: str | None) -> Servers:
    """Return the servers that a command which changes something is for."""
    return choose(zone, KIND, server, reading=False)


def names(servers: Servers) -> str:
    """Return the servers' names for a sentence."""
    return ", ".join(name for name, _ in servers)


def before_server(zone: Zone, word: str | None, server: str | None) -> tuple[str | None, str | None]:
    """Return a word that may be left out, and the server; one word alone may be either."""
    if server is None and means_server(zone, KIND, word):
        return None, word
    return word, server


def asked(
    zone: Zone, server: str | None, command: str, columns: Sequence[str], rows: Callable[[str], Iterable[Row]]
) -> Outcome:
    """Ask for something short; ROWS takes each answer apart and raises Unclear where it cannot."""
    answers = asking.read(zone, choose(zone, KIND, server), command, rows)
    return _table(answers, columns, _rows(answers))


def listed(
    zone: Zone,
    server: str | None,
    command: str,
    columns: Sequence[str],
    *,
    limit: int = 64,
    wanted: Callable[[Row], bool] | None = None,
) -> Outcome:
    """Show a listing as it comes, of each server no more than LIMIT megabytes, and of the rows those WANTED."""
    answers = asking.open_listings(zone, choose(zone, KIND, server), command, limit_of(limit))
    return _table(answers, columns, filter(wanted, asking.rows(answers.given)))


def members(zone: Zone, conference: str | None, server: str | None) -> Outcome:
    """Show the members of all conferences, or of one."""
    answers = asking.read(zone, choose(zone, KIND, server), "conference xml_list", listings.members)
    found = [row for row in _rows(answers) if conference in (None, row["conference"])]
    if conference and not found and not answers.errors:
        raise NotFound(server="FreeSWITCH", what=f"conference {conference}")
    columns = ("conference", "id", "caller_id_name", "caller_id_number", "muted", "flags", "join_time", "uuid")
    return _table(answers, columns, iter(found))


def ordered(
    zone: Zone, servers: Servers, order: str, send: Callable[[Servers, str], Answers[str]] | None = None
) -> Outcome:
    """Have servers do something; a dry run says what it would be."""
    if zone.run.dry_run:
        return text([f"{name} would be told: {order}" for name, _ in servers], NO_RETURN)
    return answered(send(servers, order) if send else asking.ask(zone, servers, order))


def answered(answers: Answers[str]) -> Outcome:
    """Show answers as they are, each line after its server's name where there are several."""
    data = {name: answer.strip() for name, answer in answers.given.items()}
    return text(map(printable, replies.lines(answers.given)), NO_RETURN, data=data, **answers.ending())


def filter_of(words: str) -> dict[str, str]:
    """Read filters of events, HEADER=VALUE with commas between them."""
    pairs = [tuple(part.strip() for part in each.partition("=")) for each in words.split(",") if each.strip()]
    if not all(header and equals and value for header, equals, value in pairs):
        raise BadArgument(parameter="--filter", reason="must be HEADER=VALUE, or several with commas between them")
    return {option("filter", header): option("filter", value, line) for header, _, value in pairs}


def limit_of(megabytes: int) -> int:
    """Return a limit in bytes."""
    if megabytes < 1:
        raise BadArgument(parameter="--limit", reason="must be a number of megabytes above 0")
    return megabytes * asking.MEGABYTE


def _rows(answers: Answers[Any]) -> Iterator[Row]:
    return ({"server": name, **row} for name, rows in answers.given.items() for row in rows)


def _table(answers: Answers[Any], columns: Sequence[str], rows: Iterator[Row]) -> Outcome:
    if not answers.given:
        return Outcome(NO_RETURN, **answers.ending())
    several = len(answers.given) + len(answers.errors) > 1
    return table(["server", *columns] if several else list(columns), rows, **answers.ending())
