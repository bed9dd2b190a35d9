"""Which features numbers may have: the lists of the system and of resellers.

Source: Kazoo knm_providers:system_allowed_features/0, ?FEATURES_ALLOWED_RESELLER and ?FEATURES_DENIED_RESELLER of
knm.hrl, kazoo_number_manager_maintenance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import account_config, system_config
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.numbers import features

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "number_manager"
ALLOW = ("features", "allow")
DENY = ("features", "deny")


def known() -> Iterator[str]:
    """Name every feature."""
    yield "Known features:"
    yield f"\t{' '.join(features.ALL)}"


def refusal(feature: str) -> list[str]:
    """Return what Kazoo says of a feature that it does not know; nothing for one that it knows."""
    return [] if feature in features.ALL else [f"Feature '{feature}' is not a known feature.", *known()]


def permissions(allowed: Sequence[str], denied: Sequence[str]) -> Iterator[str]:
    """Show two lists of features."""
    yield f"\tFeatures allowed: {' '.join(allowed)}"
    yield f"\tFeatures denied: {' '.join(denied)}"


def of_system(zone: Zone) -> list[str]:
    """Return the features that the system allows, sorted: the configured ones, else the providers, else all."""
    providers = system_config.get(zone, CATEGORY, "providers", None)
    default = providers if isinstance(providers, list) else list(features.DEFAULT_ALLOWED)
    return sorted(set(_texts(system_config.get(zone, CATEGORY, ".".join(ALLOW), default))))


def show_system(allowed: Iterable[str]) -> list[str]:
    """Show the features that the system allows."""
    return ["Features allowed on system config document:", f"\t{' '.join(allowed)}"]


def set_system(zone: Zone, allowed: Iterable[str]) -> list[str]:
    """Store the features that the system allows; return what Kazoo prints then."""
    names = sorted(set(allowed))
    system_config.set_value(zone, CATEGORY, ".".join(ALLOW), names, section=zone.node)
    return show_system(names)


def ensure_admin_only(zone: Zone) -> list[str]:
    """Allow the features that only administrators switch; return what Kazoo prints, nothing where they are allowed."""
    allowed = of_system(zone)
    added = sorted(set(features.ADMIN_ONLY) - set(allowed))
    if not added:
        return []
    first, *rest = set_system(zone, [*added, *allowed])
    return [f"Adding the following admin-only number features to system_config: {' '.join(added)}{first}", *rest]


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
        found = system_config.get(zone, CATEGORY, ".".join(key), None)
    return _texts(found)


def show_reseller(zone: Zone, account: str) -> Iterator[str]:
    """Show the lists of an account's reseller."""
    yield f"Feature permissions on reseller of {account} ({services.reseller_id(zone, account)}):"
    yield from permissions(of_reseller(zone, account, ALLOW), of_reseller(zone, account, DENY))


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
