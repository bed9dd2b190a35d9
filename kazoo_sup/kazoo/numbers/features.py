"""The features a number can have, in Kazoo's order, and who may switch them.

Source: Kazoo knm_phone_number.hrl, ?DEFAULT_FEATURES_ALLOWED_SYSTEM of knm.hrl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.types import Fields

KAZOO = ("failover", "force_outbound", "prepend", "ringback")
"""Features that Kazoo itself provides."""

EXTERNAL = ("cnam", "inbound_cnam", "outbound_cnam", "e911", "port", "sms", "mms")
"""Features that a carrier or another service provides."""

ADMIN_ONLY = ("carrier_name",)
"""Features that only a system administrator switches."""

ALL = KAZOO + EXTERNAL + ADMIN_ONLY
"""Every feature that can be allowed or denied."""

DEFAULT_ALLOWED = ALL
"""The features that a system allows as long as system_config says nothing else."""

LOCAL = "local"
"""Marks a number of a local carrier module; it is neither allowed nor denied."""

PUBLIC_FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "e911": (("e911",), ("vitelity_e911",), ("dash_e911",), ("telnyx_e911",)),
    **dict.fromkeys(("cnam", "inbound_cnam", "outbound_cnam"), (("cnam", "inbound_lookup"), ("cnam", "display_name"))),
    "prepend": (("prepend", "enabled"), ("prepend", "name"), ("prepend", "number")),
    "failover": (("failover", "e164"), ("failover", "sip")),
    "ringback": (("ringback", "early"), ("ringback", "transfer")),
    "force_outbound": (("force_outbound",),),
    "sms": (("sms",),),
    "mms": (("mms",),),
}
"""The public fields of a number by which each feature is asked for."""

_OBJECTS = frozenset(path[0] for paths in PUBLIC_FIELDS.values() for path in paths if len(path) > 1) | {"e911", "port"}
_KINDS: Mapping[str, type] = {**dict.fromkeys(_OBJECTS, dict), "force_outbound": bool, "carrier_name": str}
_NAMES = {dict: "a JSON object", bool: "true or false", str: "a JSON string"}


def other_than_expected(public: Fields) -> str | None:
    """Return what public fields must be that ask for a feature and are of another kind, None where all are right.

    Null takes a field away. Source: Kazoo's schema phone_numbers, and what its feature providers read.
    """
    for key, value in public.items():
        kind = _KINDS.get(key)
        if kind is not None and value is not None and not isinstance(value, kind):
            return f"{key} is {_NAMES[kind]}"
    return None
