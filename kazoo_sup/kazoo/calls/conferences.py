"""Running conferences, as the ecallmgr nodes tell of them.

They are looked for by account: in all accounts that have a channel just now. Kazoo prints more of a conference than it
tells on the bus (profile, sounds); that is left out. Where no ecallmgr node is there, FreeSWITCH itself is asked.
Source: Kazoo ecallmgr_fs_conferences:summary/0, details/0, handle_search_req/2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo.calls import channels
from kazoo_sup.kazoo.calls.channels import as_text
from kazoo_sup.kazoo.collecting import Collecting
from kazoo_sup.terms.columns import number_field, text_field

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.collecting import Reach

Conference = dict[str, Any]

_COLUMNS = (("Name", 32), ("Node", 50), ("Participants", 12), ("Uptime(sec)", 11), ("Account-ID", 32))
_LOCAL = 5
_LABEL = 19
_DETAILS = (
    ("Name", "Conference-ID"),
    ("Instance-ID", "UUID"),
    ("Node", "Node"),
    ("Running", "Running"),
    ("Answered", "Answered"),
    ("Dynamic", "Dynamic"),
    ("Start-Time", "Start-Time"),
    ("Switch-Hostname", "Switch-Hostname"),
    ("Switch-URL", "Switch-URL"),
    ("Switch-External-IP", "Switch-External-IP"),
    ("Account-ID", "Account-ID"),
    ("Locked", "Locked"),
    ("Is-Local", "Is-Local"),
)
"""What is shown, in Kazoo's order, with the header it comes from."""


def running(reach: Reach) -> tuple[list[Conference], list[SupError]]:
    """Return the running conferences, briefly, and what went wrong on the way."""
    calls, errors, unheard = channels.briefly(reach, tell=False)
    silent = {zone.name for zone in unheard}
    heard = reach._replace(zones=[zone for zone in reach.zones if zone.name not in silent])
    accounts = list(dict.fromkeys(call["Account-ID"] for call in calls.values() if call.get("Account-ID")))
    nodes = {str(call["Media-Node"]) for call in calls.values() if call.get("Media-Node")}
    hosts = {node.partition("@")[2]: node for node in sorted(nodes)}
    asked = Collecting(heard, [("conference.search_req", {"Account-ID": account}) for account in accounts])
    found: dict[str, Conference] = {}
    for answer in asked:
        told = answer.get("Conferences")
        for name, facts in told.items() if isinstance(told, dict) else ():
            if not isinstance(facts, dict):
                continue
            host = str(facts.get("Switch-Hostname"))
            found[str(facts.get("UUID"))] = {
                **facts,
                "Conference-ID": name,
                "Account-ID": answer.get("Account-ID"),
                "Node": hosts.get(host, f"freeswitch@{host}"),
                "Locked": facts.get("Is-Locked"),
                "Is-Local": True,
            }
    from kazoo_sup.kazoo.calls import switches

    more, failed = switches.where_unheard(reach, unheard, switches.conferences)
    return [*found.values(), *more], [*errors, *asked.errors, *failed]


def with_participants(reach: Reach, conferences: Sequence[Conference]) -> tuple[list[Conference], list[SupError]]:
    """Return the conferences with those who take part in them, and what went wrong on the way."""
    asked = Collecting(
        reach,
        [
            ("conference.search_req", {"Conference-ID": each["Conference-ID"]})
            for each in conferences
            if "Participants" not in each  # as FreeSWITCH itself tells of one
        ],
        tell=False,
    )
    told = {answer["UUID"]: answer for answer in asked if answer["Event-Name"] == "search_resp" and answer.get("UUID")}
    return [{**told.get(str(each.get("UUID")), {}), **each} for each in conferences], asked.errors


def table(conferences: Sequence[Conference]) -> Iterator[str]:
    """Yield the lines of Kazoo's table of conferences."""
    if not conferences:
        yield "No conferences found!"
        return
    thin = "+".join(["", *("-" * (width + 2) for _, width in _COLUMNS), "-" * _LOCAL, ""])
    yield thin
    yield "| " + " | ".join(text_field(label, width) for label, width in _COLUMNS) + " |Local|"
    yield thin.replace("-", "=")
    for each in conferences:
        name, node, count, uptime, account = (width for _, width in _COLUMNS)
        cells = [
            text_field(each["Conference-ID"], name),
            text_field(each["Node"], node),
            number_field(_integer(each.get("Participant-Count")), count),
            number_field(_integer(each.get("Run-Time")), uptime),
            text_field(each.get("Account-ID"), account),
        ]
        yield "| " + " | ".join(cells) + f" |{text_field(each['Is-Local'], _LOCAL)}|"
    yield thin
    yield f"Found {len(conferences)} conferences"


def details(conferences: Sequence[Conference]) -> Iterator[str]:
    """Yield what is known of conferences and of who takes part, as Kazoo prints it."""
    if not conferences:
        yield "No conferences found!"
        return
    for each in conferences:
        yield ""
        for label, header in _DETAILS:
            if each.get(header) is not None:
                yield f"{text_field(label, _LABEL)}: {as_text(each[header])}"
        told = each.get("Participants")
        participants = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        yield f"{text_field('Participants', _LABEL)}: {len(participants)}"
        yield from map(_participant, reversed(participants))
    yield ""
    yield f"Found {len(conferences)} conferences"


def _participant(participant: Mapping[str, Any]) -> str:
    flags: Mapping[str, Any] = participant.get("Conference-Channel-Vars") or {}
    member = _integer(flags.get("Member-ID", participant.get("Participant-ID")))
    said = "".join(f" {flag}" for flag, value in flags.items() if value is True)
    return f"    [{member}] {text_field(participant.get('Call-ID'), 52)}:{said}"


def _integer(value: Any) -> int:
    return value if isinstance(value, int) else 0
