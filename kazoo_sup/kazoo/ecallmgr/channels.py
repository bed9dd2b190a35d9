"""The calls' channels, as the ecallmgr nodes report them.

Every ecallmgr node knows all channels of the FreeSWITCH nodes it is connected to, so two of them often tell of the
same one: it is shown once, as the node reports it that handles it. Where no ecallmgr node is there, FreeSWITCH itself
is asked, if the zone's settings list it.
Source: Kazoo ecallmgr_fs_channels:summary/0, details/0, ecallmgr_fs_channel:to_props/1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import terms
from kazoo_sup.kazoo.bus.collect import Collector
from kazoo_sup.kazoo.ecallmgr import switch_names
from kazoo_sup.terms.columns import shown
from kazoo_sup.types import Fields

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.bus.collect import Reach
    from kazoo_sup.zone import Zone


TABLE_FIELDS = {
    "Media-Node": "node",
    "Call-Direction": "direction",
    "Destination": "destination",
    "Account-ID": "account_id",
}
"""What the channel_table shows, and what it is called where all is told."""


Channel = Fields


class Brief(NamedTuple):
    """What the table shows of all channels, by UUID and in ecallmgr's order, and how it was come by.

    `errors` are what went wrong on the way, `unheard` the zones where no ecallmgr node was there to be asked.
    """

    found: dict[str, Channel]
    errors: list[SupError]
    unheard: list[Zone]


def briefly(reach: Reach, *, tell: bool = True) -> Brief:
    """Return what the table shows of all channels."""
    request = ("call.query_channels_req", {"Fields": list(TABLE_FIELDS), "Active-Only": False})
    asked = Collector(reach, [request], what="channels", tell=tell, replaced=True)
    found: dict[str, Channel] = {}
    for answer in asked:
        for uuid, channel in answer["Channels"].items():
            if uuid not in found and isinstance(channel, dict):
                found[uuid] = channel
    return Brief(found, asked.errors, asked.unheard)


def of_freeswitch(reach: Reach, unheard: Sequence[Zone]) -> tuple[list[Channel], list[SupError]]:
    """Return all that FreeSWITCH itself knows of all channels in zones where no ecallmgr node was there to be asked."""
    from kazoo_sup.kazoo.ecallmgr import switches

    found, errors = switches.where_unheard(reach, unheard, switches.channels, "channels")
    return list[Channel](found), errors


def shortened(channels: Iterable[Channel]) -> dict[str, Channel]:
    """Return what the table shows of channels that are known fully, by UUID."""
    return {each["uuid"]: {title: each.get(name) for title, name in TABLE_FIELDS.items()} for each in channels}


def fully(reach: Reach, uuid: str | None = None) -> tuple[list[Channel], list[SupError]]:
    """Return all that is known of all channels, or of the one called UUID, and what went wrong on the way."""
    request = ("call.query_account_channels_req", {"Account-ID": "all", "Active-Only": False})
    asked = Collector(reach, [request], what="channels", replaced=True)
    found: dict[str, Channel] = {}
    for answer in asked:
        # ecallmgr folds its table into a list, so what it has first comes last.
        for channel in reversed(answer.get("Channels") or []):
            name = channel.get("uuid") if isinstance(channel, dict) else None
            if name is None or uuid not in (None, name):
                continue
            if name not in found or is_handled(channel):
                found[name] = channel
    more, errors = of_freeswitch(reach, asked.unheard)
    found |= {each["uuid"]: each for each in more if uuid in (None, each["uuid"])}
    return list(found.values()), [*asked.errors, *errors]


def on(zone: Zone, channels: Mapping[str, Channel], node: str | None) -> dict[str, Channel]:
    """Return the channels that are on the FreeSWITCH node that NODE means; all where that is None.

    Raises what switch_names.matching does.
    """
    if node is None:
        return dict(channels)
    nodes = {str(each.get("Media-Node")) for each in channels.values()}
    meant = switch_names.matching(zone, node, nodes)
    return {uuid: each for uuid, each in channels.items() if str(each.get("Media-Node")) in meant}


def is_handled(channel: Channel) -> bool:
    """Return whether the ecallmgr node that tells of a channel handles its call."""
    return channel.get("handling_locally") is True


def age(channel: Channel, time_now: int) -> int:
    """Return for how many seconds a channel has been there."""
    started = channel.get("timestamp")
    return time_now - started if isinstance(started, int) else 0


def as_text(value: object) -> str:
    """Return a value of an answer as text; some of ecallmgr's texts come as lists of character codes."""
    if isinstance(value, list) and value and all(isinstance(each, int) for each in value):
        return "".join(map(chr, value))
    return terms.json_encode(value) if isinstance(value, dict | list) else shown(value)
