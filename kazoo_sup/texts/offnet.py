"""Resources and endpoints as Kazoo prints them: plain values first, then lists, three to a row.

Passwords are masked; Kazoo shows them. Source: Kazoo stepswitch_resources:resource_to_props/1, stepswitch_maintenance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.terms.columns import shown, text_field
from kazoo_sup.transports.server import MASK

if TYPE_CHECKING:
    from kazoo_sup.kazoo.offnet.gateways import Gateway
    from kazoo_sup.kazoo.offnet.resources import Resource
    from kazoo_sup.types import Document, Row

_LABEL = 19
_VARIABLE = 15
_CELL = 20
_CELLS = 3
_CHANNEL_VARS = "Custom-Channel-Vars"
_SECRET = "Auth-Password"  # noqa: S105 - the name of a header


def resource_facts(resource: Resource) -> Row:
    """Return what Kazoo tells of a resource."""
    facts = {
        "Name": resource.name,
        "ID": resource.id,
        "Rev": resource.rev,
        "Weight": resource.weight,
        "Global": resource.is_global,
        "Format-From-URI": resource.format_from_uri,
        "From-URI-Realm": resource.from_uri_realm,
        "From-Account-Realm": resource.from_account_realm,
        "Require-Flags": resource.require_flags,
        "Ignore-Flags": resource.ignore_flags,
        "Is-Emergency": resource.is_emergency,
        "T38": resource.fax_option,
        "Bypass-Media": resource.bypass_media,
        "Grace-Period": resource.grace_period,
        "Flags": resource.flags,
        "Codecs": resource.codecs,
        "Rules": resource.raw_rules,
        "Rules-Test": resource.raw_rules_test,
        "Caller-ID-Rules": resource.raw_cid_rules,
        "Formatters": resource.formatters,
        "Privacy-Method": resource.privacy_method,
        "Privacy-Hide-Name": resource.hides_name,
        "Privacy-Hide-Number": resource.hides_number,
    }
    return {key: each for key, each in facts.items() if each is not None}


def gateway_facts(resource: Resource, gateway: Gateway) -> Row:
    """Return what Kazoo tells of the gateway that a caller's address belongs to."""
    facts = {
        "resource_id": resource.id,
        "global": resource.is_global,
        "realm": gateway.realm,
        "username": gateway.username,
        "password": None if gateway.password is None else MASK,
        "fax_option": gateway.fax_option,
    }
    return {key: each for key, each in facts.items() if each is not None}


def without_password(endpoint: Document) -> Document:
    """Return an endpoint as it may be shown."""
    return {key: MASK if key == _SECRET else each for key, each in endpoint.items()}


def blocks(found: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of several resources or endpoints, an empty one behind each."""
    for each in found:
        yield from block(each)
        yield ""


def block(facts: Row) -> Iterator[str]:
    """Yield the lines of one; what has lines of its own comes last, the last of them first."""
    wide = []
    for key, each in facts.items():
        if each in ([], ()):
            continue
        if isinstance(each, list | tuple) or key == _CHANNEL_VARS:
            wide.append((key, each))
        else:
            yield field(key, each)
    for key, each in reversed(wide):
        yield key
        if isinstance(each, Mapping):
            yield from (f"    {text_field(name, _VARIABLE)}: {_text(value)}" for name, value in each.items())
        else:
            yield from _condensed(each)


def field(key: str, value: object) -> str:
    """Return the line of one plain value; objects are JSON."""
    return f"{text_field(key, _LABEL)}: {_text(value)}"


def _condensed(values: Sequence[object]) -> Iterator[str]:
    for first in range(0, len(values), _CELLS):
        row = [*values[first : first + _CELLS], "", ""][:_CELLS]
        yield f"    | {' | '.join(text_field(_text(each), _CELL) for each in row)}|"


def _text(value: object) -> str:
    return terms.json_encode(value) if isinstance(value, dict | list | tuple) else shown(value)
