"""Kazoo's e-mails: the templates of the system and of accounts, and the modules that send them."""

from __future__ import annotations

from pathlib import Path

from kazoo_sup.arguments.accounts import Account
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.kazoo.notifications import notification_templates as templates_of
from kazoo_sup.kazoo.notifications import teletype_modules
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Live
from kazoo_sup.terms import Atom
from kazoo_sup.texts import teletype
from kazoo_sup.zone import Zone

INVALID = (Atom("error"), Atom("invalid_mod"))


@command
def list_templates_from_db(zone: Zone, db: str) -> Answer:
    """Answer the ids of the templates in the database DB (exit code 2, as Kazoo's)."""
    found = templates_of.listed_in(zone, db)
    return Answer([], lines=[teletype.UNREADABLE]) if found is None else Answer(found)


@command
def remove_customization(zone: Zone, account: Account, template_id: str | None = None) -> Live:
    """Delete what ACCOUNT has customized of all e-mails, or of TEMPLATE_ID: from then on it gets its reseller's."""
    if template_id is not None:
        ids: list[str] | None = [templates_of.database_id(template_id)]
    else:
        ids = templates_of.listed_in(zone, account.database)
    tell = teletype.after_listing if ids is None else teletype.lines
    return Live(templates_of.remove(zone, account.database, account.said, ids or []), tell, NO_RETURN)


@command
def force_system_default(zone: Zone, account: Account, template_id: str | None = None) -> Answer | Live:
    """Give ACCOUNT the system's templates in place of its own: of all e-mails, or of TEMPLATE_ID alone.

    With TEMPLATE_ID its other customizations stay; Kazoo's function removes them all and copies back the one.
    """
    if template_id is None:
        listed = templates_of.listed_in(zone, templates_of.SYSTEM)
        if not listed:
            return Answer(NO_RETURN, lines=[teletype.UNREADABLE] if listed is None else [])
        ids, customized = listed, templates_of.listed_in(zone, account.database) or []
    else:
        ids = [templates_of.database_id(template_id)]
        if zone.couchdb.get(templates_of.SYSTEM, ids[0]) is None:
            raise templates_of.NoTemplate(id=template_id)
        customized = [each for each in templates_of.listed_in(zone, account.database) or [] if each in ids]
    work = templates_of.force(zone, account.database, account.said, ids, customized)
    return Live(work, teletype.lines, NO_RETURN)


@command
def restore_system_template(zone: Zone, template_id: str, *, templates: Path | None = None) -> Done | Live:
    """Bring the system's template TEMPLATE_ID back to Kazoo 4.3's defaults.

    Its texts come from the files of an installed teletype, or of the directory TEMPLATES.
    """
    if template_id == "skel":
        return Done()
    return Live(templates_of.restore(zone, template_id, templates), teletype.lines)


@command
def restore_system_templates(zone: Zone, *, templates: Path | None = None) -> Live:
    """Bring all of the system's templates back to Kazoo 4.3's defaults, with texts from the directory TEMPLATES."""
    return Live(templates_of.restore_all(zone, templates), teletype.lines)


@command
def start_module(zone: Zone, module: str) -> Answer | Done:
    """Let every node start MODULE of teletype, with or without teletype_ before it, when its teletype starts.

    Nodes that run are not touched: Kazoo's function also starts the module in the node that it is called in.
    """
    name, modules = teletype_modules.name_of(module), teletype_modules.stored(zone)
    if not teletype_modules.is_known(name, modules):
        return Answer(INVALID)
    zone.run.warn(teletype_modules.RESTART)
    if name in modules:
        return Done()
    teletype_modules.add(zone, name, modules)
    return Done(lines=[f"added module {name} to autoloaded teletype modules"])


@command
def stop_module(zone: Zone, module: str) -> Answer | Done:
    """Let no node start MODULE of teletype, with or without teletype_ before it, when its teletype starts.

    Nodes that run are not touched: Kazoo's function also stops the module in the node that it is called in.
    """
    name, modules = teletype_modules.name_of(module), teletype_modules.stored(zone)
    if not teletype_modules.is_known(name, modules):
        return Answer(INVALID)
    zone.run.warn(teletype_modules.RESTART)
    if name not in modules:
        return Done()
    if teletype_modules.remove(zone, name, modules):
        zone.run.warn(f"{name} was stored more than once, as Kazoo does when it first starts; run this again")
    return Done(lines=[f"removed module {name} to autoloaded teletype modules"])


@command
def register_views(zone: Zone) -> Done:
    """Register teletype's views from an installed Kazoo."""
    return Done(report=BulkReport(view_registrations.register(zone, templates_of.APPLICATION)))


ON_NODE = (
    OnNode(
        "receipts",
        "",
        "Show the receipts of mails that the node keeps.",
        only_there("show the receipts that it keeps in its memory"),
    ),
    OnNode(
        "renderer_status",
        "",
        "Show the processes that render mails.",
        only_there("show the processes that render its mails"),
    ),
)
"""What only a running node can do."""
