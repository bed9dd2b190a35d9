"""Bringing stored port requests into their present form.

Source: Kazoo knm_port_request:migrate/0, kzd_port_requests:find_port_authority/1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document, Report
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo import system_config, views
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.names import account_database, account_id, plain
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DATABASE = "port_requests"
PAGE = 50
_ACCOUNT = "pvt_account_id"


class PortsUnmigrated(SupError):
    """{failed} port requests could not be migrated"""

    exit_code = ExitCode.PARTIAL


class NoAccount(SupError):
    """{database}/{id} is of account {account}, which does not exist"""


def migrate(zone: Zone) -> Iterator[str]:
    """Migrate every port request that needs it, a page at a time.

    Raises PortsUnmigrated at the end when some could not be saved; Kazoo crashes on a request whose account is gone.
    """
    yield "migrating port request documents, if necessary"
    rows = views.rows(zone, DATABASE, "port_requests", "listing_by_state", include_docs=True)
    page, key, failed = list(islice(rows, PAGE)), UNDEFINED, 0
    while True:
        yield f":: getting next batch of {PAGE} port requests starting with key {terms.dumps(key)}"
        gone: list[str] = []
        counts = changes.apply(zone, _changes(zone, page, gone)).counts
        failed += counts["failed"] + len(gone)
        yield f"-- migrated {counts['edited']} port requests"
        page = list(islice(rows, PAGE))
        if not page:
            break
        key = page[0]["key"]
    yield "finished migrating port request documents"
    if failed:
        raise PortsUnmigrated(failed=failed)


def _changes(zone: Zone, page: list[dict[str, Any]], gone: list[str]) -> Iterator[Change]:
    """Yield the changes of one page; report the requests whose account does not exist and put their ids into GONE."""
    for row in page:
        stored = row.get("doc")
        if not stored:
            continue
        try:
            yield Change(DATABASE, migrated(zone, stored), stored, partial(_again, zone))
        except NoAccount as error:
            gone.append(stored["_id"])
            zone.run.report(Report(DATABASE, stored["_id"], "failed", error=error))


def _again(zone: Zone, stored: Document | None) -> Document:
    return migrated(zone, stored) if stored else {}


def migrated(zone: Zone, request: Document) -> Document:
    """Return a port request with its account's tree and name and its port authority, and with private comments.

    The very document is returned when it has all that. Raises NoAccount when it has no tree and its account is gone.
    """
    account, added = str(request.get(_ACCOUNT)), Document()
    own = None if request.get("pvt_tree") is not None and request.get("pvt_account_name") else definition(zone, account)
    if request.get("pvt_tree") is None:
        if own is None:
            raise NoAccount(database=DATABASE, id=request["_id"], account=account)
        added["pvt_tree"] = own.get("pvt_tree", [])
    if not (request.get("pvt_port_authority") and request.get("pvt_port_authority_name")):
        authority = port_authority(zone, account)
        name = authority and value_at(definition(zone, authority) or {}, ["name"])
        if name:
            added |= {"pvt_port_authority": authority, "pvt_port_authority_name": name}
    if not request.get("pvt_account_name") and value_at(own or {}, ["name"]):
        added["pvt_account_name"] = (own or {})["name"]
    comments = request.get("comments")
    if isinstance(comments, list) and any("superduper_comment" in each for each in comments if isinstance(each, dict)):
        added["comments"] = [_comment(each) for each in comments]
    return {**request, **added} if added else request


def port_authority(zone: Zone, account: str) -> str | None:
    """Return the account that handles an account's port requests; None when no master account is known.

    The nearest ancestor, up to the first reseller, whose whitelabel names another account for it; else the master
    account.
    """
    master = system_config.get(zone, "accounts", "master_account_id", None)
    if not isinstance(master, str):
        return None
    asked: set[str] = set()
    current = account
    while current != master and current not in asked:
        asked.add(current)
        named = value_at(zone.couchdb.get(plain(account_database(current)), "whitelabel") or {}, ["port", "authority"])
        found = account_id(named) if isinstance(named, str) else None
        if found and not (current == found == account):
            return found
        tree = value_at(definition(zone, current) or {}, ["pvt_tree"], [])
        current = master if services.is_reseller(zone, current) or not tree else tree[-1]
    return master


def _comment(comment: Any) -> Any:
    if not isinstance(comment, dict) or "superduper_comment" not in comment:
        return comment
    kept = {key: value for key, value in comment.items() if key != "superduper_comment"}
    return {**kept, "is_private": comment["superduper_comment"]}
