"""Crossbar and Monster UI, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kazoo_sup.errors import NotAuthorised, ServerRefused
from kazoo_sup.kazoo.zone.health.health import Health, State
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import KINDS, known

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

CROSSBAR = "crossbar"
MONSTER_UI = "monster_ui"

_VERSION = "/v2"
_ABOUT = "/about"
"""What everybody may ask for who is logged in; others get Crossbar's own refusal (Kazoo cb_about)."""

_ERROR = 500
_REDIRECTION = 300
_REFUSAL = 400


class Answer(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes


def probes(zone: Zone) -> list[Probe[Health]]:
    """Return a probe for each Crossbar and each Monster UI of the settings."""
    crossbars = [
        Probe(CROSSBAR, name, partial(_get, zone, CROSSBAR, server, _about(server)), partial(judge_crossbar, name))
        for name, server in known(zone, CROSSBAR).items()
    ]
    interfaces = [
        Probe(MONSTER_UI, name, partial(_get, zone, MONSTER_UI, server, "/"), partial(judge_monster_ui, name))
        for name, server in known(zone, MONSTER_UI).items()
    ]
    return [*crossbars, *interfaces]


def judge_crossbar(name: str, answer: Answer) -> Iterator[Health]:
    """Yield how a Crossbar is: its answers, refusals too, are JSON objects with the id of the request."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if answer.status >= _ERROR:
        yield Health(CROSSBAR, name, State.CRITICAL, f"answers with {answer.status}", {"status": answer.status})
    elif not (isinstance(found, dict) and "request_id" in found):
        summary = f"what answers with {answer.status} is not Crossbar"
        yield Health(CROSSBAR, name, State.UNKNOWN, summary, {"status": answer.status})
    else:
        version = found.get("version")
        summary = f"answers{f', version {version}' if isinstance(version, str) else ''}"
        yield Health(CROSSBAR, name, State.OK, summary, {"status": answer.status, "version": version})


def judge_monster_ui(name: str, answer: Answer) -> Iterator[Health]:
    """Yield how a Monster UI is: it is a page of HTML; whoever redirects, to https for example, answers too."""
    details = {"status": answer.status}
    is_page = b"<html" in answer.body[:4096].lower()
    if answer.status >= _ERROR:
        yield Health(MONSTER_UI, name, State.CRITICAL, f"answers with {answer.status}", details)
    elif _REDIRECTION <= answer.status < _REFUSAL:
        yield Health(MONSTER_UI, name, State.OK, f"redirects ({answer.status})", details)
    elif answer.status >= _REFUSAL:
        yield Health(MONSTER_UI, name, State.WARNING, f"has no page there ({answer.status})", details)
    elif not is_page:
        yield Health(MONSTER_UI, name, State.UNKNOWN, "what answers is not a page of HTML", details)
    else:
        yield Health(MONSTER_UI, name, State.OK, "serves its page", details)


def _about(server: Server) -> str:
    return _ABOUT if urlsplit(server.url).path else _VERSION + _ABOUT


def _get(zone: Zone, kind: str, server: Server, path: str) -> Answer:
    """Ask for a page; any status is an answer."""
    from kazoo_sup.transports.http import HTTP, Place, Timeouts

    times = zone.settings.timeouts
    login = (server.username, server.password or "") if server.username else None
    timeouts = Timeouts(times.connect, times.read, retry=0, whole=times.read)
    http = HTTP(Place(server.url, KINDS[kind].title, login), timeouts=timeouts, limits=zone.settings.limits)
    try:
        answer = http.request("GET", path)
    except NotAuthorised as refused:
        return Answer(401, refused.content)
    except ServerRefused as refused:
        return Answer(refused.status, refused.content)
    finally:
        http.close()
    return Answer(answer.status, answer.body)
