"""What a lab holds before anybody used it: one master account and what `sup` expects of any Kazoo cluster.

The lab's server is set up here over its HTTP API, as Kazoo's nodes set up theirs when they first start; nothing of this
is an operator's edit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from kazoo_sup.errors import ServerRefused, ServerUnreachable
from kazoo_sup.kazoo.documents import stamped
from kazoo_sup.messages.names import SYSTEM_DATABASES, account_database, plain
from kazoo_sup.settings.resources import PACKAGE, config_directory

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import requests

    from kazoo_sup.types import Document, Json

NODE = "kazoo_apps@lab.example.com"
ACCOUNT = "4c61622d6d61737465722d6163636e74"
ACCOUNT_DATABASE = account_database(ACCOUNT)
SEEDED_SCHEMAS = ("accounts", "find_numbers", "phone_numbers", "profile", "users")
"""The rest of `config/schemas` is for `sup crossbar_maintenance update_schemas` to add."""

TIMEOUT = 30
"""Seconds for one request."""

_NUMBER_SETTINGS = (
    "e164_converters",
    "classifiers",
    "reconcile_regex",
    "carrier_modules",
    "available_module_name",
    "released_state",
)

_REGISTRANTS = {
    "accounts": "kazoo_apps",
    "numbers": "kazoo_number_manager",
    "numbers_inum": "kazoo_number_manager",
    "numbers_managed": "kazoo_number_manager",
}
"""Design documents that Kazoo's applications register in system_data, by their names."""


def seed(url: str) -> None:
    """Create the databases and documents that are missing on the server at URL; what is there stays as it is.

    Raises ServerUnreachable, or ServerRefused when the server does not take one.
    """
    import requests

    with requests.Session() as session:
        session.trust_env = False  # no proxy stands before a loopback address
        try:
            for database in databases():
                _request(session, "PUT", f"{url}/{quote(plain(database), safe='')}", accepted=(201, 412))
            for database, wanted in documents().items():
                _add_missing(session, f"{url}/{quote(plain(database), safe='')}", wanted)
        except requests.RequestException as error:
            address = url.rpartition("@")[2]
            raise ServerUnreachable(server="the lab", address=address, reason=type(error).__name__) from error


def databases() -> tuple[str, ...]:
    """Return the (encoded) names of the databases, Kazoo's own and the account's; `sup` makes those of numbers."""
    return (*SYSTEM_DATABASES, ACCOUNT_DATABASE)


def documents() -> dict[str, list[Document]]:
    """Return the documents by (encoded) database, without revisions."""
    return {
        ACCOUNT_DATABASE: [_account()],
        "accounts": [_account(), _installed("accounts")],
        "services": [_services()],
        "system_config": [_stamped(each, "system_config", "config") for each in _config()],
        "system_schemas": [_stamped(_schema(name), "system_schemas") for name in SEEDED_SCHEMAS],
        "system_data": [_stamped(_installed("views"), "system_data"), *map(_registration, _REGISTRANTS)],
    }


def _account() -> Document:
    return _stamped(
        {
            "_id": ACCOUNT,
            "name": "Lab",
            "realm": "lab.example.com",
            "timezone": "America/Los_Angeles",
            "enabled": True,
            "call_restriction": {},
            "music_on_hold": {},
            "preflow": {},
            "ringtones": {},
            "pvt_vsn": "1",
            "pvt_alphanum_name": "lab",
            "pvt_tree": [],
            "pvt_enabled": True,
            "pvt_superduper_admin": True,
            "pvt_wnm_allow_additions": True,
            "pvt_reseller": True,
            "pvt_reseller_id": ACCOUNT,
        },
        ACCOUNT_DATABASE,
        "account",
    )


def _services() -> Document:
    return _stamped(
        {
            "_id": ACCOUNT,
            "quantities": {"account": {}, "cascade": {}, "manual": {}},
            "pvt_vsn": 2,
            "pvt_status": "good_standing",
            "pvt_tree": [],
            "pvt_reseller": True,
            "pvt_reseller_id": ACCOUNT,
        },
        ACCOUNT_DATABASE,
        "service",
    )


def _config() -> list[Document]:
    """Return documents of system_config, with the values that Kazoo writes there when it finds none."""
    settings = _schema("system_config.number_manager")["properties"]
    return [
        {
            "_id": "accounts",
            "default": {
                "master_account_id": ACCOUNT,
                "default_timezone": "America/Los_Angeles",
                "allow_subaccounts_for_direct": True,
            },
        },
        {"_id": "ecallmgr", "default": {"fs_nodes": [], "acls": {}}},
        {"_id": "number_manager", "default": {key: settings[key]["default"] for key in _NUMBER_SETTINGS}},
    ]


def _schema(name: str) -> Document:
    return _read(config_directory() / "schemas" / f"{name}.json")


def _installed(name: str) -> Document:
    """Return a design document as a database holds it."""
    return {key: value for key, value in _design(name).items() if key != "kazoo"}


def _registration(name: str) -> Document:
    """Return the document by which an application registers a design document (Kazoo kz_datamgr:register_view/2)."""
    (target,) = _design(name)["kazoo"]["view_map"]
    (database_or_class,) = target.values()
    return {
        "_id": f"{database_or_class}-{_REGISTRANTS[name]}-{name}",
        "application": _REGISTRANTS[name],
        "name": name,
        "pvt_type": "view_definition",
        "kazoo": {"view_map": [target]},
        "view_definition": _installed(name),
        "version": "4.3",
    }


def _design(name: str) -> Document:
    return _read(PACKAGE / "kazoo" / "databases" / "design" / f"{name}.json")


def _stamped(document: Document, database: str, document_type: str | None = None) -> Document:
    return stamped(document, database, node=NODE, document_type=document_type)


def _read(file: Traversable) -> Document:
    content: Document = json.loads(file.read_text(encoding="utf-8"))
    return content


def _add_missing(session: requests.Session, url: str, wanted: list[Document]) -> None:
    asked = {"keys": [document["_id"] for document in wanted]}
    rows = _request(session, "POST", f"{url}/_all_docs", body=asked)["rows"]
    present = {row["id"] for row in rows if "id" in row and not row["value"].get("deleted")}
    missing = [document for document in wanted if document["_id"] not in present]
    for result in _request(session, "POST", f"{url}/_bulk_docs", accepted=(201,), body={"docs": missing}):
        if "error" in result:
            raise ServerRefused(
                server="the lab", status=result["error"], request=f"saving {result['id']}", reason=result["reason"]
            )


def _request(
    session: requests.Session, method: str, url: str, *, accepted: tuple[int, ...] = (200,), body: object = None
) -> Json:
    response = session.request(method, url, json=body, timeout=TIMEOUT)
    answer = response.json()
    if response.status_code not in accepted:
        raise ServerRefused(
            server="the lab",
            status=response.status_code,
            request=f"{method} {urlsplit(url).path}",
            reason=answer.get("reason"),
        )
    return answer
