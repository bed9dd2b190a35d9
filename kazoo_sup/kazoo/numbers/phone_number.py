"""A phone number: its document read, changed and written as Kazoo does.

A PhoneNumber never changes; `changed` and the setters return another one. Documents of older Kazoo versions become
current ones when they are read. Source: Kazoo knm_phone_number (from_json/1, to_json/1 and the setters).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kazoo_sup.changes import same
from kazoo_sup.kazoo.documents import now, public_fields, value_at
from kazoo_sup.kazoo.documents.shapes import object_at, text_at, texts_at
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.messages.names import number_database

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json

LOCAL = "knm_local"
MDN = "knm_mdn"
LATEST = 315_569_520_000
"""The Gregorian second with which the year 10000 begins; nothing later is a time."""

LIKE_LOCAL = (LOCAL, MDN)
"""The carrier modules whose numbers are the system's own."""

_LEGACY_E911 = ("dash_e911", "vitelity_e911")  # the later one wins where a document has both
_NOT_PUBLIC = ("id", "used_by")
_TEXTS = ("state", "number_state", "assigned_to", "previously_assigned_to", "used_by", "region")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """One number. `public` are the fields that its account sees and edits, `features` what is switched on of them.

    `modified` and `created` are Gregorian seconds, as they shall be stored; `stored_modified` and `stored_created` are
    what is stored, None where that is not a time. `dirty` tells that it is not as it was stored.
    """

    number: str
    state: str
    module_name: str = LOCAL
    assigned_to: str | None = None
    previously_assigned_to: str | None = None
    used_by: str | None = None
    features: Document | None = None
    features_allowed: tuple[str, ...] = ()
    features_denied: tuple[str, ...] = ()
    reserve_history: tuple[str, ...] = ()
    ported_in: bool = False
    carrier_data: Document | None = None
    region: str | None = None
    public: Document | None = None
    modified: int = 0
    created: int = 0
    stored_modified: int | None = None
    stored_created: int | None = None
    dirty: bool = False

    def changed(self, **fields: Json) -> PhoneNumber:
        """Return the number with these fields; itself when it has them already."""
        if all(same(_plain(getattr(self, name)), _plain(value)) for name, value in fields.items()):
            return self
        return replace(self, **fields, modified=now(), dirty=True)

    @property
    def is_local(self) -> bool:
        """Whether the number is the system's own: its carrier says so, or its feature `local` does."""
        return self.module_name in LIKE_LOCAL or "local" in (self.features or {})

    def assigned(self, account: str | None) -> PhoneNumber:
        """Return the number as assigned to an account (an id) or to none; no application uses it then.

        Source: Kazoo knm_phone_number:set_assigned_to/2.
        """
        if account == self.assigned_to:
            return self
        previous = self.assigned_to or self.previously_assigned_to
        return self.changed(assigned_to=account, previously_assigned_to=previous, used_by=None)

    def carried_by(self, module_name: str) -> PhoneNumber:
        """Return the number with another carrier module; the feature `local` comes and goes with it.

        Source: Kazoo knm_phone_number:set_module_name/2.
        """
        if module_name == self.module_name:
            return self
        features = {key: value for key, value in (self.features or {}).items() if key != "local"}
        if module_name in LIKE_LOCAL:
            features = self._with_local()
        return self.changed(module_name=module_name, features=features)

    def with_feature(self, name: str, value: object) -> PhoneNumber:
        """Return the number with a feature switched on, or off where VALUE is None."""
        features = dict(self.features or {})
        if value is None:
            features.pop(name, None)
        else:
            features[name] = value
        return self.changed(features=features)

    def without_features(self) -> PhoneNumber:
        """Return the number with no features and no public fields (Kazoo knm_phone_number:reset_features/1)."""
        features = {"local": self._with_local()["local"]} if self.module_name in LIKE_LOCAL else {}
        return self.changed(features=features, public={})

    def reserved_for(self, account: str) -> PhoneNumber:
        """Return the number with an account on top of its reserve history."""
        if self.reserve_history[:1] == (account,):
            return self
        return self.changed(reserve_history=(account, *self.reserve_history))

    def document(self) -> Document:
        """Return the number's document, without a revision."""
        document: Document = {
            "_id": self.number,
            "pvt_db_name": number_database(self.number),
            "pvt_state": self.state,
            "pvt_ported_in": self.ported_in,
            "pvt_module_name": self.module_name,
            "pvt_modified": self.modified,
            "pvt_created": self.created,
            "pvt_type": "number",
            **(self.public or {}),
        }
        optional = {
            "pvt_assigned_to": self.assigned_to,
            "pvt_previously_assigned_to": self.previously_assigned_to,
            "pvt_used_by": self.used_by,
            "pvt_features": self.features,
            "pvt_features_allowed": list(self.features_allowed),
            "pvt_features_denied": list(self.features_denied),
            "pvt_reserve_history": list(self.reserve_history),
            "pvt_carrier_data": self.carrier_data,
            "pvt_region": self.region,
        }
        return {**document, **{key: value for key, value in optional.items() if value}}

    def _with_local(self) -> Document:
        return {**(self.features or {}), "local": (self.features or {}).get("local") or {}}


def new(number: str, state: str, module_name: str = LOCAL) -> PhoneNumber:
    """Return a number that is not stored yet."""
    time = now()
    features: Document = {"local": {}} if module_name in LIKE_LOCAL else {}
    return PhoneNumber(
        number, state, module_name, features=features, public={}, modified=time, created=time, dirty=True
    )


def read(document: Document, default_module: str = LOCAL) -> PhoneNumber:
    """Return the number that a document holds, brought up to date; `dirty` when that changed it.

    DEFAULT_MODULE is the carrier module of documents without one (number_manager.available_module_name).
    """
    texts = {key: text_at(document, f"pvt_{key}") for key in _TEXTS}
    public = {key: value for key, value in public_fields(document).items() if key not in _NOT_PUBLIC}
    renamed = _with_plain_e911(public, drop_legacy=False)
    stored_features = document.get("pvt_features")
    features = _features(document, renamed)
    module_name, outdated_module = _module_name(document, default_module)
    if module_name in LIKE_LOCAL:
        features = {**features, "local": features.get("local") or {}}
    elif "local" in features:
        features = {key: value for key, value in features.items() if key != "local"}
    time, modified, created = now(), seconds(document.get("pvt_modified")), seconds(document.get("pvt_created"))
    dirty = (
        outdated_module
        or not same(renamed, public)
        or bool(document.get("pvt_number_state"))
        or (bool(stored_features) and not same(features, stored_features))
        or modified is None
        or created is None
    )
    return PhoneNumber(
        number=document["_id"],
        state=_state(document),
        module_name=module_name,
        assigned_to=texts["assigned_to"],
        previously_assigned_to=texts["previously_assigned_to"],
        used_by=texts["used_by"],
        features=features,
        features_allowed=tuple(texts_at(document, "pvt_features_allowed")),
        features_denied=tuple(texts_at(document, "pvt_features_denied")),
        reserve_history=_without_repetition(texts_at(document, "pvt_reserve_history")),
        ported_in=is_true(document.get("pvt_ported_in")),
        carrier_data=object_at(document, "pvt_carrier_data"),
        region=texts["region"],
        public=renamed,
        modified=time if dirty or modified is None else modified,
        created=created or time,
        stored_modified=modified,
        stored_created=created,
        dirty=dirty,
    )


def _state(document: Document) -> str:
    """Return the state; old documents have it in another field (Kazoo ?PVT_STATE_LEGACY)."""
    found = document.get("pvt_state")
    return str((document.get("pvt_number_state") if found is None else found) or "")


def seconds(stored: object) -> int | None:
    """Return a time as a document holds it, in Gregorian seconds; None for anything else, such as `undefined`."""
    if isinstance(stored, str) and stored.isascii() and stored.isdigit():
        stored = int(stored)
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return None
    return int(stored) if 0 < stored < LATEST else None


def _plain(value: object) -> Json:
    return list(value) if isinstance(value, tuple) else value


def _module_name(document: Document, default: str) -> tuple[str, bool]:
    """Return the carrier module, and whether the document says it in a way that is no longer used."""
    name = (text_at(document, "pvt_module_name") or "") if "pvt_module_name" in document else default
    if name in ("", "undefined"):
        return LOCAL, True
    outdated = name.startswith("wnm_")
    if outdated:
        name = f"knm_{name.removeprefix('wnm_')}"
    if name == "knm_bandwidth":
        return "knm_bandwidth2", True
    return name, outdated


def _with_plain_e911(fields: Document, *, drop_legacy: bool) -> Document:
    """Return the fields with what a provider's own e911 key holds under `e911`.

    Source: Kazoo knm_phone_number:maybe_rename_features/1 and maybe_rename_public_features/1; only the first drops the
    old keys.
    """
    legacy = [fields[key] for key in _LEGACY_E911 if fields.get(key)]
    if not legacy:
        return fields
    kept = {key: value for key, value in fields.items() if not (drop_legacy and key in _LEGACY_E911)}
    return {**kept, "e911": legacy[-1]}


def _features(document: Document, public: Document) -> Document:
    if not isinstance(document.get("pvt_features"), list):
        return _with_plain_e911(object_at(document, "pvt_features"), drop_legacy=True)
    features: Document = {}
    for name in texts_at(document, "pvt_features"):
        features |= _feature_of_3_22(name, public)
    return _with_plain_e911(features, drop_legacy=True)


def _feature_of_3_22(name: str, public: Document) -> Document:
    """Return the feature that Kazoo 3.22 named in a list, with its values from the public fields.

    Source: Kazoo knm_phone_number:features_fold/3.
    """
    if name in ("dash_e911", "vitelity_e911", "telnyx_e911"):
        return {"e911": public.get(name)}
    if name == "inbound_lookup":
        return {"inbound_cnam": {"inbound_lookup": True}}
    if name == "outbound_cnam":
        return {name: _defined(display_name=value_at(public, ["cnam", "display_name"]))}
    if name == "force_outbound":
        return {name: is_true(public.get(name))}
    if name == "ringback":
        return {name: _defined(**{key: value_at(public, [name, key]) for key in ("early", "transfer")})}
    if name == "failover":
        return {name: _defined(**{key: value_at(public, [name, key]) for key in ("e164", "sip")})}
    if name == "prepend":
        prepend = object_at(public, name)
        return {name: {**prepend, "enabled": is_true(prepend.get("enabled"))}}
    return {name: public.get(name) or {}}


def _defined(**values: object) -> Document:
    return {key: value for key, value in values.items() if value}


def _without_repetition(history: Json) -> tuple[str, ...]:
    """Return a reserve history in which no account follows itself."""
    kept: list[str] = []
    for account in history:
        if account and kept[-1:] != [account]:
            kept.append(account)
    return tuple(kept)
