"""Monster UI's apps: which an account uses."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AnyAccountId
from kazoo_sup.command import command
from kazoo_sup.kazoo.monster_ui import apps_store
from kazoo_sup.results import Answer
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def migrate(zone: Zone, account: AnyAccountId) -> Answer:
    """Move the apps of ACCOUNT from its definition into a document of their own.

    Answers {ok,Document}, {error,not_found} without such an account, or {error,migrated} where it lists none (exit code
    2). Apps that the document has already stay in it; Kazoo answers {error,conflict} then.
    """
    try:
        return Answer((Atom("ok"), apps_store.migrated(zone, account)))
    except apps_store.NothingToMove as reason:
        return Answer((Atom("error"), Atom(str(reason))))
