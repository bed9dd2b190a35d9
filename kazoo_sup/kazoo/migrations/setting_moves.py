"""Moving settings from where earlier versions kept them to where Kazoo 4.3 looks for them.

Source: Kazoo kapps_config:migrate/0, kapps_account_config:migrate/1. Better than there: an account's settings are
looked for in its documents `configs_…`, where they are; Kazoo asks for them without that prefix and so finds none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import same
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.config.system_config import DATABASE
from kazoo_sup.kazoo.documents import public_fields, stamped, value_at, with_value
from kazoo_sup.messages.names import account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

_ENDPOINT = (
    "default_caller_id_number",
    "default_caller_id_name",
    "default_can_text_self",
    "restrict_to_known_types",
    "sip_transport",
    "custom_sip_interface",
    "should_add_diversion_header",
    "default_ignore_completed_elsewhere",
    "recorder_module",
)
_MOBILE = (
    "create_sip_endpoint",
    "codecs",
    "custom_sip_interface",
    "formatter",
    "prefix",
    "suffix",
    "realm",
    "path",
    "sms_interface",
)
_LIMITS = (
    "enabled",
    "calls",
    "resource_consuming_calls",
    "burst_trunks",
    "inbound_trunks",
    "outbound_trunks",
    "twoway_trunks",
    "max_postpay_amount",
    "reserve_amount",
    "allow_prepay",
    "allow_postpay",
    "soft_limit_outbound",
    "soft_limit_inbound",
    "authz_resource_types",
)


@dataclass(frozen=True, slots=True)
class Move:
    """From a key of one document to a key of another; without a target it is removed."""

    source: str
    key: tuple[str, ...]
    target: str | None
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingMoved:
    """A setting of `section` was moved from one document of `database` to another; both have a key within it."""

    database: str
    section: list[str]
    source: str
    source_key: list[str]
    target: str
    target_key: list[str]
    value: Json


@dataclass(frozen=True, slots=True)
class SettingsDiffer:
    """A setting stays where it is: where it shall be there is another value, `other`."""

    database: str
    section: list[str]
    source: str
    source_key: list[str]
    target: str
    target_key: list[str]
    value: Json
    other: Json


def _move(source: str, key: str, target: str, to: str | None = None) -> Move:
    return Move(source, tuple(key.split(".")), target, tuple((to or key).split(".")))


MOVES = (
    _move("reorder", "unknown-error-code", "reorder", "unknown_number.response_code"),
    _move("reorder", "unknown-error-message", "reorder", "unknown_number.response_message"),
    _move("reorder", "known-error-code", "reorder", "known_number.response_code"),
    _move("reorder", "known-error-message", "reorder", "known_number.response_message"),
    _move("callflow", "default_emergency_cid_number", "stepswitch"),
    _move("callflow", "ensure_valid_emergency_number", "stepswitch", "ensure_valid_emergency_cid"),
    *(_move("callflow", key, "kazoo_endpoint") for key in _ENDPOINT),
    *(_move("callflow.mobile", key, "kazoo_endpoint.mobile") for key in _MOBILE),
    _move("trunkstore", "ensure_valid_emergency_number", "stepswitch", "ensure_valid_emergency_cid"),
    _move("number_manager", "aging_expiry_d", "tasks"),
    _move("number_manager", "discovery_expiry_d", "tasks"),
    _move("number_manager", "crawler_timer_ms", "tasks"),
    _move("number_manager.port_request", "crawler_delay_time_ms", "tasks"),
    _move("number_manager", "porting_module_name", "number_manager", "port_in_module_name"),
    _move("notify.account_crawler", "interaccount_delay", "tasks", "interaccount_delay_ms"),
    _move("notify.account_crawler", "cycle_delay_time", "tasks", "cycle_delay_time_ms"),
    _move("notify.account_crawler", "crawl_for_first_occurrence", "tasks", "should_crawl_for_first_occurrence"),
    _move("notify.account_crawler", "crawl_for_low_balance", "tasks", "should_crawl_for_low_balance"),
    _move("notify.account_crawler", "low_balance_repeat_s", "tasks"),
    _move("crossbar", "cleanup_timer", "tasks", "browse_dbs_interval_s"),
    _move("crossbar", "soft_delete_pause_ms", "tasks"),
    _move("crossbar", "token_auth_expiry", "crossbar.auth", "token_auth_expiry_s"),
    _move("cb_modb", "maybe_archive_modbs", "tasks", "should_archive_modbs"),
    _move("cb_port_requests", "unfinished_port_request_lifetime_s", "tasks"),
    _move("callflow", "privacy_name", "privacy"),
    _move("callflow", "privacy_number", "privacy"),
    _move("stepswitch", "block_anonymous_caller_id", "privacy"),
    _move("fax", "conversion_command", "fax", "conversion_pdf_command"),
    _move("fax", "file_cache_path", "kazoo_convert"),
    _move("media", "tts_cache", "speech"),
    _move("callflow", "voicemail.vm_message_foraward_type", "callflow", "voicemail.vm_message_forward_type"),
    _move("callflow", "mwi_send_unsoliciated_updates", "callflow", "mwi_send_unsolicited_updates"),
    _move("sysconf", "acl_request_timeout_ms", "ecallmgr"),
    _move("sysconf", "acl_request_timeout_fudge_ms", "ecallmgr"),
    *(_move("jonny5", f"default_{key}", "limits", key) for key in _LIMITS),
    _move("provisioner", "cluster_id", "cluster"),
    Move("services", ("modules",), None),
    Move("services", ("support_billing_id",), None),
)
ACCOUNT_MOVES = (
    _move("configs_callflow", "default_can_text_self", "configs_kazoo_endpoint"),
    _move("configs_callflow", "recorder_module", "configs_kazoo_endpoint"),
)
CONTROLLER = ("whapps_controller", "kapps_controller")
_WORDS = {"whapps": "kapps"}
_BOOKKEEPER = ("services", "master_account_bookkeeper", "kz_bookkeeper_")


def system(zone: Zone) -> Iterator[Event]:
    """Move the settings of system_config, and report each that moves."""
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")
    for move in MOVES:
        document = zone.couchdb.get(DATABASE, move.source)
        if document is not None:
            sections = [(key,) for key, each in public_fields(document).items() if isinstance(each, dict)]
            yield from _move_all(zone, DATABASE, move, document, sections)
    _rename_controller(zone)
    _rename_bookkeeper(zone)


def account(zone: Zone, database: str) -> Iterator[Event]:
    """Move the settings of an account, by its (encoded) database, and report each that moves."""
    for move in ACCOUNT_MOVES:
        document = zone.couchdb.get(plain(database), move.source)
        if document is not None:
            yield from _move_all(zone, database, move, document, [()])


def _move_all(
    zone: Zone, database: str, move: Move, document: Document, sections: Sequence[tuple[str, ...]]
) -> Iterator[Event]:
    found = {section: value_at(document, [*section, *move.key]) for section in sections}
    found = {section: value for section, value in found.items() if value is not None}
    if not found:
        return
    if move.target is not None:
        target = document if move.target == move.source else zone.couchdb.get(plain(database), move.target)
        there = {section: value_at(target or {}, [*section, *move.to]) for section in found}
        for section, value in found.items():
            if there[section] is not None and not same(there[section], value):
                yield SettingsDiffer(database, *_places(move, section), value, there[section])
                return
        for section, value in found.items():
            if there[section] is None:
                yield SettingMoved(database, *_places(move, section), value)
        if target is not document:
            made = {(*section, *move.to): value for section, value in found.items()}
            build = partial(_with_settings, zone, database, move.target, made)
            changes.update(zone, database, move.target, build, stored=target).check()
    changes.update(zone, database, move.source, partial(_without_settings, move, found), stored=document).check()


def _places(move: Move, section: Sequence[str]) -> tuple[list[str], str, list[str], str, list[str]]:
    return list(section), move.source, list(move.key), move.target or "", list(move.to)


def _with_settings(
    zone: Zone, database: str, name: str, settings: dict[tuple[str, ...], object], stored: Document | None
) -> Document:
    kind = "account_config" if account_id(database) else "config"
    changed = stored or stamped({"_id": name}, database, node=zone.node, document_type=kind)
    for path, value in settings.items():
        if value_at(changed, path) is None:
            changed = with_value(changed, path, value)
    return changed


def _without_settings(move: Move, found: dict[tuple[str, ...], object], stored: Document | None) -> Document:
    changed = stored or {}
    for section, value in found.items():
        if same(value_at(changed, [*section, *move.key]), value):
            changed = with_value(changed, [*section, *move.key], None)
            if move.target == move.source and value_at(changed, [*section, *move.to]) is None:
                changed = with_value(changed, [*section, *move.to], value)
    return changed


def _rename_controller(zone: Zone) -> None:
    """Make kapps_controller from what was whapps_controller, unless there is one."""
    before, after = CONTROLLER
    source = zone.couchdb.get(DATABASE, before)
    if source is None or zone.couchdb.get(DATABASE, after) is not None:
        return
    made: Document = {"_id": after}
    for node, section in public_fields(source).items():
        if isinstance(section, dict):
            name = f"kazoo_apps@{node.partition('@')[2]}" if node.startswith("whistle_apps@") else node
            made[name] = {_WORDS.get(key, key): value for key, value in section.items()}
    document = stamped(made, DATABASE, node=zone.node, document_type="config")
    changes.create(zone, DATABASE, document, unless_there=True).check()


def _rename_bookkeeper(zone: Zone) -> None:
    """Name the master account's bookkeeper by its kind, where it is still named by a module."""
    name, key, prefix = _BOOKKEEPER

    def again(stored: Document | None) -> Document:
        changed = stored or {}
        for section, values in public_fields(changed).items():
            found = value_at(values, [key])
            if isinstance(found, str) and found.startswith(prefix):
                kind = "braintree" if found == f"{prefix}braintree" else "default"
                changed = with_value(changed, [section, key], kind)
        return changed

    document = zone.couchdb.get(DATABASE, name)
    if document is not None:
        changes.update(zone, DATABASE, name, again, stored=document).check()
