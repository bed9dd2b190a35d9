"""What the user of a management API may see: its listings leave out, without a word, what he may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, NotFound, SupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.transports.rabbitmq import ManagementAPI
    from kazoo_sup.types import Row

_SEES_ALL = frozenset({"administrator", "monitoring"})


class HiddenHosts(SupError):
    """{user} of {server} has no permissions in {hidden}; what is there is not listed"""

    exit_code = ExitCode.PARTIAL
    remedy = "give {user} permissions there, with rabbitmqctl set_permissions"

    user: str
    server: str
    hidden: str


class OnlyOwn(SupError):
    """{user} of {server} has neither the tag monitoring nor administrator; only {what} of its own are listed"""

    exit_code = ExitCode.PARTIAL
    remedy = "give {user} the tag monitoring, with rabbitmqctl set_user_tags"

    user: str
    server: str
    what: str


class OnlyPermitted(SupError):
    """{user} of {server} has neither the tag monitoring nor administrator; only its own virtual hosts are listed"""

    exit_code = ExitCode.PARTIAL
    remedy = "give {user} the tag monitoring, with rabbitmqctl set_user_tags"

    user: str
    server: str


def in_every_host(api: ManagementAPI, rows: Iterator[Row]) -> Iterator[Row]:
    """Yield ROWS of all virtual hosts; HiddenHosts or OnlyPermitted ends them where the user may not see all.

    Who does not monitor is not even told which virtual hosts there are. Source: RabbitMQ's
    rabbit_mgmt_util:list_visible_vhosts/1.
    """
    yield from rows
    # Every virtual host has exchanges, and whoever may see nothing of it does not see these either.
    there = [str(each.get("name")) for each in api.whole("vhosts", columns=("name",))]
    seen = {str(each.get("vhost")) for each in api.pages("exchanges", columns=("vhost",))}
    hidden = [name for name in there if name not in seen]
    if hidden or not seen:
        what = "virtual host " + ", ".join(map(repr, hidden)) if hidden else "any virtual host"
        raise HiddenHosts(user=_user(api)[0], server=api.called, hidden=what)
    user, is_limited = _limited(api)
    if is_limited:
        raise OnlyPermitted(user=user, server=api.called)


def of_everybody(api: ManagementAPI, what: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Yield ROWS of WHAT belongs to connections; OnlyOwn ends them where the user sees only those of his own.

    His permissions in virtual hosts do not count there. Source: RabbitMQ's rabbit_mgmt_util:filter_conn_ch_list/3 and
    rabbit_mgmt_wm_consumers:filter_user/2.
    """
    yield from rows
    limited = only_own(api, what)
    if limited is not None:
        raise limited


def only_own(api: ManagementAPI, what: str) -> OnlyOwn | None:
    """Return what is to be told of a user who sees only his own of WHAT belongs to connections; None of any other."""
    user, is_limited = _limited(api)
    return OnlyOwn(user=user, server=api.called, what=what) if is_limited else None


def _limited(api: ManagementAPI) -> tuple[str, bool]:
    """Return who the user is, and whether he is known not to see everything."""
    user, tags = _user(api)
    return user, bool(tags) and not tags & _SEES_ALL


def _user(api: ManagementAPI) -> tuple[str, set[str]]:
    """Return name and tags of the user; no tags where the server does not tell."""
    try:
        found = api.item("whoami")
    except NotFound:
        return "the user", set()
    tags = found.get("tags")
    words = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    return f"user {found.get('name')}", {str(word).strip() for word in words}
