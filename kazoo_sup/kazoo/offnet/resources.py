"""Resources: what their documents say once the zone's defaults are filled in.

Global resources are in the database `offnet`, an account's own in its database. A resource with classifiers counts as
one resource for each of them. Source: Kazoo stepswitch_resources, kzd_resources, kz_privacy, kz_custom_sip_headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo import accounts, system_config, views
from kazoo_sup.kazoo.documents import Document, merged, value_at
from kazoo_sup.kazoo.numbers import classification
from kazoo_sup.kazoo.values import is_empty, is_false, is_true, to_integer, to_text
from kazoo_sup.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

GLOBAL = "offnet"
CATEGORY = "stepswitch"

Setting = Callable[[str, Any], Any]
"""What reads a key of the category stepswitch, with its default."""

_PRIVACY_METHODS = ("sip", "none", "kazoo")
_HIDING = ("yes", "full", "kazoo")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway of a resource."""

    server: str | None
    port: int | None
    realm: str | None
    username: str | None
    password: str | None
    route: str | None
    prefix: str
    suffix: str
    codecs: Sequence[str]
    bypass_media: bool
    rtcp_mux: str | None
    caller_id_type: str
    fax_option: bool
    channel_vars: Document
    sip_headers: Document | None
    sip_interface: str | None
    progress_timeout: int
    invite_format: str
    invite_parameters: Document | None
    endpoint_type: str
    endpoint_options: Document
    format_from_uri: bool
    from_uri_realm: str | None
    from_account_realm: bool
    is_emergency: bool
    force_port: bool
    privacy_method: str
    hides_name: bool
    hides_number: bool


@dataclass(frozen=True, slots=True)
class Resource:
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
    is_emergency: bool
    require_flags: bool
    ignore_flags: bool
    is_global: bool
    format_from_uri: bool
    from_uri_realm: str | None
    from_account_realm: bool
    fax_option: bool
    codecs: Sequence[str]
    bypass_media: bool
    formatters: Document | None
    privacy_method: str
    hides_name: bool
    hides_number: bool
    classifier: str | None
    is_classifier_enabled: bool
    gateway_strategy: str
    proxies: Sequence[tuple[str | None, str | None]] = ()
    gateways: Sequence[Gateway] = ()

    @property
    def rules(self) -> list[re.Pattern[str]]:
        """The expressions for numbers, in the order in which they are tried."""
        return compiled(self.raw_rules)

    @property
    def cid_rules(self) -> list[re.Pattern[str]]:
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


def compiled(rules: Iterable[Any]) -> list[re.Pattern[str]]:
    """Return the expressions that can be read; the last of the document is tried first."""
    found: list[re.Pattern[str]] = []
    for rule in rules:
        try:
            found.insert(0, re.compile(rule, re.ASCII))
        except (re.error, TypeError):
            continue
    return found


def unreadable(resource: Resource) -> list[str]:
    """Return the rules of a resource that are no expressions: stepswitch passes over them."""
    return [str(rule) for rule in (*resource.raw_rules, *resource.raw_cid_rules) if not compiled([rule])]


def from_documents(
    documents: Iterable[Document], setting: Setting, classifiers: classification.Classifiers, privacy: str = "kazoo"
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
    privacy = system_config.get(zone, "privacy", "method", "kazoo")
    documents = [{**row["doc"], **added} for row in rows if row.get("doc")]
    return from_documents(documents, setting, classification.available(zone), privacy)


def _dedicated_proxies(zone: Zone, account: str) -> list[tuple[str | None, str | None]]:
    """Return zone and address of what is dedicated to the account, those of this zone first.

    Source: Kazoo kz_ips:assigned/1, which mixes them at random.
    """
    rows = views.rows_if_any(zone, "dedicated_ips", "dedicated_ips", "assigned_to_listing", key=account)
    here = value_at(system_config.get(zone, "ips", "zone_name_map", {}), [zone.name]) or zone.name
    found = [(value_at(row, ["value", "zone"]), value_at(row, ["value", "ip"])) for row in rows]
    found.sort(key=lambda each: each[0] != here)
    only_one = is_true(system_config.get(zone, CATEGORY, "use_first_dedicated_proxy_only", default=True))
    return found[:1] if only_one else found


def _by_classifier(document: Document, available: classification.Classifiers) -> list[Document]:
    """Return the document, or what it is for each of its classifiers that the zone has."""
    own = document.get("classifiers")
    if not isinstance(own, Mapping):
        return [document]
    return [_classified(document, name, own[name], available[name]) for name in own if name in available]


def _classified(document: Document, name: str, own: Any, configured: Mapping[str, Any]) -> Document:
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
    gateways = [{**gateway, **affixes} for gateway in _objects(document.get("gateways"))]
    return {**document, **{key: each for key, each in changed.items() if each is not None}, "gateways": gateways}


def _resource(document: Document, setting: Setting, privacy: str) -> Resource:
    weight = setting("default_weight", 3)
    formatters = document.get("formatters")
    resource = Resource(
        id=document["_id"],
        rev=document.get("_rev", ""),
        name=document.get("name"),
        weight=min(max(_integer(document.get("weight_cost"), weight), 1), _MOST),
        grace_period=min(max(_integer(document.get("grace_period"), weight), 0), _MOST),
        flags=_list(document.get("flags")),
        raw_rules=_list(document.get("rules")),
        raw_rules_test=_list(document.get("rules_test")),
        raw_cid_rules=_list(document.get("cid_rules")),
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
        bypass_media=_flag(document, ["media", "bypass_media"], is_true(setting("default_bypass_media", False))),
        formatters=formatters if isinstance(formatters, dict) else setting("default_formatters", None),
        privacy_method=_privacy_method(document, privacy),
        hides_name=_hides(document, "name"),
        hides_number=_hides(document, "number"),
        classifier=document.get("classifier") or None,
        is_classifier_enabled=is_true(document.get("classifier_enable", True)),
        gateway_strategy=document.get("gateway_strategy") or "sequential",
        proxies=tuple((document.get("Proxies") or {}).items()),
    )
    enabled = [each for each in _objects(document.get("gateways")) if not is_false(each.get("enabled"))]
    # The last one comes first, as Kazoo keeps them.
    gateways = tuple(_gateway(each, resource, setting) for each in reversed(enabled))
    return replace(resource, gateways=gateways)


def _gateway(document: Document, resource: Resource, setting: Setting) -> Gateway:
    kind = document.get("endpoint_type") or "sip"
    parameters = document.get("invite_parameters")
    return Gateway(
        server=_text(document.get("server")),
        port=_integer(document.get("port"), None),
        realm=document.get("realm"),
        username=document.get("username"),
        password=document.get("password"),
        route=_text(document.get("route")) or setting("default_route", None),
        prefix=to_text(document.get("prefix", setting("default_prefix", ""))),
        suffix=to_text(document.get("suffix", setting("default_suffix", ""))),
        codecs=_list(document.get("codecs", resource.codecs)),
        bypass_media=_flag(document, ["bypass_media"], resource.bypass_media),
        rtcp_mux=_text(value_at(document, ["media", "rtcp_mux"], setting("default_rtcp_mux", None))),
        caller_id_type=_text(document.get("caller_id_type")) or setting("default_caller_id_type", "external"),
        fax_option=_flag(document, ["media", "fax_option"], resource.fax_option),
        channel_vars=_outbound(document.get("custom_channel_vars")),
        sip_headers=_outbound(document.get("custom_sip_headers")) or None,
        sip_interface=_text(document.get("custom_sip_interface")),
        progress_timeout=_integer(document.get("progress_timeout"), setting("default_progress_timeout", 8)),
        invite_format=document.get("invite_format", "route"),
        invite_parameters=parameters if isinstance(parameters, dict) else None,
        endpoint_type=kind,
        endpoint_options=_endpoint_options(document, kind),
        format_from_uri=_flag(document, ["format_from_uri"], resource.format_from_uri),
        from_uri_realm=_text(document.get("from_uri_realm")) or resource.from_uri_realm,
        from_account_realm=_flag(document, ["from_account_realm"], resource.from_account_realm),
        is_emergency=resource.is_emergency or is_true(document.get("emergency")),
        force_port=is_true(document.get("force_port")),
        privacy_method=_privacy_method(document, resource.privacy_method),
        hides_name=resource.hides_name or _hides(document, "name"),
        # Kazoo asks for the name here, too.
        hides_number=resource.hides_number or _hides(document, "name"),
    )


def _endpoint_options(document: Document, kind: str) -> Document:
    options: dict[str, Document] = {
        "freetdm": {
            "Span": document.get("span"),
            "Channel-Selection": document.get("channel_selection", "ascending"),
        },
        "skype": {
            "Skype-Interface": document.get("interface"),
            "Skype-RR": is_true(document.get("skype_rr", True)),
        },
        "sip": {"Route-ID": document.get("route_id")},
    }
    return {key: each for key, each in options.get(kind, {}).items() if each is not None}


def _codecs(document: Document, setting: Setting) -> list[str]:
    found: list[str] = []
    for kind in ("audio", "video"):
        own = value_at(document, ["media", kind, "codecs"])
        found += _list(own if isinstance(own, list) else setting(f"default_{kind}_codecs", []))
    return found or _list(setting("default_codecs", []))


def _privacy_method(document: Document, default: str) -> str:
    places = (["caller_id_options", "privacy_method"], ["privacy", "method"], ["Privacy-Method"], ["privacy_mode"])
    found = _first(document, places)
    return found if found in _PRIVACY_METHODS else default


def _hides(document: Document, what: str) -> bool:
    places = (
        ["caller_id_options", "outbound_privacy"],
        ["privacy", f"hide_{what}"],
        [f"Privacy-Hide-{what.capitalize()}"],
        ["privacy_mode"],
    )
    found = _first(document, places)
    return found in (f"hide_{what}", what, *_HIDING) or is_true(found)


def _first(document: Document, places: Iterable[Sequence[str]]) -> Any:
    return next((found for place in places if (found := value_at(document, place)) is not None), None)


def _outbound(headers: Any) -> Document:
    """Return what is added to calls that go out: what stands in `out`, and what stands in neither `in` nor `out`."""
    given = headers if isinstance(headers, dict) else {}
    plain = {key: each for key, each in given.items() if key not in ("in", "out")}
    found: Document = merged(plain, given.get("out") or {})
    return found


def _flag(document: Document, path: Sequence[str], default: bool) -> bool:
    found = value_at(document, path)
    return default if found is None else is_true(found)


def _integer(value: Any, default: Any) -> Any:
    if value is None:
        return default
    try:
        return to_integer(value)
    except ValueError:
        return default


def _text(value: Any) -> str | None:
    return None if is_empty(value) else to_text(value)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _objects(value: Any) -> list[Document]:
    return [each for each in _list(value) if isinstance(each, dict)]
