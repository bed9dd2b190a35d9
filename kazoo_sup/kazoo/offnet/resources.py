"""Resources: what their documents say once the zone's defaults are filled in.

Global resources are in the database `offnet`, an account's own in its database. A resource with classifiers counts as
one resource for each of them. Source: Kazoo stepswitch_resources, kzd_resources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import expressions, system_config
from kazoo_sup.kazoo.config.expressions import BadExpression, Expression
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import shapes, value_at
from kazoo_sup.kazoo.documents.shapes import OBJECT, TEXT
from kazoo_sup.kazoo.documents.values import is_false, is_true
from kazoo_sup.kazoo.numbers import classification
from kazoo_sup.kazoo.offnet import fields, gateways
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

GLOBAL = "offnet"
CATEGORY = "stepswitch"

_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(gateways.Inherited):
    """One resource, or what one is for the numbers of one classifier. `proxies` are pairs of zone and address."""

    id: str
    rev: str
    name: str | None
    weight: int
    grace_period: int
    flags: Sequence[str]
    raw_rules: Sequence[str]
    raw_rules_test: Sequence[str]
    raw_cid_rules: Sequence[str]
    require_flags: bool
    ignore_flags: bool
    is_global: bool
    formatters: Document | None
    classifier: str | None
    is_classifier_enabled: bool
    gateway_strategy: str
    proxies: Sequence[tuple[str | None, str | None]] = ()
    gateways: Sequence[gateways.Gateway] = ()

    @property
    def rules(self) -> list[Expression]:
        """The expressions for numbers, in the order in which they are tried."""
        return compiled(self.raw_rules)

    @property
    def cid_rules(self) -> list[Expression]:
        """The expressions for the caller's number, in the order in which they are tried; none means any caller."""
        return compiled(self.raw_cid_rules)


def everybodys(zone: Zone) -> list[Resource]:
    """Return the global resources, in Kazoo's order."""
    return _read(zone, GLOBAL, {})


def of_account(zone: Zone, account: str) -> list[Resource]:
    """Return the resources of an account (an id) itself, in Kazoo's order."""
    proxies = dict(_dedicated_proxies(zone, account))
    return _read(zone, account_database(account), {"Is-Global": False, "Proxies": proxies})


def of_realm(zone: Zone, realm: str) -> list[Resource]:
    """Return the resources of the account with this realm; none where there is no such account."""
    owners = {
        row["id"] for row in views.rows(zone, accounts.DATABASE, "accounts", "listing_by_realm", key=realm.lower())
    }
    return of_account(zone, owners.pop()) if len(owners) == 1 else []


def compiled(rules: Iterable[object]) -> list[Expression]:
    """Return the expressions that can be read; the last of the document is tried first."""
    found: list[Expression] = []
    for rule in rules:
        try:
            found.insert(0, expressions.read(rule, "a rule"))
        except BadExpression:
            continue
    return found


def unreadable(resource: Resource) -> Iterator[BadExpression]:
    """Yield what is wrong with the rules of a resource that are not expressions: stepswitch passes over them."""
    for key, rules in (("rules", resource.raw_rules), ("cid_rules", resource.raw_cid_rules)):
        for rule in rules:
            try:
                expressions.read(rule, f"{key} of resource {resource.id}")
            except BadExpression as error:
                yield error


def from_documents(
    documents: Iterable[Document],
    setting: fields.Setting,
    classifiers: classification.Classifiers,
    privacy: str = "kazoo",
) -> list[Resource]:
    """Return the enabled resources of these documents, the last first, with gateways.

    PRIVACY is how callers who want to be unknown are hidden where a document does not say (privacy.method).
    """
    found: list[Resource] = []
    for document in documents:
        if is_false(document.get("enabled")):
            continue
        for each in _by_classifier(document, classifiers):
            found.insert(0, _resource(each, setting, privacy))
    return found


def _read(zone: Zone, database: str, added: Document) -> list[Resource]:
    rows = views.rows_if_any(zone, database, "resources", "listing_by_id", include_docs=True)
    setting = partial(system_config.get, zone, CATEGORY)
    privacy = system_config.read(zone, "privacy", "method", "kazoo", TEXT)
    documents = [{**row["doc"], **added} for row in rows if row.get("doc")]
    return from_documents(documents, setting, classification.available(zone), privacy)


def _dedicated_proxies(zone: Zone, account: str) -> list[tuple[str | None, str | None]]:
    """Return zone and address of what is dedicated to the account, those of this zone first.

    Source: Kazoo kz_ips:assigned/1, which mixes them at random.
    """
    rows = views.rows_if_any(zone, "dedicated_ips", "dedicated_ips", "assigned_to_listing", key=account)
    here = system_config.read(zone, "ips", "zone_name_map", {}, OBJECT).get(zone.name) or zone.name
    found = [(shapes.text_at(each, "zone"), shapes.text_at(each, "ip")) for each in (row["value"] for row in rows)]
    found.sort(key=lambda each: each[0] != here)
    only_one = is_true(system_config.get(zone, CATEGORY, "use_first_dedicated_proxy_only", default=True))
    return found[:1] if only_one else found


def _by_classifier(document: Document, available: classification.Classifiers) -> list[Document]:
    """Return the document, or what it is for each of its classifiers that the zone has."""
    own = document.get("classifiers")
    if not isinstance(own, Mapping):
        return [document]
    return [_classified(document, name, own[name], available[name]) for name in own if name in available]


def _classified(document: Document, name: str, own: object, configured: Fields) -> Document:
    own = own if isinstance(own, Mapping) else {}
    emergency = own.get("emergency", True if name == "emergency" else configured.get("emergency"))
    changed = {
        "_id": f"{document['_id']}-{name}",
        "name": f"{document.get('name')} - {name}",
        "rules": [own.get("regex", configured.get("regex"))],
        "weight_cost": own.get("weight_cost"),
        "emergency": None if emergency is None else is_true(emergency),
        "classifier": name,
        "classifier_enable": is_true(own.get("enabled", True)),
    }
    affixes = {key: own[key] for key in ("suffix", "prefix") if own.get(key) is not None}
    gateways = [{**gateway, **affixes} for gateway in fields.objects(document.get("gateways"))]
    return {**document, **{key: each for key, each in changed.items() if each is not None}, "gateways": gateways}


def _resource(document: Document, setting: fields.Setting, privacy: str) -> Resource:
    weight = setting("default_weight", 3)
    formatters = document.get("formatters")
    resource = Resource(
        id=document["_id"],
        rev=document.get("_rev", ""),
        name=document.get("name"),
        weight=min(max(fields.integer(document.get("weight_cost"), weight), 1), _MOST),
        grace_period=min(max(fields.integer(document.get("grace_period"), weight), 0), _MOST),
        flags=fields.listed(document.get("flags")),
        raw_rules=fields.listed(document.get("rules")),
        raw_rules_test=fields.listed(document.get("rules_test")),
        raw_cid_rules=fields.listed(document.get("cid_rules")),
        is_emergency=is_true(document.get("emergency"))
        or value_at(document, ["caller_id_options", "type"]) == "emergency",
        require_flags=is_true(document.get("require_flags")),
        ignore_flags=is_true(document.get("ignore_flags")),
        is_global=is_true(document.get("Is-Global", True)),
        format_from_uri=is_true(document.get("format_from_uri")),
        from_uri_realm=document.get("from_uri_realm"),
        from_account_realm=is_true(document.get("from_account_realm")),
        fax_option=is_true(value_at(document, ["media", "fax_option"])),
        codecs=_codecs(document, setting),
        bypass_media=fields.flag(document, ["media", "bypass_media"], is_true(setting("default_bypass_media", False))),
        formatters=formatters if isinstance(formatters, dict) else setting("default_formatters", None),
        privacy_method=fields.privacy_method_of(document, privacy),
        hides_name=fields.hides(document, "name"),
        hides_number=fields.hides(document, "number"),
        classifier=document.get("classifier") or None,
        is_classifier_enabled=is_true(document.get("classifier_enable", True)),
        gateway_strategy=document.get("gateway_strategy") or "sequential",
        proxies=tuple((document.get("Proxies") or {}).items()),
    )
    enabled = [
        each for each in fields.objects(document.get("gateways")) if fields.flag(each, ["enabled"], default=True)
    ]
    # The last one comes first, as Kazoo keeps them.
    read = tuple(gateways.read(each, resource, setting) for each in reversed(enabled))
    return replace(resource, gateways=read)


def _codecs(document: Document, setting: fields.Setting) -> list[str]:
    found: list[str] = []
    for kind in ("audio", "video"):
        own = value_at(document, ["media", kind, "codecs"])
        found += fields.listed(own if isinstance(own, list) else setting(f"default_{kind}_codecs", []))
    return found or fields.listed(setting("default_codecs", []))
