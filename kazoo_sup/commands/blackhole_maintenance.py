"""Websockets: who is connected, and which modules the blackhole nodes run.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from typing import Any

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus, collecting, system_config
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.calls import websockets
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.messages import DEFAULTS
from kazoo_sup.names import account_id
from kazoo_sup.outcome import OK, Outcome, text, value
from kazoo_sup.terms.columns import shown
from kazoo_sup.zone import Zone

_APP = "blackhole"
_MODULES = "autoload_modules"
_NOT_SHOWN = (*DEFAULTS, "Node", "Server-ID", "System-Log-ID", "AMQP-Broker", "AMQP-Broker-Zone")


@command
def start_module(zone: Zone, module: str, persist: bool = True, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """Have every blackhole node start MODULE, now and, unless PERSIST is false, whenever it starts."""
    return _told(zone, "start", "starting", module, persist, wait)


@command
def stop_module(zone: Zone, module: str, persist: bool = True, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """Have every blackhole node stop MODULE, unless PERSIST is false for good."""
    return _told(zone, "stop", "stopping", module, persist, wait)


@command
def active_sessions(zone: Zone, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """List the websockets of all accounts: who is connected, for how long, and what is listened for."""
    return _sessions(zone, [str(account_id(database)) for database in accounts.databases(zone)], wait)


@command
def active_sessions_by_account(zone: Zone, account: AccountId, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """List the websockets of ACCOUNT: who is connected, for how long, and what is listened for."""
    return _sessions(zone, [account], wait)


@command
def active_sessions_by_ip(zone: Zone, ip_addr: str, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """List the websockets from the address IP_ADDR, of all accounts."""
    return _sessions(zone, [str(account_id(database)) for database in accounts.databases(zone)], wait, ip_addr)


@command
def running_modules() -> Outcome:
    """Refuse to list the modules that a node runs."""
    instead = f"sup kapps_config get {_APP} {_MODULES} shows those it starts with"
    raise refused("list the modules it runs", instead, app=_APP)


def _sessions(zone: Zone, of: list[str], wait: int, address: str | None = None) -> Outcome:
    found, errors = websockets.sessions(collecting.Reach([zone], wait), of)
    wanted = [each for each in found if address in (None, each.get("source"))]
    return text(websockets.table(wanted), data=wanted, errors=errors)


def _told(zone: Zone, action: str, doing: str, module: str, persist: bool, wait: int) -> Outcome:
    order = ("websockets.module_req", {"Module": module, "Action": action, "Persist": persist})
    if zone.run.dry_run:
        bus.publish(zone, [order])
        return value(OK)
    asked = collecting.Collecting(collecting.Reach([zone], wait), [order], apps=(_APP,))
    lines = [f"{doing} {module}:"]
    answers: list[dict[str, Any]] = []
    for answer in asked:
        answers.append(answer)
        lines.append(f"node {answer['Node']} returned:")
        lines += [f"  {key}: {_text(told)}" for key, told in answer.items() if key not in _NOT_SHOWN]
    if persist and not answers:
        _store(zone, action, module)
    return text(lines, data=answers, errors=asked.errors)


def _store(zone: Zone, action: str, module: str) -> None:
    """Do what a blackhole node would do to the list of modules that it starts with."""
    listed = system_config.get(zone, _APP, _MODULES, [])
    if not isinstance(listed, list) or (action == "stop") != (module in listed):
        return

    def changed(document: dict[str, Any]) -> list[Any]:
        found = system_config.in_section(document, system_config.DEFAULT, _MODULES)
        kept = [each for each in (found if isinstance(found, list) else listed) if each != module]
        return [module, *kept] if action == "start" else kept

    system_config.update_value(zone, _APP, _MODULES, changed, section=system_config.DEFAULT, always=True)
    zone.run.warn("the list of modules is changed; a blackhole node reads it when it starts")


def _text(value: Any) -> str:
    return terms.json_encode(value) if isinstance(value, dict | list) else shown(value)
