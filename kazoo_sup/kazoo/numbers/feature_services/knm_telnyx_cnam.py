"""knm_telnyx_cnam: the caller name that Telnyx keeps for a number, and looking up those of callers.

Source: Kazoo knm_telnyx_cnam, whose interface is retired; here PATCH /phone_numbers/ID/voice of version 2. Better than
there: a name that is taken away is taken from Telnyx's listing as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.changes import same
from kazoo_sup.kazoo.carriers.knm_telnyx import Telnyx
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.numbers.feature_services.telling import FeatureNotChanged, telling

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


NAME = "knm_telnyx_cnam"

_LISTABLE = re.compile(r"[A-Za-z0-9 ]{1,15}")


class TelnyxCnam:
    """The service."""

    def __init__(self, zone: Zone) -> None:
        self._telnyx = Telnyx(zone)

    def tell(self, before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
        """List the number's name at Telnyx, or take it away; switch looking up callers' names on or off."""
        name = value_at(after.features or {}, ["outbound_cnam", "display_name"])
        if name and not _LISTABLE.fullmatch(str(name)):
            reason = f"it lists names of 15 letters, digits and blanks at most, not {name!r}"
            raise FeatureNotChanged(number=after.number, provider=NAME, feature="cnam", reason=reason)
        was, wanted = _settings(before), _settings(after)
        changed = {name: value for name, value in wanted.items() if not same(was[name], value)}
        if changed:
            with telling(NAME, after, "cnam"):
                self._telnyx.set_voice(after.number, changed)
        return after


def _settings(number: PhoneNumber | None) -> Document:
    """Return a number's features as Telnyx's voice settings."""
    features = (number.features if number else None) or {}
    name = value_at(features, ["outbound_cnam", "display_name"])
    listing = {"cnam_listing_enabled": bool(name), **({"cnam_listing_details": str(name)} if name else {})}
    lookup = is_true(value_at(features, ["inbound_cnam", "inbound_lookup"]))
    return {"cnam_listing": listing, "caller_id_name_enabled": lookup}


SERVICE = TelnyxCnam
