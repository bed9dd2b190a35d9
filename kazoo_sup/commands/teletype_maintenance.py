"""Kazoo's e-mails: the templates of the system and of accounts, and the modules that send them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from kazoo_sup.command import command
from kazoo_sup.kazoo import view_registrations
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.mails import notification_templates as templates_of
from kazoo_sup.kazoo.mails import teletype_modules
from kazoo_sup.kazoo.numbers.places import Account
from kazoo_sup.outcome import NO_RETURN, Outcome, text, value, worked
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

INVALID = (Atom("error"), Atom("invalid_mod"))


@command
def list_templates_from_db(zone: Zone, db: str) -> Outcome:
    """Answer the ids of the templates in the database DB (exit code 2, as Kazoo's)."""
    lines, found = templates_of.listed_in(zone, db)
    return text(lines, found)


@command
def remove_customization(zone: Zone, account: Account, template_id: str | None = None) -> Outcome:
    """Delete what ACCOUNT has customized of all e-mails, or of TEMPLATE_ID: from then on it gets its reseller's."""
    counts: Counter[str] = Counter()
    if template_id is None:
        lines, ids = templates_of.listed_in(zone, account.database)
    else:
        lines, ids = [], [templates_of.database_id(template_id)]
    work = templates_of.remove(zone, account.database, account.said, ids, counts)
    return worked(zone.run, (line for part in (lines, work) for line in part), NO_RETURN, counts=counts)


@command
def force_system_default(zone: Zone, account: Account, template_id: str | None = None) -> Outcome:
    """Give ACCOUNT the system's templates in place of its own: of all e-mails, or of TEMPLATE_ID alone.

    With TEMPLATE_ID its other customizations stay; Kazoo's function removes them all and copies back the one.
    """
    counts: Counter[str] = Counter()
    if template_id is None:
        lines, ids = templates_of.listed_in(zone, templates_of.SYSTEM)
        if not ids:
            return text(lines, NO_RETURN)
        customized = templates_of.listed_in(zone, account.database)[1]
    else:
        ids = [templates_of.database_id(template_id)]
        if zone.couchdb.get(templates_of.SYSTEM, ids[0]) is None:
            raise templates_of.NoTemplate(id=template_id)
        customized = [each for each in templates_of.listed_in(zone, account.database)[1] if each in ids]
    work = templates_of.force(zone, account.database, account.said, ids, customized, counts)
    return worked(zone.run, work, NO_RETURN, counts=counts)


@command
def restore_system_template(zone: Zone, template_id: str, *, templates: Path | None = None) -> Outcome:
    """Bring the system's template TEMPLATE_ID back to Kazoo 4.3's defaults.

    Its texts come from the files of an installed teletype, or of the directory TEMPLATES.
    """
    counts: Counter[str] = Counter()
    if template_id == "skel":
        return Outcome()
    return worked(zone.run, templates_of.restore(zone, template_id, templates, counts), counts=counts)


@command
def restore_system_templates(zone: Zone, *, templates: Path | None = None) -> Outcome:
    """Bring all of the system's templates back to Kazoo 4.3's defaults, with texts from the directory TEMPLATES."""
    counts: Counter[str] = Counter()
    return worked(zone.run, templates_of.restore_all(zone, templates, counts), counts=counts)


@command
def start_module(zone: Zone, module: str) -> Outcome:
    """Let every node start MODULE of teletype, with or without teletype_ before it, when its teletype starts.

    Nodes that run are not touched: Kazoo's function also starts the module in the node that it is called in.
    """
    name, modules = teletype_modules.name_of(module), teletype_modules.stored(zone)
    if not teletype_modules.is_known(name, modules):
        return value(INVALID)
    zone.run.hint(teletype_modules.RESTART)
    if name in modules:
        return Outcome()
    teletype_modules.add(zone, name, modules)
    return text(f"added module {name} to autoloaded teletype modules")


@command
def stop_module(zone: Zone, module: str) -> Outcome:
    """Let no node start MODULE of teletype, with or without teletype_ before it, when its teletype starts.

    Nodes that run are not touched: Kazoo's function also stops the module in the node that it is called in.
    """
    name, modules = teletype_modules.name_of(module), teletype_modules.stored(zone)
    if not teletype_modules.is_known(name, modules):
        return value(INVALID)
    zone.run.hint(teletype_modules.RESTART)
    if name not in modules:
        return Outcome()
    if teletype_modules.remove(zone, name, modules):
        zone.run.warn(f"{name} was stored more than once, as Kazoo does when it first starts; run this again")
    return text(f"removed module {name} to autoloaded teletype modules")


@command
def register_views(zone: Zone) -> Outcome:
    """Register teletype's views from an installed Kazoo."""
    return Outcome(counts=view_registrations.register(zone, templates_of.APPLICATION))


@command
def receipts() -> Outcome:
    """Refused: the receipts of mails are kept in the memory of the node that sent them."""
    raise refused("show the receipts that it keeps in its memory")


@command
def renderer_status() -> Outcome:
    """Refused: the processes that render templates are a node's own."""
    raise refused("show the processes that render its mails")
