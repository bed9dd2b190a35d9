"""The calls' channels, as the ecallmgr nodes tell of them.

Every ecallmgr node knows all channels of the FreeSWITCH nodes it is connected to, so two of them often tell of the
same one: it is shown once, as the node tells of it that handles it. Where no ecallmgr node is there, FreeSWITCH itself
is asked, if the zone's settings list it.
Source: Kazoo ecallmgr_fs_channels:summary/0, details/0, ecallmgr_fs_channel:to_props/1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kazoo_sup import terms
from kazoo_sup.kazoo.collecting import Collecting
from kazoo_sup.terms.columns import shown, text_field

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.collecting import Reach
    from kazoo_sup.zone import Zone

_COLUMNS = (("UUID", 50), ("Node", 40), ("Direction", 9), ("Destination", 15), ("Account-ID", 32))
_FIELDS = {
    "Media-Node": "node",
    "Call-Direction": "direction",
    "Destination": "destination",
    "Account-ID": "account_id",
}
"""What the table shows, and what it is called where all is told."""

_LABEL = 19


Channel = Mapping[str, Any]


class Brief(NamedTuple):
    """What the table shows of all channels, by UUID and in ecallmgr's order, and how it was come by.

    `errors` are what went wrong on the way, `unheard` the zones where no ecallmgr node was there to be asked.
    """

    found: dict[str, Channel]
    errors: list[SupError]
    unheard: list[Zone]


def briefly(reach: Reach, *, tell: bool = True) -> Brief:
    """Return what the table shows of all channels."""
    request = ("call.query_channels_req", {"Fields": list(_FIELDS), "Active-Only": False})
    asked = Collecting(reach, [request], tell=tell)
    found: dict[str, Channel] = {}
    for answer in asked:
        for uuid, channel in answer["Channels"].items():
            if uuid not in found and isinstance(channel, dict):
                found[uuid] = channel
    return Brief(found, asked.errors, asked.unheard)


def of_freeswitch(reach: Reach, unheard: Sequence[Zone]) -> tuple[list[Channel], list[SupError]]:
    """Return all that FreeSWITCH itself knows of all channels in zones where no ecallmgr node was there to be asked."""
    from kazoo_sup.kazoo.calls import switches

    found, errors = switches.where_unheard(reach, unheard, switches.channels)
    return list[Channel](found), errors


def shortened(channels: Iterable[Channel]) -> dict[str, Channel]:
    """Return what the table shows of channels that are known fully, by UUID."""
    return {each["uuid"]: {title: each.get(name) for title, name in _FIELDS.items()} for each in channels}


def fully(reach: Reach, uuid: str | None = None) -> tuple[list[Channel], list[SupError]]:
    """Return all that is known of all channels, or of the one called UUID, and what went wrong on the way."""
    request = ("call.query_account_channels_req", {"Account-ID": "all", "Active-Only": False})
    asked = Collecting(reach, [request])
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


def table(channels: Mapping[str, Channel], node: str | None = None) -> Iterator[str]:
    """Yield the lines of Kazoo's table of channels, all or those of one FreeSWITCH node."""
    wanted = ([uuid, *map(channel.get, _FIELDS)] for uuid, channel in channels.items() if is_on(channel, node))
    first = next(wanted, None)
    if first is None:
        yield "No channels found!"
        return
    thin = "+".join(["", *("-" * (width + 2) for _, width in _COLUMNS), ""])
    yield thin
    yield _line([label for label, _ in _COLUMNS])
    yield thin.replace("-", "=")
    yield _line(first)
    count = 1
    for cells in wanted:
        yield _line(cells)
        count += 1
    yield thin
    yield f"Found {count} channels"


def details(channels: Sequence[Channel]) -> Iterator[str]:
    """Yield all that is known of channels, a line each, as Kazoo prints it."""
    if not channels:
        yield "No channels found!"
        return
    for channel in channels:
        yield ""
        for key, value in channel.items():
            yield f"{text_field(key, _LABEL)}: {as_text(value)}"
    yield ""
    yield f"Found {len(channels)} channels"


def is_on(channel: Channel, node: str | None) -> bool:
    """Tell whether a channel is on the FreeSWITCH node NODE; on any where that is None."""
    return node in (None, channel.get("Media-Node"))


def is_handled(channel: Channel) -> bool:
    """Tell whether the ecallmgr node that tells of a channel handles its call."""
    return channel.get("handling_locally") is True


def age(channel: Channel, time_now: int) -> int:
    """Return for how many seconds a channel has been there."""
    started = channel.get("timestamp")
    return time_now - started if isinstance(started, int) else 0


def as_text(value: Any) -> str:
    """Return a value of an answer as text; some of ecallmgr's texts come as lists of character codes."""
    if isinstance(value, list) and value and all(isinstance(each, int) for each in value):
        return "".join(map(chr, value))
    return terms.json_encode(value) if isinstance(value, dict | list) else shown(value)


def _line(cells: Sequence[Any]) -> str:
    fields = (text_field(as_text(cell), width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True))
    return "| " + " | ".join(fields) + " |"
