"""Running conferences, as the ecallmgr nodes report them.

They are looked for by account: in all accounts that have a channel just now. Kazoo prints more of a conference than it
tells on the bus (profile, sounds); that is left out. Where no ecallmgr node is there, FreeSWITCH itself is asked.
Source: Kazoo ecallmgr_fs_conferences:summary/0, details/0, handle_search_req/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.bus.collect import Collector
from kazoo_sup.kazoo.ecallmgr import channels, switch_names
from kazoo_sup.types import Document

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.bus.collect import Reach
    from kazoo_sup.zone import Zone

Conference = Document


def running(reach: Reach) -> tuple[list[Conference], list[SupError]]:
    """Return the running conferences, briefly, and what went wrong on the way."""
    calls, errors, unheard = channels.briefly(reach, tell=False)
    silent = {zone.name for zone in unheard}
    heard = reach._replace(zones=[zone for zone in reach.zones if zone.name not in silent])
    accounts = list(dict.fromkeys(call["Account-ID"] for call in calls.values() if call.get("Account-ID")))
    nodes = {str(call["Media-Node"]) for call in calls.values() if call.get("Media-Node")}
    hosts = {node.partition("@")[2]: node for node in sorted(nodes)}
    asked = Collector(
        heard, [("conference.search_req", {"Account-ID": account}) for account in accounts], what="conferences"
    )
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
    from kazoo_sup.kazoo.ecallmgr import switches

    more, failed = switches.where_unheard(reach, unheard, switches.conferences, "conferences")
    return [*found.values(), *more], [*errors, *asked.errors, *failed]


def on(zone: Zone, conferences: Sequence[Conference], node: str | None) -> list[Conference]:
    """Return the conferences on the FreeSWITCH node that NODE means; all where that is None.

    Raises what switch_names.matching does.
    """
    if node is None:
        return list(conferences)
    meant = switch_names.matching(zone, node, {str(each["Node"]) for each in conferences})
    return [each for each in conferences if str(each["Node"]) in meant]


def with_participants(reach: Reach, conferences: Sequence[Conference]) -> tuple[list[Conference], list[SupError]]:
    """Return the conferences with those who take part in them, and what went wrong on the way."""
    asked = Collector(
        reach,
        [
            ("conference.search_req", {"Conference-ID": each["Conference-ID"]})
            for each in conferences
            if "Participants" not in each  # as FreeSWITCH itself tells of one
        ],
        what="participants",
        tell=False,
        replaced=True,
    )
    told = {answer["UUID"]: answer for answer in asked if answer["Event-Name"] == "search_resp" and answer.get("UUID")}
    return [{**told.get(str(each.get("UUID")), {}), **each} for each in conferences], asked.errors
