"""Which endpoints a call to a number is sent to, cheapest first, and whose calls come from an address.

Source: Kazoo stepswitch_resources:endpoints/2, reverse_lookup/1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents.values import is_empty

if TYPE_CHECKING:
    from kazoo_sup.kazoo.config.expressions import Expression
    from kazoo_sup.kazoo.offnet.gateways import Gateway
    from kazoo_sup.kazoo.offnet.resources import Resource
    from kazoo_sup.types import Document

_SIP_PORT = 5060
_ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that leaves: its number in E.164 form and as it was dialled, the number's class, the caller's number."""

    number: str
    dialled: str
    classification: str | None
    zone: str
    caller_id: str | None = None


def endpoints(resources: Sequence[Resource], call: Call) -> list[Document]:
    """Return what stepswitch makes of the resources for a call, as the messages to ecallmgr name it."""
    by_class: dict[str | None, list[Resource]] = {}
    for resource in resources:
        if not resource.require_flags:
            by_class.setdefault(resource.classifier, []).insert(0, resource)
    chosen = by_class.get(call.classification) if call.classification else None
    if chosen is None:
        chosen = by_class.get(None, [])
    found: list[Document] = []
    for resource in chosen:
        if resource.is_classifier_enabled:
            found += _of_resource(resource, call)
    return sorted(found, key=lambda each: each["Weight"])


def matched(rules: Iterable[Expression], number: str) -> str | None:
    """Return the part of NUMBER that the first rule that matches captures: its longest group, else all it matches.

    Of groups of the same length the last counts.
    """
    for rule in rules:
        found = rule.search(number)
        if found is None:
            continue
        return max(reversed(found[1:] or found), key=len)
    return None


def caller(resources: Iterable[Resource], address: str, realm: str | None) -> tuple[Resource, Gateway] | None:
    """Return the resource, and its gateway, whose calls come from an address or a realm."""
    wanted = {address} if realm is None else {address, realm}
    for resource in resources:
        for gateway in resource.gateways:
            if not gateway.force_port and wanted & {gateway.server, gateway.realm}:
                return resource, gateway
    return None


def _of_resource(resource: Resource, call: Call) -> list[Document]:
    number = matched(resource.rules, call.number)
    if number is None:
        return []
    callers = resource.cid_rules
    if callers and (call.caller_id is None or matched(callers, call.caller_id) is None):
        return []
    found = []
    for gateway in reversed(resource.gateways):
        endpoint = _endpoint(gateway, number, call)
        endpoint["Custom-Channel-Vars"] |= {
            "Original-Number": call.dialled,
            "E164-Destination": call.number,
            "Resource-ID": resource.id,
            "Global-Resource": "true" if resource.is_global else "false",
        }
        endpoint["Weight"] = resource.weight
        if resource.name is not None:
            endpoint["Name"] = resource.name
        found += [{**endpoint, "Proxy-IP": ip, "Proxy-Zone": zone} for zone, ip in resource.proxies] or [endpoint]
    return found


def _endpoint(gateway: Gateway, number: str, call: Call) -> Document:
    channel_vars = {
        **gateway.channel_vars,
        **_from_uri(gateway),
        "RTCP-MUX": gateway.rtcp_mux,
        "Resource-Type": "offnet-termination",
        "Matched-Number": number,
        "Emergency-Resource": "true" if gateway.is_emergency else None,
    }
    endpoint = {
        "Route": gateway.route or _dialled(gateway, number),
        "Callee-ID-Name": number,
        "Callee-ID-Number": number,
        "To-DID": number,
        "Invite-Format": gateway.invite_format,
        "Caller-ID-Type": gateway.caller_id_type,
        "Bypass-Media": gateway.bypass_media,
        "Codecs": list(gateway.codecs),
        "Auth-User": gateway.username,
        "Auth-Password": gateway.password,
        "Custom-SIP-Headers": gateway.sip_headers,
        "SIP-Interface": gateway.sip_interface,
        "Endpoint-Type": gateway.endpoint_type,
        "Endpoint-Options": gateway.endpoint_options,
        "Endpoint-Progress-Timeout": str(gateway.progress_timeout),
        "Custom-Channel-Vars": {key: each for key, each in channel_vars.items() if each is not None},
        "Outbound-Caller-ID-Number": call.caller_id,
        "SIP-Invite-Parameters": _invite_parameters(gateway.invite_parameters or {}, call.zone),
        "Privacy-Method": gateway.privacy_method,
        "Privacy-Hide-Name": gateway.hides_name,
        "Privacy-Hide-Number": gateway.hides_number,
    }
    return {key: each for key, each in endpoint.items() if not is_empty(each)}


def _dialled(gateway: Gateway, number: str) -> str:
    port = "" if is_empty(gateway.port) or gateway.port == _SIP_PORT else f":{gateway.port}"
    return f"sip:{gateway.prefix}{number}{gateway.suffix}@{gateway.server}{port}"


def _from_uri(gateway: Gateway) -> Document:
    """Say how the From header is written (Kazoo stepswitch_resources:gateway_from_uri_settings/1)."""
    if gateway.format_from_uri:
        if not is_empty(gateway.from_uri_realm):
            return {"From-URI-Realm": gateway.from_uri_realm, "Format-From-URI": True}
        if gateway.from_account_realm:
            return {"From-Account-Realm": True, "Format-From-URI": True}
        if not is_empty(gateway.realm):
            return {"From-URI-Realm": gateway.realm, "Format-From-URI": True}
    return {"Format-From-URI": False}


def _invite_parameters(parameters: Document, zone: str) -> list[str]:
    """Return what is added to the INVITE; of the caller's own values only the zone is known here."""
    found = [str(each) for each in parameters.get("static") or []]
    told = []
    for each in parameters.get("dynamic") or []:
        if each == _ZONE:
            told.append(zone)
        elif isinstance(each, dict) and each.get("key") == _ZONE:
            separator = each.get("separator", each.get("seperator", "="))
            told.append(f"{each.get('tag') or ''}{separator}{zone}")
    return [*found, *reversed(told)]
