"""Endpoints: a device as a call sees it, merged with its owner and its account.

Source: Kazoo kz_endpoint:get/2, merge_attributes/2, callflow_maintenance:lookup_endpoint/2. A node may still have an
older one in its cache; here it is merged from what is stored now. The SIP password is not shown; Kazoo prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.kazoo.accounts import account_lookup, definition
from kazoo_sup.kazoo.callflows.call_restrictions import DENY, KEY
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import as_object, merged, value_at, with_value
from kazoo_sup.kazoo.documents.values import is_empty, is_true
from kazoo_sup.kazoo.numbers import classification
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.terms import Atom
from kazoo_sup.transports.server import MASK

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

_MERGED = ("caller_id_options", "dial_plan", "formatters")
_MERGED_TOO = ("metaflows", "mobile", "music_on_hold")
_PRECEDENCE = ("mlpp", "max_precedence")
_LOWEST = 5
_PASSWORD = ("sip", "password")
_ALLOW = "allow"
_AS_DEVICE = ("click2call", "conference")
_DIRECTIONS = ("inbound", "outbound")
_NETWORKS = ("onnet", "offnet")


class NoRealm(NamedTuple):
    """There is no account with a realm, or more than one."""

    realm: str


class NoUsername(NamedTuple):
    """No endpoint of an account's (encoded) database has a SIP username, or more than one."""

    username: str
    database: str


def look_up(zone: Zone, username: str, realm: str) -> Json | NoRealm | NoUsername:
    """Return the term of the endpoint with a SIP username, in the account with REALM, as a call sees it."""
    accounts = account_lookup.by_realm(zone, realm)
    if len(accounts) != 1:
        return NoRealm(realm)
    database = account_database(accounts[0])
    rows = list(views.rows(zone, database, "attributes", "sip_username", key=username))
    if len(rows) != 1:
        return NoUsername(username, database)
    return _endpoint(zone, accounts[0], rows[0]["id"])


def without_password(endpoint: Document) -> Document:
    """Return an endpoint as it may be shown."""
    return endpoint if value_at(endpoint, _PASSWORD) is None else with_value(endpoint, _PASSWORD, MASK)


def _endpoint(zone: Zone, account: str, identifier: str) -> Json:
    document = zone.couchdb.get(plain(account_database(account)), identifier)
    if document is None:
        return (Atom("error"), Atom("not_found"))
    kind = document.get("pvt_type")
    kind = "device" if kind in _AS_DEVICE else kind
    if kind not in ("device", "user", "account"):
        return (Atom("error"), Atom("not_device_nor_user"))
    if document.get("pvt_deleted") is True:
        return (Atom("error"), Atom("endpoint_deleted"))
    if not _enabled(document, kind):
        return (Atom("error"), Atom("endpoint_disabled"))
    classifiers = list(classification.available(zone))
    above = definition(zone, account) or {}
    if kind == "account":
        endpoint = merge(document, {}, {}, classifiers)
    elif kind == "user":
        endpoint = merge(above, {}, document, classifiers)
    else:
        owner = _owner(zone, account, document, classifiers)
        endpoint = merge(above, with_value(document, ["owner_id"], owner.get("_id")), owner, classifiers)
    named = {"Endpoint-ID": identifier, "Endpoint-Type": kind, "Endpoint-Account-ID": account}
    return (Atom("ok"), {**without_password(endpoint), **named})


def _enabled(document: Document, kind: str) -> bool:
    if kind == "account":
        return account_lookup.is_enabled(document)
    return is_true(document.get("enabled", True))


def _owner(zone: Zone, account: str, device: Document, classifiers: list[str]) -> Document:
    """Return the user whose device it is; those who share it by hotdesking count as one."""
    database = plain(account_database(account))
    sharing = list(value_at(device, ["hotdesk", "users"], {}))
    if not sharing:
        owner = device.get("owner_id")
        return (zone.couchdb.get(database, owner) if isinstance(owner, str) and owner else None) or {}
    if len(sharing) == 1:
        return shared_restrictions(zone.couchdb.get(database, sharing[0]) or {}, classifiers)
    users = zone.couchdb.get_many(database, sharing).values()
    return shared_restrictions(as_one_user(list(users), classifiers), classifiers)


def as_one_user(users: list[Document], classifiers: list[str]) -> Document:
    """Return users who share a device as one: only what is denied to all of them is denied."""
    lowest = min([_LOWEST, *(_precedence(user) for user in users)])
    one = with_value({}, _PRECEDENCE, lowest)
    for classifier in classifiers:
        if all(value_at(user, [KEY, classifier, "action"]) == DENY for user in users):
            one = with_value(one, [KEY, classifier, "action"], DENY)
    return one


def shared_restrictions(user: Document, classifiers: list[str]) -> Document:
    """Return a user whose restrictions go before those of a device: what is not denied is allowed."""
    for classifier in classifiers:
        if value_at(user, [KEY, classifier, "action"]) != DENY:
            user = with_value(user, [KEY, classifier, "action"], _ALLOW)
    return user


def merge(account: Document, endpoint: Document, owner: Document, classifiers: list[str]) -> Document:
    """Return an endpoint with what its account and its owner say laid under or over its own."""
    layers = account, endpoint, owner
    steps: tuple[Callable[[Document], Document], ...] = (
        lambda found: _with_call_forward(account, found, owner),
        lambda found: with_value(found, ["call_recording"], _call_recording(account, found, owner)),
        lambda found: _with_restrictions(account, found, owner, classifiers),
        lambda found: with_value(found, ["call_waiting"], _together("call_waiting", account, owner, found)),
        lambda found: with_value(found, ["caller_id"], _caller_id(account, found, owner)),
        lambda found: _laid_over(found, _MERGED[:2], account, owner),
        lambda found: with_value(
            found, ["do_not_disturb", "enabled"], any(_is_on(each, "do_not_disturb") for each in layers)
        ),
        lambda found: _laid_over(found, _MERGED[2:], account, owner),
        lambda found: _first(found, "language", account, owner),
        lambda found: _laid_over(found, _MERGED_TOO, account, owner),
        lambda found: with_value(found, ["name"], _name(owner, found.get("name"), account.get("name"))),
        lambda found: with_value(found, ["outbound_flags"], _flags((account, owner, found))),
        lambda found: _first(found, "presence_id", account, owner),
        lambda found: with_value(
            found, ["record_call"], _joined([_record_call(each) for each in (account, owner, found)])
        ),
        lambda found: _laid_over(found, ("ringtones",), account, owner),
        lambda found: _with_precedence(found, owner),
    )
    for step in steps:
        endpoint = step(endpoint)
    return endpoint


def _object(document: Document, key: str) -> Document:
    return as_object(document.get(key))


def _joined(values: Iterable[Document]) -> Document:
    found: Document = reduce(merged, values, {})
    return found


def _together(key: str, *layers: Document) -> Document:
    return _joined(_object(layer, key) for layer in layers)


def _unless_empty(below: Document, above: Document) -> Document:
    """Lay one object over another; what is empty covers nothing (kz_json:merge_recursive/2)."""
    found = dict(below)
    for key, value in above.items():
        if isinstance(value, dict):
            laid = _unless_empty(_object(found, key), value)
            if laid:
                found[key] = laid
        elif not is_empty(value):
            found[key] = value
    return found


def _laid_over(endpoint: Document, keys: Iterable[str], account: Document, owner: Document) -> Document:
    for key in keys:
        layers = (_object(each, key) for each in (account, endpoint, owner))
        endpoint = {**endpoint, key: reduce(_unless_empty, layers)}
    return endpoint


def _first(endpoint: Document, key: str, account: Document, owner: Document) -> Document:
    for each in (owner, endpoint, account):
        if each.get(key) is not None:
            return {**endpoint, key: each[key]}
    return endpoint


def _is_on(document: Document, key: str) -> bool:
    return is_true(value_at(document, [key, "enabled"]))


def _with_call_forward(account: Document, endpoint: Document, owner: Document) -> Document:
    if _is_on(endpoint, "call_forward"):
        return endpoint
    return {**endpoint, "call_forward": _together("call_forward", account, endpoint, owner)}


def _with_restrictions(account: Document, endpoint: Document, owner: Document, classifiers: list[str]) -> Document:
    for classifier in classifiers:
        path = [KEY, classifier, "action"]
        action = DENY if value_at(account, path) == DENY else value_at(owner, path)
        if action in (DENY, _ALLOW):
            endpoint = with_value(endpoint, path, action)
    return endpoint


def _caller_id(account: Document, endpoint: Document, owner: Document) -> Document:
    own = _object(endpoint, "caller_id")
    theirs = _object(owner, "caller_id")
    if is_empty(value_at(theirs, ["internal", "name"])):
        theirs = with_value(theirs, ["internal", "name"], _name(owner, None, None))
    over = [theirs, own] if is_true(account.get("prefer_device_caller_id")) else [own, theirs]
    found = reduce(_unless_empty, [_object(account, "caller_id"), *over])
    for key in ("number", "name"):
        emergency = value_at(own, ["emergency", key])
        if isinstance(emergency, str) and not is_empty(emergency):
            found = with_value(found, ["emergency", key], emergency)
    return found


def _name(owner: Document, endpoint: object, account: object) -> Json:
    words = [owner.get(key) for key in ("first_name", "last_name")]
    said = [str(word) for word in words if not is_empty(word)]
    if said:
        return " ".join(said)
    return account if is_empty(endpoint) else endpoint


def _flags(layers: tuple[Document, Document, Document]) -> Document:
    found: dict[str, list[Json]] = {"dynamic": [], "static": []}
    for layer in layers:
        flags = layer.get("outbound_flags")
        if isinstance(flags, list):
            flags = {"static": flags}
        for kind in found:
            own = value_at(flags, [kind]) if isinstance(flags, dict) else None
            found[kind] += own if isinstance(own, list) else []
    return dict(found)


def _precedence(document: Document) -> int:
    found = value_at(document, _PRECEDENCE, _LOWEST)
    return found if isinstance(found, int) else _LOWEST


def _with_precedence(endpoint: Document, owner: Document) -> Document:
    theirs = _precedence(owner)
    return endpoint if _precedence(endpoint) < theirs else with_value(endpoint, _PRECEDENCE, theirs)


def _record_call(document: Document) -> Document:
    found = document.get("record_call")
    if isinstance(found, dict):
        return found
    return {"action": "start", "record_call": True} if is_true(found) else {}


def _call_recording(account: Document, endpoint: Document, owner: Document) -> Document:
    settings = {kind: _recording(each) for kind, each in _object(account, "call_recording").items()}
    return _joined([settings, _own_recording(owner), _own_recording(endpoint)])


def _own_recording(document: Document) -> Document:
    found = document.get("call_recording")
    if not isinstance(found, dict):
        legacy = _record_call(document)
        if not is_true(legacy.get("record_call")):
            return {}
        networks = {network: {**legacy, "enabled": True} for network in _NETWORKS}
        found = dict.fromkeys(_DIRECTIONS, networks)
    return {"endpoint": _recording(found)} if found else {}


def _recording(settings: object) -> Document:
    """Write out what is said of any direction and of any network for each of them."""
    own = as_object(settings)
    directions = {key: each for key, each in own.items() if key != "any"}
    for way in _DIRECTIONS:
        directions[way] = merged(_object(own, "any"), _object(directions, way))
    return {way: _networks(each) for way, each in directions.items()}


def _networks(settings: Document) -> Document:
    networks = {key: each for key, each in settings.items() if key != "any"}
    anywhere = settings.get("any") if isinstance(settings.get("any"), dict) else {"enabled": False}
    for network in _NETWORKS:
        networks[network] = merged(anywhere, _object(networks, network))
    return networks
