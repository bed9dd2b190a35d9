"""Gateways: the hosts to which the calls of a resource are sent, and how.

Source: Kazoo stepswitch_resources:gateway_from_jobj/2, kz_custom_sip_headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import as_object, merged, value_at
from kazoo_sup.kazoo.documents.values import is_true, to_text
from kazoo_sup.kazoo.offnet import fields

if TYPE_CHECKING:
    from kazoo_sup.types import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a resource says for those of its gateways that do not say it themselves."""

    is_emergency: bool
    format_from_uri: bool
    from_uri_realm: str | None
    from_account_realm: bool
    fax_option: bool
    codecs: Sequence[str]
    bypass_media: bool
    privacy_method: str
    hides_name: bool
    hides_number: bool


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


def read(document: Document, resource: Inherited, setting: fields.Setting) -> Gateway:
    """Return the gateway that a document describes; what it does not say is as RESOURCE, or else the zone, says."""
    kind = document.get("endpoint_type") or "sip"
    parameters = document.get("invite_parameters")
    return Gateway(
        server=fields.text(document.get("server")),
        port=fields.integer(document.get("port"), None),
        realm=fields.text(document.get("realm")),
        username=document.get("username"),
        password=document.get("password"),
        route=fields.text(document.get("route")) or setting("default_route", None),
        prefix=to_text(document.get("prefix", setting("default_prefix", ""))),
        suffix=to_text(document.get("suffix", setting("default_suffix", ""))),
        codecs=fields.listed(document.get("codecs", resource.codecs)),
        bypass_media=fields.flag(document, ["bypass_media"], resource.bypass_media),
        rtcp_mux=fields.text(value_at(document, ["media", "rtcp_mux"], setting("default_rtcp_mux", None))),
        caller_id_type=fields.text(document.get("caller_id_type")) or setting("default_caller_id_type", "external"),
        fax_option=fields.flag(document, ["media", "fax_option"], resource.fax_option),
        channel_vars=_outbound(document.get("custom_channel_vars")),
        sip_headers=_outbound(document.get("custom_sip_headers")) or None,
        sip_interface=fields.text(document.get("custom_sip_interface")),
        progress_timeout=fields.integer(document.get("progress_timeout"), setting("default_progress_timeout", 8)),
        invite_format=document.get("invite_format", "route"),
        invite_parameters=parameters if isinstance(parameters, dict) else None,
        endpoint_type=kind,
        endpoint_options=_endpoint_options(document, kind),
        format_from_uri=fields.flag(document, ["format_from_uri"], resource.format_from_uri),
        from_uri_realm=fields.text(document.get("from_uri_realm")) or resource.from_uri_realm,
        from_account_realm=fields.flag(document, ["from_account_realm"], resource.from_account_realm),
        is_emergency=resource.is_emergency or is_true(document.get("emergency")),
        force_port=is_true(document.get("force_port")),
        privacy_method=fields.privacy_method_of(document, resource.privacy_method),
        hides_name=resource.hides_name or fields.hides(document, "name"),
        # Kazoo asks for the name here, too.
        hides_number=resource.hides_number or fields.hides(document, "name"),
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


def _outbound(headers: object) -> Document:
    """Return what is added to calls that go out: what is in `out`, and what is in neither `in` nor `out`."""
    given = as_object(headers)
    plain = {key: each for key, each in given.items() if key not in ("in", "out")}
    found: Document = merged(plain, given.get("out") or {})
    return found
