"""An account's own settings: the documents `configs_<category>` of its database, with flat keys.

Source: Kazoo kapps_account_config. As in `system_config`, reading never writes a default back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import (
    merged,
    public_fields,
    shapes,
    stamped,
    value_at,
    with_value,
    without_revision,
)
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

MISSING = system_config.MISSING

Key = str | tuple[str, ...]
"""A key of a document, or the path to one."""


def read(zone: Zone, account: str, category: str) -> Document | None:
    """Return the account's document of CATEGORY."""
    return zone.couchdb.get(plain(account_database(account)), f"configs_{category}")


def get(zone: Zone, account: str, category: str, key: str, default: object = MISSING) -> Json:
    """Return the account's own value of KEY."""
    return value_at(read(zone, account, category) or {}, [key], default)


def get_global(zone: Zone, account: str, category: str, key: str, default: object = MISSING) -> Json:
    """Return the value of the account's document, or else of its reseller's, or else of system_config.

    The first document there is answers; a key it lacks is looked up in system_config.
    """
    own = read(zone, account, category)
    if own is None:
        return get_from_reseller(zone, account, category, key, default)
    return _or_system(zone, category, key, default, value_at(own, [key], MISSING))


def get_from_reseller(zone: Zone, account: str, category: str, key: str, default: object = MISSING) -> Json:
    """Return the value of the reseller's document, or else of system_config, passing over the account itself.

    KEY may be a path, `features.allow`.
    """
    found = value_at(_of_reseller(zone, account, category) or {}, system_config.keys(key), MISSING)
    return _or_system(zone, category, key, default, found)


def effective(zone: Zone, account: str, category: str) -> Document:
    """Return the document that answers for the account: its own, its reseller's, or system_config's default section."""
    own = read(zone, account, category) or _of_reseller(zone, account, category)
    if own is not None:
        return own
    if zone.configuration(category) is None:
        return {"_id": category}
    return system_config.section_of(zone, category, system_config.DEFAULT)


def with_strategy(zone: Zone, strategy: str, account: str, category: str, key: str, default: object = MISSING) -> Json:
    """Return the value that a STRATEGY finds: global, reseller, either also with `_merge`, or hierarchy_merge.

    Merging lays objects over each other, the account's over its ancestors' over the system's. Raises ValueError for
    another strategy. Source: Kazoo kapps_account_config:get_with_strategy/5.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"{strategy!r} is none of {', '.join(STRATEGIES)}")
    layers = [layer for layer in _layers(zone, strategy, account, category) if layer is not None]
    if not strategy.endswith("_merge"):
        layers = [layer for layer in layers if value_at(layer, [key], MISSING) is not MISSING][:1] or layers[-1:]
    found: Document = {}
    for layer in reversed(layers):
        found = merged(found, public_fields(layer))
    return value_at(found, [key], default)


STRATEGIES = ("global", "reseller", "global_merge", "reseller_merge", "hierarchy_merge")


def set_value(zone: Zone, account: str, category: str, key: Key, value: object) -> Document:
    """Store VALUE at KEY of the account's document; return it as it is stored now.

    Nodes are told of it also where it is stored already, as Kazoo does, which saves it again.
    """
    return _save(zone, account, category, key, value, read(zone, account, category) or {})


def set_global(zone: Zone, account: str, category: str, key: str, value: object) -> Document:
    """Store VALUE as `set_value` does, on top of a copy of the document that answered until now.

    An account without a document of its own thereby takes over its reseller's or the system's values.
    """
    return _save(zone, account, category, key, value, effective(zone, account, category))


def _save(zone: Zone, account: str, category: str, key: Key, value: object, base: Document) -> Document:
    path = [key] if isinstance(key, str) else list(key)
    if not category:
        raise BadArgument(parameter="CATEGORY", reason="it is empty")
    if "" in path:
        raise BadArgument(parameter="KEY", reason="it is empty")
    database, identifier = account_database(account), f"configs_{category}"

    def updated(stored: Document | None) -> Document:
        found = stored or {**without_revision(base), "_id": identifier}
        document = with_value(found, path, value)
        if stored and changes.same(document, stored):
            return stored
        return stamped(document, database, node=zone.node, document_type="account_config", account=account)

    change = changes.rebuild(database, read(zone, account, category), updated)
    return changes.apply(zone, [changes.saved_anyway(change)]).document


def _or_system(zone: Zone, category: str, key: str, default: object, found: object) -> Json:
    return system_config.get(zone, category, key, default) if found is MISSING else found


def _of_reseller(zone: Zone, account: str, category: str) -> Document | None:
    reseller = services.reseller_id(zone, account)
    return read(zone, reseller, category) if reseller and reseller != account else None


def _layers(zone: Zone, strategy: str, account: str, category: str) -> Iterator[Document | None]:
    if not strategy.startswith("reseller"):
        yield read(zone, account, category)
    if strategy == "hierarchy_merge":
        yield from _ancestors(zone, account, category)
    else:
        yield _of_reseller(zone, account, category)
    yield system_config.section_of(zone, category, system_config.DEFAULT)


def _ancestors(zone: Zone, account: str, category: str) -> Iterator[Document | None]:
    """Walk from the account's parent up to its reseller."""
    if services.is_reseller(zone, account):
        return
    tree = shapes.ancestors_of(definition(zone, account) or {})
    for ancestor in reversed(tree):
        yield read(zone, ancestor, category)
        if services.is_reseller(zone, ancestor):
            return
