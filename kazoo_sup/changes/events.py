"""The change events that make every Kazoo node forget its cached copy of a document.

Source: Kazoo kzs_publish:publish/3 (documents), kzs_publish:do_publish_db/3 (databases), kapi_conf. Two things are on
purpose not as there: Date-Created and Date-Modified are not swapped, and the node and application are our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import messages
from kazoo_sup.messages.names import account_id, classification

if TYPE_CHECKING:
    from kazoo_sup.types import Fields, Payload

EXCHANGE = "configuration"
EXCHANGE_TYPE = messages.EXCHANGE_TYPES[EXCHANGE]
UNPUBLISHED_TYPES = ("cdr", "ledger", "audit_log", "login_attempt", "pivot_debug", "notify_smtp_log")
"""Document types without events unless `datamgr.change_notice_exclude_types` says otherwise."""

ANNOUNCED_DESIGNS = frozenset({"_design/numbers"})
"""Design documents whose edits Kazoo announces, beside all others, which it does not.

Source: recorded runs; it is what kazoo_number_manager_maintenance:update_number_services_view/1 saves.
"""

_ACCOUNT_ID_LENGTH = 32


def document_event(action: str, database: str, document: Fields, node: str) -> tuple[str, bytes]:
    """Return the routing key and the body of the event that DOCUMENT of DATABASE was created, edited or deleted.

    A document that is marked deleted (`pvt_deleted`) is announced as deleted, whatever the action.
    """
    softly = document.get("pvt_deleted") is True
    if softly or document.get("_deleted") is True:
        action = "deleted"
    account = document.get("pvt_account_id")
    if not (isinstance(account, str) and len(account) == _ACCOUNT_ID_LENGTH):
        account = account_id(database) if classification(database) in ("account", "modb") else None
    payload: Payload = {
        "ID": document["_id"],
        "Origin-Cache": "kazoo_data_cache",
        "Database": database,
        "Is-Soft-Deleted": softly,
        "Type": document.get("pvt_type"),
        "Rev": document.get("_rev"),
        "Account-ID": account,
        "Date-Created": document.get("pvt_created"),
        "Date-Modified": document.get("pvt_modified"),
    }
    return _event(f"doc_{action}", payload, node)


def database_event(action: str, database: str, node: str) -> tuple[str, bytes]:
    """Return the routing key and the body of the event that DATABASE itself was created, edited or deleted.

    On `edited` every node drops all it has cached of that database.
    """
    payload = {"ID": database, "Type": "database", "Database": database}
    return _event(f"db_{action}", payload, node)


def _event(name: str, payload: Payload, node: str) -> tuple[str, bytes]:
    built = messages.build(f"conf.{name}", payload, node=node)
    return built.routing_key, built.body
