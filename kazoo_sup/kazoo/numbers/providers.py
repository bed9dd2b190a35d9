"""Features of numbers, who allows or refuses them, and the providers that switch them on and off.

An account edits a number's public fields; when the number is saved, the provider of each feature looks at them and
keeps in `pvt_features` what is in force. Source: Kazoo knm_providers and the providers beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from kazoo_sup.changes import same
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.documents import public_fields, value_at, with_value
from kazoo_sup.kazoo.documents.values import is_empty, is_true
from kazoo_sup.kazoo.numbers import features as names
from kazoo_sup.kazoo.numbers.feature_services import SERVED
from kazoo_sup.kazoo.numbers.states import IN_SERVICE, PORT_IN, RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document, Json

CNAM_NOTIFIER = "knm_cnam_notifier"
DASH_E911 = "knm_dash_e911"

PUBLIC_KEYS = (
    "cnam",
    "e911",
    "failover",
    "force_outbound",
    "port",
    "prepend",
    "carrier_name",
    "ringback",
    "sms",
    "mms",
)
"""The public fields that ask for a feature (Kazoo ?FEATURES_ROOT_KEYS)."""

_FEATURE_OF_PROVIDER = {
    "cnam_notifier": "cnam",
    "telnyx_cnam": "cnam",
    "vitelity_cnam": "cnam",
    "dash_e911": "e911",
    "telnyx_e911": "e911",
    "vitelity_e911": "e911",
    "port_notifier": "port",
}
_CNAM_FEATURES = ("cnam", "inbound_cnam", "outbound_cnam")
_DROPPED = ("im",)
_NEVER_REFUSED = ("sms", "mms")


class FeatureRefused(SupError):
    """{number}: the feature {feature} is not allowed for it"""

    number: str
    feature: str


class UnknownCarrierName(SupError):
    """{number}: there is no carrier module {module}"""

    remedy = "sup knm_carriers list shows which there are"

    number: str
    module: str


class NeedsProvider(SupError):
    """{number}: {feature} is switched {how} by {provider}, whose service cannot be told from here; use Kazoo's API"""

    number: str
    feature: str
    how: str
    provider: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What an account's numbers may have: the lists of system_config and of the account's reseller.

    `reseller_allowed` and `reseller_denied` are None where the reseller says nothing. `has_im(module, kind)` tells
    whether a carrier module's settings enable a kind of messages, "sms" or "mms". `carriers` are the modules there are.
    """

    system_allowed: tuple[str, ...] = names.ALL
    reseller_allowed: tuple[str, ...] | None = None
    reseller_denied: tuple[str, ...] | None = None
    local_override: bool = False
    is_admin: bool = True
    cnam_provider: str = CNAM_NOTIFIER
    e911_provider: str = DASH_E911
    has_im: Callable[[str, str], bool] = field(default=lambda module, kind: False)
    carriers: tuple[str, ...] = ()

    def available(self, number: PhoneNumber) -> list[str]:
        """Return the features that the number may have, sorted (Kazoo knm_providers:available_features/1)."""
        denied = self.denied(number)
        return [
            feature
            for feature in _cleansed(tuple(self._allowed(number)))
            if feature not in denied and (feature not in _NEVER_REFUSED or self._im(number, feature))
        ]

    def denied(self, number: PhoneNumber) -> list[str]:
        """Return the features that the number may not have, sorted (Kazoo knm_providers:features_denied/1)."""
        denied = list(number.features_denied)
        if not denied:
            denied = [*self._denied_by_reseller(number), *(() if number.used_by == "trunkstore" else ("failover",))]
        return list(_cleansed((*denied, *(() if self.is_admin else names.ADMIN_ONLY))))

    def _allowed(self, number: PhoneNumber) -> Iterable[str]:
        if number.features_allowed:
            return number.features_allowed
        if number.assigned_to is None or self.reseller_allowed is None:
            return self.system_allowed
        return self.reseller_allowed

    def _denied_by_reseller(self, number: PhoneNumber) -> Iterable[str]:
        if number.assigned_to is None:
            return names.EXTERNAL
        if self.reseller_denied is not None:
            return self.reseller_denied
        return names.EXTERNAL if number.is_local and not self.local_override else ()

    def _im(self, number: PhoneNumber, kind: str) -> bool:
        in_use = number.state == IN_SERVICE and bool(number.assigned_to)
        return in_use and self.has_im(number.module_name, kind)

    def provider(self, feature: str, account: str | None) -> str:
        """Return the name by which the providers of features are compared (Kazoo knm_providers:provider_module/2)."""
        if feature in _CNAM_FEATURES and account:
            return self.cnam_provider
        if feature == "e911" and account:
            return self.e911_provider
        return feature


def saved(number: PhoneNumber, rules: Rules) -> PhoneNumber:
    """Return the number as its providers leave it when it is saved.

    Raises FeatureRefused for a feature that is asked for or in force and not allowed, NeedsProvider for one that only
    somebody else's service can change. Source: Kazoo knm_providers:save/1.
    """
    if any(feature in (number.features or {}) for feature in _DROPPED):
        for feature in _DROPPED:
            number = number.with_feature(feature, None)
    if "carrier_name" in (number.public or {}) and "carrier_name" in rules.available(number):
        number = without_denied(_with_other_carrier(number, rules), rules)
    asked = {rules.provider(feature, number.assigned_to): feature for feature in _requested(number)}
    if not asked:
        return number
    allowed = {rules.provider(feature, number.assigned_to): feature for feature in rules.available(number)}
    for provider, feature in asked.items():
        if provider not in allowed and feature not in _NEVER_REFUSED:
            raise FeatureRefused(number=number.number, feature=feature)
    for provider in sorted(asked):
        if provider in allowed:
            number = _saved_by(provider, number)
    return number


def deleted(number: PhoneNumber, rules: Rules) -> PhoneNumber:
    """Return the number as its providers leave it when it is released or deleted: without their features.

    Raises NeedsProvider. Source: Kazoo knm_providers:delete/1.
    """
    for feature in sorted(_requested(number)):
        provider = rules.provider(feature, number.assigned_to)
        if feature in _CNAM_FEATURES:
            if provider not in (CNAM_NOTIFIER, *SERVED) and "outbound_cnam" in (number.features or {}):
                raise NeedsProvider(number=number.number, feature="cnam", how="off", provider=provider)
            for each in _CNAM_FEATURES:
                number = number.with_feature(each, None)
        elif feature == "e911" and (number.features or {}).get("e911") and provider not in SERVED:
            raise NeedsProvider(number=number.number, feature=feature, how="off", provider=provider)
        elif feature not in ("ringback", "carrier_name"):
            number = number.with_feature(feature, None)
    return number


def _requested(number: PhoneNumber) -> set[str]:
    """Name the features that the public fields ask for or that are in force, `local` left out."""
    asked = {key for key in PUBLIC_KEYS if key in (number.public or {})}
    return (asked | set(number.features or {})) - {"local"}


@lru_cache(maxsize=1024)
def _cleansed(features: tuple[str, ...]) -> tuple[str, ...]:
    """Return features sorted and once each; they may be named by an old name of their provider."""
    plain = (feature.removeprefix("wnm_").removeprefix("knm_") for feature in features)
    return tuple(sorted({_FEATURE_OF_PROVIDER.get(feature, feature) for feature in plain}))


def _with_other_carrier(number: PhoneNumber, rules: Rules) -> PhoneNumber:
    """Take the public field `carrier_name` for the carrier module's name (Kazoo knm_rename_carrier:save/1)."""
    public = dict(number.public or {})
    module = f"knm_{str(public.pop('carrier_name')).removeprefix('knm_').removeprefix('wnm_')}"
    if module not in rules.carriers:
        raise UnknownCarrierName(number=number.number, module=module)
    return number.carried_by(module).changed(public=public)


def without_denied(number: PhoneNumber, rules: Rules) -> PhoneNumber:
    """Return the number without what it may not have (Kazoo knm_phone_number:remove_denied_features/1)."""
    public: Json = public_fields(number.public or {})
    for feature in rules.denied(number):
        if feature not in names.PUBLIC_FIELDS:
            continue
        number = number.with_feature(feature, None)
        for path in names.PUBLIC_FIELDS[feature]:
            public = _pruned(public, path)
    return number.changed(public=public)


def _pruned(fields: Document, path: tuple[str, ...]) -> Document:
    """Remove what is at PATH, and the objects that are empty then (Kazoo kz_json:prune/2)."""
    if value_at(fields, path) is None:
        return fields
    pruned = with_value(fields, path, None)
    return _pruned(pruned, path[:-1]) if path[1:] and not value_at(pruned, path[:-1]) else pruned


def _saved_by(provider: str, number: PhoneNumber) -> PhoneNumber:
    save = _SAVERS.get(provider)
    if save:
        return save(number)
    if provider in SERVED:
        return _save_cnam(number) if provider.endswith("_cnam") else _save_e911(number)
    if provider.endswith(("_e911", "_cnam")):
        return _save_at_service(number, provider.rpartition("_")[2], provider)
    return number


def _save_at_service(number: PhoneNumber, feature: str, provider: str) -> PhoneNumber:
    """Leave a feature alone that somebody else's service would have to hear of, or refuse to change it."""
    wanted = (number.public or {}).get(feature)
    if feature == "cnam":
        wanted = value_at(wanted or {}, ["display_name"])
        in_force = value_at(number.features or {}, ["outbound_cnam", "display_name"])
    else:
        in_force = (number.features or {}).get(feature)
    if same(wanted or None, in_force or None):
        return number
    raise NeedsProvider(number=number.number, feature=feature, how="on" if wanted else "off", provider=provider)


def _save_cnam(number: PhoneNumber) -> PhoneNumber:
    """Source: Kazoo knm_cnam_notifier:save/1."""
    if number.state not in (RESERVED, IN_SERVICE, PORT_IN):
        return number
    name = value_at(number.public or {}, ["cnam", "display_name"])
    lookup = is_true(value_at(number.public or {}, ["cnam", "inbound_lookup"]))
    number = number.with_feature("outbound_cnam", {"display_name": name} if name else None)
    number = number.with_feature("inbound_cnam", {"inbound_lookup": True} if lookup else None)
    return number.with_feature("inbound_lookup", None).with_feature("cnam", None)


def _save_e911(number: PhoneNumber) -> PhoneNumber:
    """Source: Kazoo knm_telnyx_e911:save/1, as those of the other providers."""
    wanted = (number.public or {}).get("e911") if number.state in (RESERVED, IN_SERVICE, PORT_IN) else None
    return number.with_feature("e911", None if is_empty(wanted) else wanted)


def _save_port(number: PhoneNumber) -> PhoneNumber:
    """Keep what a number that is being ported in says of its port.

    Source: Kazoo knm_port_notifier:save/1, which never gets that far: it looks for the state in the public fields.
    """
    if number.state != PORT_IN:
        return number
    return number.with_feature("port", (number.public or {}).get("port") or None)


def _save_boolean(feature: str) -> Callable[[PhoneNumber], PhoneNumber]:
    """Source: Kazoo knm_force_outbound:save/1."""

    def save(number: PhoneNumber) -> PhoneNumber:
        value = (number.public or {}).get(feature)
        in_force = number.state == IN_SERVICE and value in (True, False, "true", "false")
        return number.with_feature(feature, is_true(value) if in_force else None)

    return save


def _save_object(feature: str, *, switch: bool) -> Callable[[PhoneNumber], PhoneNumber]:
    """Source: Kazoo knm_failover:save/1; with a SWITCH, `enabled`, knm_prepend:save/1 and knm_im:save/2."""

    def save(number: PhoneNumber) -> PhoneNumber:
        value = (number.public or {}).get(feature)
        wanted = not is_empty(value) and (not switch or is_true(value_at(value, ["enabled"])))
        return number.with_feature(feature, value if wanted and number.state == IN_SERVICE else None)

    return save


_SAVERS: Mapping[str, Callable[[PhoneNumber], PhoneNumber]] = {
    CNAM_NOTIFIER: _save_cnam,
    "port": _save_port,
    "force_outbound": _save_boolean("force_outbound"),
    "failover": _save_object("failover", switch=False),
    "prepend": _save_object("prepend", switch=True),
    "sms": _save_object("sms", switch=True),
    "mms": _save_object("mms", switch=True),
}
