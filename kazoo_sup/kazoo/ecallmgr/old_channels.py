"""Hanging up channels that are there for too long. Source: Kazoo ecallmgr_fs_channels:cleanup_old_channels/1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.ecallmgr import channels

if TYPE_CHECKING:
    from kazoo_sup.kazoo.bus.collect import Reach
    from kazoo_sup.zone import Zone


class OnlyFreeSwitch(Declined):
    """only FreeSWITCH can hang up {count} channels, and the settings of zone {zone} list none; nothing was touched"""

    remedy = "name the FreeSWITCH servers of zone {zone} in the settings"

    count: int
    zone: str


def hang_up(reach: Reach, seconds: int) -> tuple[int, list[SupError]]:
    """Hang up what ecallmgr nodes handle and is older than SECONDS; return how many were, and what went wrong.

    On a terminal that is asked first. Raises OnlyFreeSwitch, and of one zone what is raised on the way there.
    """
    errors: list[SupError] = []
    old: list[tuple[Zone, list[str]]] = []
    for zone in reach.zones:
        found, failed = channels.fully(reach._replace(zones=[zone]))
        errors += failed
        named = [each["uuid"] for each in found if channels.is_handled(each) and channels.age(each, now()) > seconds]
        if named and not zone.settings.freeswitch:
            raise OnlyFreeSwitch(count=len(named), zone=zone.name)
        old += [(zone, named)] if named else []
    if not old:
        return 0, errors
    first = reach.zones[0]

    def hang_up_all() -> tuple[int, list[SupError]]:
        first.run.confirm_watched(
            f"hang up {sum(len(named) for _, named in old)} channels older than {seconds} seconds"
        )
        return _hung_up(old)

    ended, failed = changes.if_made(first, hang_up_all, shown=lambda: _shown(old))
    return ended, [*errors, *failed]


def _shown(old: Sequence[tuple[Zone, Sequence[str]]]) -> tuple[int, list[SupError]]:
    """Tell what would be hung up; nobody is asked whether it is still there."""
    for zone, named in old:
        for uuid in named:
            zone.run.foretold(f"hang up {uuid}", None)
            zone.run.would(f"hang up {uuid}")
    return 0, []


def _hung_up(old: Sequence[tuple[Zone, Sequence[str]]]) -> tuple[int, list[SupError]]:
    from kazoo_sup.kazoo.ecallmgr import switches

    count = 0
    errors: list[SupError] = []
    for zone, named in old:
        try:
            ended, failed = switches.hang_up(zone, named)
        except SupError as error:
            if len(old) == 1:
                raise
            errors.append(error)
            continue
        count += ended
        errors += failed
    return count, errors
