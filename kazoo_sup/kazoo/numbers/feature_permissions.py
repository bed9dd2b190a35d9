"""Which features numbers may have: the lists of the system and of resellers.

Source: Kazoo knm_providers:system_allowed_features/0, ?FEATURES_ALLOWED_RESELLER and ?FEATURES_DENIED_RESELLER of
knm.hrl, kazoo_number_manager_maintenance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.shapes import TEXTS
from kazoo_sup.kazoo.numbers import features

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kazoo_sup.zone import Zone

CATEGORY = "number_manager"
ALLOW = ("features", "allow")
DENY = ("features", "deny")


@dataclass(frozen=True, slots=True)
class Permissions:
    """The features that may be used, and those that may not."""

    allowed: Sequence[str]
    denied: Sequence[str]


@dataclass(frozen=True, slots=True)
class SystemAllows:
    """The features that the system allows; `added` are those that it does since just now."""

    allowed: Sequence[str]
    added: Sequence[str] = ()


def of_system(zone: Zone) -> list[str]:
    """Return the features that the system allows, sorted: the configured ones, else the providers, else all."""
    default = system_config.read(zone, CATEGORY, "providers", list(features.DEFAULT_ALLOWED), TEXTS)
    return sorted(set(system_config.read(zone, CATEGORY, ".".join(ALLOW), default, TEXTS)))


def set_system(zone: Zone, allowed: Iterable[str]) -> SystemAllows:
    """Store the features that the system allows."""
    names = sorted(set(allowed))
    system_config.set_value(zone, CATEGORY, ".".join(ALLOW), names, section=zone.node)
    return SystemAllows(names)


def ensure_admin_only(zone: Zone) -> SystemAllows | None:
    """Allow the features that only administrators switch; return None where they are allowed."""
    allowed = of_system(zone)
    added = sorted(set(features.ADMIN_ONLY) - set(allowed))
    return replace(set_system(zone, [*added, *allowed]), added=added) if added else None


def changed(names: Iterable[str], feature: str, *, with_it: bool) -> list[str]:
    """Return a list of features with or without one."""
    return [*(each for each in names if each != feature), *([feature] if with_it else [])]


def of_reseller(zone: Zone, account: str, key: tuple[str, ...]) -> list[str]:
    """Return the list at KEY (ALLOW or DENY) of an account's reseller, else of the system, as it is stored.

    Also of an account that is its own reseller, where Kazoo looks at the system alone and loses what was listed.
    """
    reseller = services.reseller_id(zone, account)
    document = account_config.read(zone, reseller, CATEGORY) if reseller else None
    found = value_at(document or {}, key, account_config.MISSING)
    if found is account_config.MISSING:
        return system_config.read(zone, CATEGORY, ".".join(key), [], TEXTS)
    return _texts(found)


def by_reseller(zone: Zone, account: str) -> Permissions:
    """Return the lists of an account's reseller."""
    return Permissions(of_reseller(zone, account, ALLOW), of_reseller(zone, account, DENY))


def set_reseller(zone: Zone, account: str, key: tuple[str, ...], names: Iterable[str]) -> None:
    """Store a list (ALLOW or DENY) in the settings of an account's reseller.

    Raises Declined for an account without a reseller.
    """
    reseller = services.reseller_id(zone, account)
    if reseller is None:
        raise Declined(reason=f"account {account} has no reseller, and no master account is known")
    account_config.set_value(zone, reseller, CATEGORY, key, sorted(set(names)))


def _texts(found: object) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
