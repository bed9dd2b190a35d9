"""What the zone's documents say about numbers: the settings of the number manager, and who may do what.

Source: Kazoo knm_config, knm_providers, knm_carriers; kzd_accounts:is_superduper_admin/1, allow_number_additions/1.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.documents import shapes
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.numbers import feature_permissions, providers
from kazoo_sup.kazoo.numbers.feature_permissions import CATEGORY
from kazoo_sup.kazoo.numbers.lifecycle import Policy, Setting
from kazoo_sup.kazoo.numbers.phone_number import LOCAL
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.states import AVAILABLE, Authority

if TYPE_CHECKING:
    from kazoo_sup.types import Json
    from kazoo_sup.zone import Zone


def setting(zone: Zone, account: str | None = None) -> Setting:
    """Return the setting in which ACCOUNT (an id), or without one the system itself, changes numbers.

    Each account's rules are read once.
    """
    authority = _authority(zone, account)

    @cache
    def rules(owner: str | None) -> Rules:
        return _rules(zone, owner, is_admin=authority.is_admin)

    return Setting(policy(zone), authority, rules)


def policy(zone: Zone) -> Policy:
    """Return what system_config says of the lives of numbers."""
    return Policy(
        default_module=_text(zone, "available_module_name", LOCAL),
        port_in_module=_text(zone, "port_in_module_name", LOCAL),
        released_state=_text(zone, "released_state", AVAILABLE),
        should_age=is_true(_get(zone, "should_age")),
        should_permanently_delete=is_true(_get(zone, "should_permanently_delete")),
    )


def _reseller_list(zone: Zone, account: str | None, key: tuple[str, ...]) -> tuple[str, ...] | None:
    return tuple(feature_permissions.of_reseller(zone, account, key)) or None if account else None


def _rules(zone: Zone, account: str | None, *, is_admin: bool) -> Rules:
    def of_reseller(key: str, default: str) -> str:
        return str(account_config.get_from_reseller(zone, account, CATEGORY, key, default)) if account else default

    return Rules(
        system_allowed=tuple(feature_permissions.of_system(zone)),
        reseller_allowed=_reseller_list(zone, account, feature_permissions.ALLOW),
        reseller_denied=_reseller_list(zone, account, feature_permissions.DENY),
        local_override=is_true(_get(zone, "local_feature_override")),
        is_admin=is_admin,
        cnam_provider=of_reseller("cnam_provider", providers.CNAM_NOTIFIER),
        e911_provider=of_reseller("e911_provider", providers.DASH_E911),
        has_im=cache(partial(_carrier_has, zone)),
        carriers=carriers.ALL,
    )


def _carrier_has(zone: Zone, module: str, kind: str) -> bool:
    category = f"{CATEGORY}.{module.removeprefix('knm_')}"
    return is_true(system_config.get(zone, category, f"features.{kind}.enabled", None))


def _authority(zone: Zone, account: str | None) -> Authority:
    if account is None:
        return Authority()

    @cache
    def ancestors(identifier: str) -> tuple[str, ...]:
        return tuple(shapes.ancestors_of(definition(zone, identifier) or {}))

    own = definition(zone, account) or {}
    return Authority(
        account=account,
        superduper=is_true(own.get("pvt_superduper_admin")),
        additions=is_true(own.get("pvt_wnm_allow_additions")),
        ancestors=ancestors,
    )


def _get(zone: Zone, key: str) -> Json:
    return system_config.get(zone, CATEGORY, key, None)


def _text(zone: Zone, key: str, default: str) -> str:
    found = _get(zone, key)
    return found if isinstance(found, str) and found else default
