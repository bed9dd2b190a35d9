"""Websockets: who is connected, and which modules the blackhole nodes run.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from kazoo_sup import terms
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.bus import collect, websockets
from kazoo_sup.kazoo.config import known_names, system_config
from kazoo_sup.kazoo.documents.shapes import TEXTS
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.messages import DEFAULTS
from kazoo_sup.results import Answer, BulkReport, Done, Result
from kazoo_sup.terms.columns import shown
from kazoo_sup.texts.websockets import session_table
from kazoo_sup.types import Document, Json
from kazoo_sup.zone import Zone

_APP = "blackhole"
_MODULES = "autoload_modules"
_NOT_SHOWN = (*DEFAULTS, "Node", "Server-ID", "System-Log-ID", "AMQP-Broker", "AMQP-Broker-Zone")


@command
def start_module(zone: Zone, module: str, persist: bool = True, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """Have every blackhole node start MODULE, now and, unless PERSIST is false, whenever it starts."""
    return _told(zone, "start", "starting", module, persist, wait)


@command
def stop_module(zone: Zone, module: str, persist: bool = True, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """Have every blackhole node stop MODULE and, unless PERSIST is false, not start it again."""
    return _told(zone, "stop", "stopping", module, persist, wait)


@command
def active_sessions(zone: Zone, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """List the websockets of all accounts: who is connected, for how long, and what is listened for."""
    return _sessions(zone, list(accounts.ids(zone)), wait)


@command
def active_sessions_by_account(zone: Zone, account: AccountId, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """List the websockets of ACCOUNT: who is connected, for how long, and what is listened for."""
    return _sessions(zone, [account], wait)


@command
def active_sessions_by_ip(zone: Zone, ip_addr: str, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """List the websockets from the address IP_ADDR, of all accounts."""
    return _sessions(zone, list(accounts.ids(zone)), wait, ip_addr)


def _sessions(zone: Zone, of: list[str], wait: int, address: str | None = None) -> Result:
    found, errors = websockets.sessions(collect.Reach([zone], wait), of)
    wanted = [each for each in found if address in (None, each.get("source"))]
    return Answer(lines=session_table(wanted), data=wanted, report=BulkReport(errors=errors))


def _told(zone: Zone, action: str, doing: str, module: str, persist: bool, wait: int) -> Result:
    if action == "start":
        known_names.check(zone, "module of blackhole", module, known_names.BLACKHOLE_MODULES)
    order = ("websockets.module_req", {"Module": module, "Action": action, "Persist": persist})
    what = f"what became of {module}"
    asked = collect.Collector(collect.Reach([zone], wait), [order], apps=(_APP,), what=what, replaced=persist)
    lines = [f"{doing} {module}:"]
    answers = bus.order(zone, *order, lambda: list(asked))
    if answers is None:
        return Done()
    for answer in answers:
        lines.append(f"node {answer['Node']} returned:")
        lines += [f"  {key}: {_text(told)}" for key, told in answer.items() if key not in _NOT_SHOWN]
    if persist and not answers:
        _store(zone, action, module)
    return Answer(lines=lines, data=answers, report=BulkReport(errors=[*asked.errors, *asked.nobody()]))


def _store(zone: Zone, action: str, module: str) -> None:
    """Do what a blackhole node would do to the list of modules that it starts with."""
    listed = system_config.read(zone, _APP, _MODULES, [], TEXTS)
    if (action == "stop") != (module in listed):
        return

    def changed(document: Document) -> list[Json]:
        found = system_config.in_section(document, system_config.DEFAULT, _MODULES)
        kept = [each for each in (found if isinstance(found, list) else listed) if each != module]
        return [module, *kept] if action == "start" else kept

    system_config.update_value(zone, _APP, _MODULES, changed, section=system_config.DEFAULT, always=True)
    zone.run.warn("the list of modules is changed; a blackhole node reads it when it starts")


def _text(value: object) -> str:
    return terms.json_encode(value) if isinstance(value, dict | list) else shown(value)


ON_NODE = (
    OnNode(
        "running_modules",
        "",
        "List the modules that the node runs.",
        only_there(
            "list the modules it runs", f"sup kapps_config get {_APP} {_MODULES} shows those it starts with", app=_APP
        ),
    ),
)
"""What only a running node can do."""
