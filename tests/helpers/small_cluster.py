# ruff: noqa: E501 - documents are read more easily in few lines
"""A small cluster with a document of every kind, and the same with documents that are not what they should be.

`documents` gives what is stored by (encoded) database, and `store` stores it. `garbled` gives a copy of a document in
which a field holds something else; `words_for` gives words with which a function can be called on such a cluster.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests

from kazoo_sup.arguments.descriptions import Command
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.lab import seed
from kazoo_sup.messages.names import SYSTEM_DATABASES, account_database, encoded, plain

Document = dict[str, Any]

MASTER = seed.ACCOUNT
CHILD = "6368696c64206f6620746865206c6162"
NUMBER = "+14155550100"
NUMBERS = "numbers%2F%2B1415"
USER = "75736572206f6620746865206c616221"
DEVICE = "6465766963652069206f6620746865fe"
QUEUE = "7175657565206f6620746865206c6162"
VMBOX = "766d626f78206f6620746865206c6162"
MESSAGE = "6d657373616765206f662074686520"
PLAN = "706c616e206f6620746865206c616221"
RESOURCE = "7265736f75726365206f6620746865ff"
TASK = "7461736b206f6620746865206c616221"
APP = "617070206f6620746865206c616221ab"
HOOK = "686f6f6b206f6620746865206c616221"

GARBAGE: tuple[Any, ...] = (["a", 1], "text", None, 7, -0.5, True, {"x": {"y": [None]}}, [], [[{}]], {"1": ["é"]})
"""What stands in place of a field's value."""


def documents() -> dict[str, list[Document]]:
    """Return every document but design documents, without revisions."""
    month = encoded(f"{account_database(CHILD)}-{time.strftime('%Y%m', time.gmtime())}")
    found: dict[str, list[Document]] = {name: [] for name in SYSTEM_DATABASES}
    found |= {
        "accounts": [_account(MASTER, []), _account(CHILD, [MASTER])],
        account_database(MASTER): [_account(MASTER, []), *_plans(), _app()],
        account_database(CHILD): [_account(CHILD, [MASTER]), *_of_account()],
        month: [*_of_month()],
        "services": [_services(MASTER, []), _services(CHILD, [MASTER])],
        NUMBERS: [_number(NUMBER), _number("+14155550101"), _number("+14155550102", free=True)],
        "system_config": configuration(),
        "offnet": [_resource()],
        "ratedeck": [_rate()],
        "webhooks": [_hook()],
        "faxes": [_fax()],
        "port_requests": [_port_request()],
        "tasks": [_task()],
        "alerts": [_stamped("alert", "alert", category="system", message="x", clearable=True, expiration_date=1)],
        "pending_notifications": [_notification()],
        "token_auth": [_stamped("token", "token_auth", account_id=CHILD, owner_id=USER, api_key="x")],
        "dedicated_ips": [_ip()],
        "sip_auth": [_device()],
        "system_media": [_prompt("en-us/vm-enter_pass"), _template("notification.voicemail_to_email")],
        "anonymous_cdrs": [_cdr("anonymous")],
        "acdc": [_stamped("acdc_activation", "acdc_activation", account_id=CHILD)],
        "system_auth": [_auth_app(), _auth_provider()],
        "oauth": [_auth_app()],
    }
    return found


def designs(database: str) -> list[Document]:
    """Return the design documents that come with sup for a database."""
    return list(views.choose(database, []).designs)


def garbled(found: Document, chance: random.Random, *, fields: int = 1) -> Document:
    """Return a document in which so many fields, at most two levels deep, hold something else."""
    made = copy.deepcopy(found)
    paths = list(_paths(made, 2))
    for *way, key in chance.sample(paths, min(fields, len(paths))):
        within: Any = made
        for step in way:
            within = within[step] if isinstance(within, dict) and step in within else None
        if isinstance(within, dict):
            within[key] = copy.deepcopy(chance.choice(GARBAGE))
    return made


def _paths(value: Any, depth: int) -> Iterator[tuple[str, ...]]:
    for key, each in value.items() if isinstance(value, dict) else ():
        if key not in ("_id", "pvt_type", "_attachments"):
            yield (key,)
            if depth > 1:
                yield from ((key, *path) for path in _paths(each, depth - 1))


def store(url: str, wanted: Mapping[str, list[Document]]) -> None:
    """Store documents in a CouchDB, in place of what is there by their ids."""
    with requests.Session() as session:
        for database, found in wanted.items():
            place = f"{url}/{quote(plain(database), safe='')}"
            session.put(place, timeout=600)
            rows = session.get(f"{place}/_all_docs", timeout=600).json()["rows"]
            revisions = {row["id"]: {"_rev": row["value"]["rev"]} for row in rows}
            bodies = [
                {key: value for key, value in (each | revisions.get(each["_id"], {})).items() if key != "_attachments"}
                for each in found
            ]
            session.post(f"{place}/_bulk_docs", json={"docs": bodies}, timeout=600).raise_for_status()


_WORDS = {
    "ACCOUNT": CHILD, "ACCOUNTS": CHILD, "ACCOUNT_ID": CHILD, "ACCOUNT_OR_CAUSE": CHILD, "ACCOUNT_OR_COUNT": CHILD,
    "ACCOUNT_OR_EXPIRES": CHILD, "ACCOUNT_OR_METRIC": CHILD, "AGENT_ID": USER, "APP_ID": APP, "APP_NAME_OR_ID": APP,
    "AS_DEFAULT": "true", "BOX_ID": VMBOX, "BLOCK": "block", "CARRIER": "knm_local", "CACHED": "false",
    "CATEGORY": "number_manager", "CLASSIFIER": "did_us", "CIDR": "192.0.2.0/24", "CHUNK_SIZE": "10", "COUNT": "3",
    "DATABASE": account_database(CHILD), "DB": account_database(CHILD), "DEVICE_ID": DEVICE, "DID": NUMBER,
    "DOCUMENT": VMBOX, "DOC_ID": VMBOX, "ENTITY": "child.example.com", "EXPIRES": "30", "FEATURE": "cnam",
    "FAXBOX_ID": "faxbox", "FIRST_NUMBER": "14155550177", "FS_NODE": "freeswitch@fs1.example.com", "HOOK_ID": HOOK,
    "ID": "number_manager", "IP": "192.0.2.7", "JOB_ID": "fax", "JSON": "{}", "KEY": "classifiers", "LANG": "en-us",
    "LANGUAGE": "en-us", "LEN": "3", "LOWER": "1", "MAX_AGE": "10", "MESSAGE_ID": MESSAGE, "MODULE": "cb_users",
    "MONTH": time.strftime("%m", time.gmtime()), "YEAR": time.strftime("%Y", time.gmtime()), "N": "3",
    "NEW_TREE": MASTER, "NUMBER": NUMBER, "NUMBERS": f"{NUMBER},+14155550101", "NUMBER_DB": NUMBERS,
    "NUMBER_DBS": NUMBERS, "PARENT": MASTER, "PATTERN": "account*", "PERSIST": "true", "PLAN": PLAN, "POST": "2",
    "PRE": "1", "PREFIX": "1415", "PROMPT_ID": "vm-enter_pass", "PROVIDER": "flite", "PAUSE": "0",
    "QUANTITY": "2", "QUEUE_ID": QUEUE, "REALM": "child.example.com", "RESELLER_ID": MASTER,
    "SCHEMA": "users", "SETTING": "1", "START_TIMESTAMP": "1", "END_TIMESTAMP": "99999999999",
    "SYSTEM_CONFIG": "number_manager", "TASK_ID": TASK, "TEMPLATE_ID": "voicemail_to_email",
    "THING": "child.example.com", "THRESHOLD": "2", "TIMESTAMP": "1", "TYPE": "user", "USER": "joe",
    "USERNAME": "joe", "USER_AT_REALM": "joe@child.example.com", "USER_ID": USER, "URI": "joe@child.example.com",
    "VALUE": "1", "VERSION": "1", "WORKERS": "2", "WEIGHT": "1", "OBJECT": "{}", "ENABLED": "true", "OPTS": "{}",
    "BINDINGS": "[]", "START": "202601", "END": "202602", "FLAG": "true", "PORT": "5060", "NEW": "1", "SAVED": "1",
    "TIMEOUT": "10", "CSV_FILE": "/dev/null", "APP": "callflow", "CAUSE": "NORMAL_CLEARING", "NODE": "all",
    "SUBCOMMAND": "status", "FIELD": "name", "STATE": "pending", "SHOW_COUNT": "3",
}  # fmt: skip


def words_for(command: Command, *, optional: bool) -> list[str]:
    """Return words for a function's arguments, those for which there is a default where they are OPTIONAL."""
    wanted = [each for each in command.parameters if each.kind == "argument" and (each.required or optional)]
    words = [each.choices[0] if each.choices else _WORDS.get(each.metavar, "x") for each in wanted]
    return [command.module, command.name, *words]


def _stamped(identifier: str, kind: str, **fields: Any) -> Document:
    stamp = {"pvt_type": kind, "pvt_created": now(), "pvt_modified": now(), "pvt_vsn": "1", "pvt_account_id": CHILD}
    return {"_id": identifier, **fields, **stamp, "pvt_account_db": account_database(CHILD)}


def _account(identifier: str, tree: list[str]) -> Document:
    name = "child" if tree else "lab"
    return {
        **_stamped(identifier, "account"),
        "name": name,
        "realm": f"{name}.example.com",
        "timezone": "America/Los_Angeles",
        "language": "en-us",
        "enabled": True,
        "call_restriction": {"did_us": {"action": "inherit"}},
        "caller_id": {"internal": {"name": "a", "number": "1000"}, "external": {"number": NUMBER}},
        "music_on_hold": {"media_id": "x"},
        "preflow": {"always": "x"},
        "contact": {"billing": {"email": "a@example.com"}, "technical": {}},
        "notifications": {"voicemail_to_email": {"email": "x"}},
        "metaflows": {"binding_digit": "*", "numbers": {"1": {"module": "hold", "data": {}}}},
        "apps": {APP: {"name": "accounts", "allowed_users": "all"}},
        "topup": {"amount": 5, "threshold": 1},
        "voicemail": {"notify": {"callback": {}}},
        "pvt_account_id": identifier,
        "pvt_account_db": account_database(identifier),
        "pvt_alphanum_name": name,
        "pvt_tree": tree,
        "pvt_enabled": True,
        "pvt_superduper_admin": not tree,
        "pvt_wnm_allow_additions": True,
        "pvt_reseller": not tree,
        "pvt_reseller_id": MASTER,
        "pvt_api_key": "x",
        "pvt_signature_secret": "x",
        "pvt_notified": {"x": 1},
        "pvt_features": {},
    }


def _services(identifier: str, tree: list[str]) -> Document:
    return {
        **_stamped(identifier, "service"),
        "quantities": {"account": {"users": {"user": 1}}, "cascade": {"users": {"user": 1}}, "manual": {}},
        "plans": {PLAN: {"account_id": MASTER, "vendor_id": MASTER, "overrides": {}}},
        "billing": {"ratedeck": {"x": {}}},
        "status": {"good_standing": True},
        "bookkeeper": {"id": "x", "vendor_id": MASTER},
        "pvt_status": "good_standing",
        "pvt_tree": tree,
        "pvt_reseller": not tree,
        "pvt_reseller_id": MASTER,
        "pvt_account_id": identifier,
        "transactions": [{"reason": "x", "amount": 1}],
        "account_quantities": {"users": {"user": 1}},
        "cascade_quantities": {"users": {"user": 1}},
        "pvt_dirty": True,
    }


def _plans() -> list[Document]:
    plan = {"users": {"user": {"rate": 1, "name": "u"}, "_all": {"exceptions": ["x"]}}, "limits": {"calls": 2}}
    return [
        {
            **_stamped(PLAN, "service_plan", name="plan", plan=plan, category="c", merge={"priority": 1}),
            "bookkeeper": {"id": "x"},
            "bookkeepers": {"local": {"x": 1}},
            "manual_recognition": [],
            "limits": {"calls": 1},
            "ratedeck": {"id": "x", "name": "x"},
        }
    ]


def _app() -> Document:
    return {
        **_stamped(APP, "app", name="accounts", api_url="http://192.0.2.1:8000/v2/", icon="a.png", tags=["reseller"]),
        "i18n": {"en-US": {"label": "x", "description": "y", "extended_description": "", "features": ["z"]}},
        "screenshots": ["b.png"],
        "author": "x",
        "version": "1",
        "license": "-",
        "price": 0,
        "source_url": "x",
        "urls": {"documentation": "x"},
        "users": ["x"],
        "allowed_users": "all",
        "published": True,
        "_attachments": {"a.png": {"content_type": "image/png", "data": ""}},
    }


def _device() -> Document:
    return {
        **_stamped(DEVICE, "device", name="phone", owner_id=USER, enabled=True, device_type="sip_device"),
        "sip": {
            "username": "joe",
            "password": "x",
            "realm": "child.example.com",
            "method": "password",
            "ip": "192.0.2.3",
        },
        "call_restriction": {"did_us": {"action": "deny"}},
        "call_forward": {"enabled": True, "number": "100"},
        "caller_id": {"internal": {"number": "1"}},
        "media": {"audio": {"codecs": ["PCMU"]}, "encryption": {"enforce_security": False, "methods": []}},
        "provision": {"endpoint_brand": "x", "combo_keys": {}},
        "push": {"Token-App": "x", "Token-Type": "apple", "Token-ID": "y"},
        "metaflows": {"numbers": {"1": {"module": "hold"}}, "patterns": {}},
        "suppress_unregister_notifications": True,
        "ringtones": {"internal": "x"},
        "music_on_hold": {"media_id": "x"},
    }


def _of_account() -> Iterator[Document]:
    yield _device()
    yield {
        **_stamped(USER, "user", username="joe", first_name="J", last_name="D", email="j@example.com", enabled=True),
        "priv_level": "admin",
        "call_restriction": {"did_us": {"action": "deny"}},
        "queues": [QUEUE],
        "caller_id": {"internal": {"number": "1"}},
        "call_forward": {"enabled": False},
        "pvt_md5_auth": "x",
        "pvt_sha1_auth": "y",
        "pvt_signature_secret": "x",
        "hotdesk": {"id": "1", "enabled": True, "pin": "1"},
        "apps": {"x": {}},
        "appList": ["x"],
        "metaflows": {},
        "music_on_hold": {"media_id": "x"},
    }
    yield {
        **_stamped("callflow", "callflow", name="cf", numbers=[NUMBER, "100"], patterns=["^1"]),
        "flow": {
            "module": "user",
            "data": {"id": USER},
            "children": {"_": {"module": "voicemail", "data": {"id": VMBOX}}},
        },
        "featurecode": {"name": "x", "number": "1"},
        "metadata": {USER: {"name": "x", "pvt_type": "user"}},
        "modules": ["user"],
        "group_id": "x",
    }
    yield {
        **_stamped(VMBOX, "vmbox", name="box", mailbox="100", owner_id=USER, timezone="UTC", pin="1"),
        "messages": [_message()],
        "notify_email_addresses": ["a@example.com"],
        "media": {"unavailable": "x"},
        "notify": {"callback": {"number": "1", "attempts": 1, "schedule": [60]}},
    }
    yield {
        **_stamped("limits", "limits", twoway_trunks=1, inbound_trunks=1, outbound_trunks=1, calls=2, burst_trunks=1),
        "allotments": {"toll": {"amount": 60, "cycle": "monthly", "minimum": 0}},
        "pvt_bundled_inbound_trunks": {"account": "x"},
        "pvt_twoway_trunks": 1,
        "pvt_max_postpay_amount": 1,
        "pvt_reserve_amount": 1,
        "pvt_discounts": {"x": {"percentage": 1}},
        "allow_prepay": True,
        "pvt_enabled": True,
    }
    yield {
        **_stamped("trunks", "sys_info", type="sys_info"),
        "account": {"auth_realm": "child.example.com", "credits": {"prepay": "0"}, "trunks": 1},
        "servers": [
            {
                "DIDs": {NUMBER: {"failover": {"e164": "+14155550101"}, "options": {}}},
                "auth": {"auth_method": "Password", "auth_user": "pbx", "auth_password": "x", "ip": "192.0.2.4"},
                "options": {"enabled": True, "failover": {}},
                "server_name": "pbx",
                "permissions": {"users": []},
            }
        ],
        "call_restriction": {},
    }
    yield _number(NUMBER)
    yield _stamped("phone_numbers", "phone_numbers", numbers={NUMBER: {"state": "in_service"}})
    yield _stamped(
        "voicemail_greeting", "media", name="g", media_source="upload", source_type="x", source_id=VMBOX, language="en-us",
        prompt_id="x", content_type="audio/mp3", description="d", streamable=True,
    )  # fmt: skip
    yield _stamped("menu", "menu", name="m", media={"greeting": "x"}, record_pin="1", timeout=1, extension_timeout=2)
    yield {
        **_stamped(QUEUE, "queue", name="q", agents=[USER], strategy="round_robin", agent_ring_timeout=10),
        "announcements": {"media": {"x": "y"}},
        "notifications": {"hangup": "http://192.0.2.9/"},
        "record_caller": True,
        "max_queue_size": 3,
    }
    yield _stamped("group", "group", name="g", endpoints={DEVICE: {"type": "device"}})
    yield _stamped("faxbox", "faxbox", name="fb", owner_id=USER, notifications={"inbound": {"email": {"send_to": []}}},
                   attempts=1, retries=1, caller_id="1", smtp_permission_list=[])  # fmt: skip
    yield _stamped("temporal", "temporal_rule", name="t", wdays=["monday"], days=[1], cycle="weekly", interval=1)
    yield _stamped("conference", "conference", name="c", conference_numbers=["1"], member={"pins": ["1"]}, moderator={})
    yield _stamped("directory", "directory", name="d", users={USER: "callflow"}, min_dtmf=1)
    yield _stamped("list", "list", name="l", entries={"x": {"number": "1"}})
    yield _stamped("blacklist", "blacklist", name="b", numbers={"1": {}})
    yield _stamped("ledger_of_before", "ledger", amount=1)
    yield _resource()
    yield _stamped("whitelabel", "whitelabel", domain="x.example.com", company={"name": "x"})
    yield _stamped("configs_callflow", "account_config", default={"a": {"b": 1}}, default_callflow={"x": 1})
    yield _stamped("acl", "access_lists", order="x", cidrs=[], user_agent="x")
    yield _template("notification.voicemail_to_email")
    yield _hook()
    yield _fax()


def _message() -> Document:
    return {
        "timestamp": now(), "from": "a", "to": "b", "caller_id_number": "1", "caller_id_name": "x", "call_id": "c",
        "folder": "new", "length": 3, "media_id": MESSAGE,
    }  # fmt: skip


def _of_month() -> Iterator[Document]:
    month = months.this_month()
    yield _cdr(f"{month}-cdr")
    yield {
        **_stamped(f"{month}-{MESSAGE}", "mailbox_message", name="m", source_id=VMBOX, source_type="voicemail"),
        "metadata": _message(),
        "media_source": "recording",
        "utc_seconds": 1,
        "_attachments": {"a.mp3": {"content_type": "audio/mpeg", "data": ""}},
    }
    yield {
        **_stamped("ledger", "ledger", amount=100, description="x", period={"start": 1}),
        "pvt_ledger_type": "credit",
        "source": {"service": "topup", "id": "x"},
        "usage": {"type": "voice", "quantity": 1, "unit": "sec"},
        "account": {"id": CHILD, "name": "child"},
        "metadata": {"manual_addition": True},
    }
    yield _stamped("credit", "credit", pvt_amount=10, pvt_reason="x", pvt_code=1, sub_account_id=CHILD)
    yield _stamped("monthly_rollover", "credit", pvt_amount=10, pvt_reason="database_rollover", pvt_code=4000)
    yield _stamped("fax_in_month", "fax", folder="inbox", source_type="x", to_number="1", from_number="2",
                   rx_result={"success": True, "fax_info": {}})  # fmt: skip


def _cdr(identifier: str) -> Document:
    return _stamped(
        identifier, "cdr", call_id="c", timestamp=now(), duration_seconds=1, billing_seconds=1, hangup_cause="x",
        caller_id_number="1", callee_id_number="2", to="a@b", channel_name="x", interaction_id="x",
        custom_channel_vars={"account_id": CHILD, "bridge_id": "x"}, call_direction="inbound",
    )  # fmt: skip


def _number(number: str, *, free: bool = False) -> Document:
    return {
        **_stamped(number, "number"),
        "pvt_db_name": NUMBERS,
        "pvt_state": "available" if free else "in_service",
        "pvt_ported_in": False,
        "pvt_module_name": "knm_local",
        "pvt_features": {"local": {}, "cnam": {"display_name": "x"}},
        "pvt_features_allowed": ["cnam"],
        "pvt_features_denied": ["e911"],
        "pvt_reserve_history": [MASTER],
        "pvt_carrier_data": {"x": 1},
        "pvt_region": "CA",
        **({} if free else {"pvt_assigned_to": CHILD, "pvt_used_by": "callflow"}),
        "pvt_previously_assigned_to": MASTER,
        "cnam": {"display_name": "x", "inbound_lookup": True},
        "e911": {"street_address": "x", "locality": "y"},
        "prepend": {"name": "x", "enabled": True},
        "failover": {"e164": "+14155550199"},
    }


def _resource() -> Document:
    return {
        **_stamped(RESOURCE, "resource", name="carrier", enabled=True, weight_cost=10, flags=["x"]),
        "gateways": [
            {
                "server": "192.0.2.20", "realm": "x", "username": "u", "password": "p", "prefix": "+", "suffix": "",
                "codecs": ["PCMU"], "enabled": True, "port": 5060, "custom_sip_headers": {"X-A": "1"}, "endpoint_type": "sip",
                "caller_id_type": "external", "invite_format": "route", "channel_selection": "ascending",
            }
        ],
        "rules": ["^\\+?1(\\d{10})$"],
        "cid_rules": ["^.*$"],
        "rules_test": ["x"],
        "classifiers": {"did_us": {"enabled": True, "prefix": "", "suffix": "", "emergency": False}},
        "formatters": {"request": [{"regex": "^(.*)$", "prefix": ""}]},
        "media": {"audio": {"codecs": ["PCMU"]}, "video": {"codecs": []}},
        "emergency": False,
        "grace_period": 5,
        "ignore_flags": False,
        "from_uri_realm": "x",
        "caller_id_options": {"type": "external"},
        "selectors": {"inbound": {}},
    }  # fmt: skip


def _rate() -> Document:
    return _stamped(
        "US-1", "rate", prefix="1", rate_cost=0.1, rate_name="US", rate_increment=60, rate_minimum=60, rate_nocharge_time=1,
        rate_surcharge=0, weight=10, iso_country_code="US", routes=["^\\+?1(\\d{10})$"], direction=["inbound", "outbound"],
        internal_rate_cost=0.1, options=["x"], ratedeck_id="ratedeck", rate_version="1", account_id=CHILD, pvt_carrier="x",
    )  # fmt: skip


def _hook() -> Document:
    return {
        **_stamped(HOOK, "webhook", name="hook", uri="http://192.0.2.9/", http_verb="post", hook="channel_create"),
        "enabled": True,
        "retries": 2,
        "custom_data": {"a": "b"},
        "include_subaccounts": True,
        "include_internal_legs": True,
        "pvt_disabled_message": "x",
    }


def _fax() -> Document:
    return {
        **_stamped("fax", "fax", from_name="a", from_number="1", to_name="b", to_number="2", attempts=1, retries=2),
        "pvt_job_status": "pending",
        "pvt_job_node": "kazoo_apps@lab.example.com",
        "faxbox_id": "faxbox",
        "folder": "outbox",
        "document": {"url": "http://192.0.2.9/a.pdf", "method": "get"},
        "notifications": {"email": {"send_to": ["a@example.com"]}},
        "tx_result": {"success": False, "pages_sent": 0},
        "retry_after": 1,
        "pvt_reseller_id": MASTER,
        "fax_timezone": "UTC",
    }


def _port_request() -> Document:
    return {
        **_stamped("port", "port_request", name="p", bill={"name": "x"}, comments=[{"content": "x", "timestamp": 1}]),
        "numbers": {"+14155550190": {"state": "x"}},
        "pvt_port_state": "submitted",
        "pvt_tree": [MASTER],
        "port_state": "submitted",
        "notifications": {"email": {"send_to": "x"}},
        "pvt_sent": True,
        "pvt_transitions": [{"type": "x"}],
        "transfer_date": 1,
        "uploads": {},
    }


def _task() -> Document:
    return _stamped(
        TASK, "task", pvt_category="numbers", pvt_action="dump", pvt_auth_account_id=MASTER, pvt_submitted_at=now(),
        pvt_total_rows=1, pvt_started_at=now(), pvt_worker_node="x", pvt_total_rows_failed=0, pvt_total_rows_succeeded=1,
        pvt_is_processing=False, pvt_file_name="a.csv", pvt_finished_at=now(), databases={"processed": 1}, pvt_result="x",
        pvt_databases={"x": {"finished": 1}}, pvt_columns=["a"],
    )  # fmt: skip


def _notification() -> Document:
    return _stamped(
        "notification", "kapi", description="x", publish_as="voicemail_new", attempts=1, max_retries=3, retry_after=1,
        payload={"Account-ID": CHILD, "Event-Name": "x"}, notification_type="voicemail_new", error=["x"], rules=[],
    )  # fmt: skip


def _ip() -> Document:
    return _stamped(
        "192.0.2.7", "dedicated_ip", ip="192.0.2.7", pvt_zone="local", pvt_host="fs1", pvt_status="assigned",
        pvt_assigned_to=CHILD, pvt_assigned_date=now(), pvt_tree=[MASTER],
    )  # fmt: skip


def _prompt(identifier: str) -> Document:
    return {
        **_stamped(identifier, "media", name="vm-enter_pass", prompt_id="vm-enter_pass", language="en-us"),
        "source_type": "system",
        "content_type": "audio/x-wav",
        "streamable": True,
        "content_length": 1,
        "_attachments": {"a.wav": {"content_type": "audio/x-wav", "data": ""}},
    }


def _template(identifier: str) -> Document:
    return {
        **_stamped(identifier, "notification", category="x", friendly_name="f", subject="s", enabled=True),
        "from": "a@example.com",
        "to": {"type": "specified", "email_addresses": ["x@example.com"]},
        "cc": {"type": "specified", "email_addresses": []},
        "bcc": {"type": "original", "email_addresses": ["x"]},
        "reply_to": "x",
        "macros": {"user.name": {"i18n_label": "x", "friendly_name": "y", "description": "z"}},
        "template_charset": "utf-8",
        "default_text_template": "x",
        "email_text_template": "x",
        "default_subject_template": "x",
        "_attachments": {"template.text%2Fhtml": {"content_type": "text/html", "data": ""}},
    }


def _auth_app() -> Document:
    return _stamped(
        APP, "app", name="a", provider="google", secret="x", email="a@b", provider_id="x", pvt_server_key="k"
    )


def _auth_provider() -> Document:
    return _stamped("google", "provider", auth_url="http://192.0.2.9/", profile_url="x", enabled=True, scopes=["x"])


def configuration() -> list[Document]:
    """Return a document of system_config for every category that sup reads, with what stands there by default."""
    found = {each["_id"]: each["default"] for each in seed._config()}
    found["accounts"] |= {"ensure_unique_name": True, "default_timezone": "UTC"}
    found["ecallmgr"] |= {
        "acls": {"x": {"cidr": "192.0.2.0/24", "type": "allow", "network-list-name": "trusted", "ports": [5060]}},
        "fs_nodes": ["freeswitch@fs1.example.com"], "max_channel_uptime_s": 0, "sip_url": "x", "capabilities": [{"module": "x"}],
    }  # fmt: skip
    found["number_manager"] |= json.loads(
        '{"features": {"allow": ["cnam"], "e911": {"enabled": true}}, "providers": {"cnam": "x"}, "force_outbound": true}'
    )
    found |= {
        "crossbar": {"autoload_modules": ["cb_users"], "refresh_app_keys": ["x"], "magic_path_patterns": ["x"]},
        "kapps_controller": {"kapps": ["crossbar", "callflow"]},
        "blackhole": {"autoload_modules": ["bh_call"]},
        "teletype": {"autoload_modules": ["teletype_voicemail_to_email"]},
        "stepswitch": {"route_by": "x", "use_first_dedicated_proxy_only": True},
        "frontier": {"rate_limits": {"device": {"per_minute": 1}}},
        "hangups": {"hangups_to_monitor": ["WRONG_CALL_STATE"], "one": 1.0},
        "hotornot": {
            "filter_list": ["direction"],
            "default_ratedeck": "ratedeck",
            "rate_version": "1",
            "use_trie": False,
        },
        "metaflows": {"binding_digit": "*", "numbers": {"1": {"module": "hold"}}, "digit_timeout_ms": 1},
        "media": {"default_language": "en-us", "languages": {"en": {}}},
        "limits": {"calls": -1, "twoway_trunks": 1, "max_postpay_amount": 0.0},
        "services": {"scan_rate": 1, "should_save_master_audit_logs": True},
        "notify": {"voicemail_to_email": {"default_from": "x"}, "smtp_server": {"relay": "x"}},
        "whapps_controller": {"whapps": ["x"]},
        "kazoo_couch": {"admin_port": 5986, "allow_maintenance_db_delete": True, "default_chunk_size": 1},
        "callflow": {"voicemail": {"extension": "mp3", "message_retention_duration": 1}},
        "acdc": {"default_agent_pause_timeout": 1},
        "webhooks": {"disable_threshold": 1, "hooks": {"x": 1}, "attempt_failure_expiry_ms": 1},
        "fax": {"store_fax_pdf": True, "conversion": {"x": 1}},
        "datamgr": {"max_bulk_read": 1, "max_bulk_insert": 1},
        "tasks": {"x": 1},
        "modb": {"active_modbs": 1},
        "topup": {"enable": True},
        "trusted_resources": {},
        "auth": {"tokens": {"x": 1}, "signature_secret_key": "x", "system_key": "x"},
        "crossbar.auth": {"token_auth_expiry_s": 1},
        "privacy": {"method": "x"},
        "ips": {"zone_name_map": {"x": "y"}},
        "telemetry.waveguide": {"activation": 1},
        "kazoo_data": {"default_archive_folder": "/dev/null/archives"},
        "token_restrictions": {"_": {}},
        "edr": {"backends": [{"name": "x", "type": "file", "bindings": [], "options": {}, "enabled": True}]},
        "doodle": {"default_test_from_number": "1"},
        "pusher": {"apple": {"x": "y"}},
        "speech": {"asr_provider": "x"},
        "registrar": {"listeners": 1},
        "trunkstore": {"x": 1},
        "master_account": {"x": 1},
        "reseller": {"x": 1},
        "number_manager.bandwidth2": {"account_id": "x", "order_name_prefix": "x"},
        "number_manager.telnyx": {"api_token": "x"},
        "number_manager.vitelity": {"login": "x", "add_e911": {"x": "y"}},
        "number_manager.other": {"phonebook": {"url": "http://192.0.2.9/"}, "default_country": "US"},
        "number_manager.inum": {"x": 1},
        "ledgers": {"rollover_monthly_balance": True, "registered_ledgers": ["x"]},
        "tasks.compactor": {"skip_dbs": ["x"]},
        "conferences": {"profiles": {"x": {}}},
        "alerts": {"x": 1},
    }
    return [{"_id": name, "default": section, "pvt_type": "config", "kazoo_apps@lab.example.com": copy.deepcopy(section)}
            for name, section in found.items()]  # fmt: skip
