"""The features a number can have, in Kazoo's order, and who may switch them.

Source: Kazoo knm_phone_number.hrl, ?DEFAULT_FEATURES_ALLOWED_SYSTEM of knm.hrl.
"""

from __future__ import annotations

from collections.abc import Mapping

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
