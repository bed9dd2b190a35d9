"""An example of each function: its words with values put in that look like real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.arguments.descriptions import Command, Parameter

_VALUES = {
    "ACCOUNT": "acme.example.com",
    "ACCOUNTS": """'["acme.example.com"]'""",
    "ACCOUNT_ID": "5f3e0a2c9b7d4e6f8a1b2c3d4e5f6a7b",
    "ADDRESS": "192.0.2.10",
    "AGENT_ID": "0c4d9e8f7a6b5c4d3e2f1a0b9c8d7e6f",
    "AOR": "alice@acme.example.com",
    "API_URL": "https://api.example.com/v2",
    "APP": "callflow",
    "APPLICATION": "callflow",
    "APP_ID": "9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d",
    "BACKEND": "couchdb",
    "CALL_ID": "4c1f2e3d@192.0.2.10",
    "CARRIER": "managed",
    "CATEGORY": "number_manager",
    "CAUSE": "NORMAL_CLEARING",
    "CIDR": "192.0.2.0/24",
    "CLASSIFIER": "international",
    "DATABASE": "numbers/+1415",
    "DESTINATION": "sip:192.0.2.20:5060",
    "DID": "+14155550100",
    "DIRECTORY": "prompts/",
    "EMAIL": "ops@example.com",
    "FILE": "numbers.csv",
    "FIRST_NUMBER": "4155550100",
    "FS_NODE": "freeswitch@sip1.example.com",
    "HOST": "apps1.example.com",
    "IP": "192.0.2.10",
    "KEY": "released_state",
    "LANGUAGE": "en-us",
    "MODULE": "cb_accounts",
    "MONTH": "07",
    "NAME": "Acme",
    "NODE": "freeswitch@sip1.example.com",
    "NUMBER": "+14155550100",
    "NUMBERS": "+14155550100..+14155550199",
    "NUMBER_DB": "numbers/+1415",
    "PREFIX": "+1415",
    "QUANTITY": "5",
    "QUEUE_ID": "7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e",
    "REALM": "acme.example.com",
    "SCHEMA": "devices",
    "SECONDS": "30",
    "SERVER": "sip1",
    "SETTING": "available",
    "TASK_ID": "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "USER": "alice",
    "USERNAME": "admin",
    "USER_AT_REALM": "alice@acme.example.com",
    "UUID": "8d7c6b5a-4f3e-4d2c-9b1a-0f9e8d7c6b5a",
    "VALUE": "available",
    "YEAR": "2026",
    "ZONE": "east",
}
"""A value for each kind of argument, by its name in the help; quoted for a shell where that must be."""

_BY_TYPE = {"int": "5", "float": "0.5", "bool": "true"}

_IN_MODULE = {
    "blackhole_maintenance": {"MODULE": "bh_call"},
    "crossbar_maintenance": {"VALUE": "Callflows"},
    "ecallmgr_maintenance": {"NAME": "acme", "USERNAME": "alice"},
    "edr_maintenance": {"NAME": "file"},
    "freeswitch": {"MODULE": "mod_sofia"},
    "haproxy": {"SERVER": "couchdb1"},
    "kamailio": {"NAME": "kazoo.block_enable", "VALUE": "1"},
    "kapps_config": {"NODE": "kazoo_apps@apps1.example.com"},
    "kazoo_data_maintenance": {"MODULE": "kz_datamgr"},
    "kazoo_number_manager_maintenance": {"NUMBERS": """'["+14155550100","+14155550101"]'"""},
    "kazoo_proper_maintenance": {"MODULE": "pqc_cb_accounts"},
    "knm_carriers": {"MODULE": "knm_telnyx"},
    "omnipresence_maintenance": {"USER": "alice"},
    "teletype_maintenance": {"MODULE": "voicemail_to_email"},
}
"""What stands for an argument in one module, where that is something else than elsewhere."""

_CARRIER_AT = "acme 192.0.2.10 -n ecallmgr"
_PROXY_AT = "proxy1 192.0.2.20 -n ecallmgr"
_RANGE = "+14155550100..+14155550199"
_FOR_ACME = f"{_RANGE} acme.example.com"
_TRUE_OR_FALSE, _FRACTION = "media use_plaintext", "hangups.OTHER one"
_WHOLE = "number_manager number_search_timeout_ms"
_OBJECT, _OBJECTS, _LIST = "number_manager classifiers", "edr backends", "number_manager carrier_modules"
_BELOW = "reseller.example.com acme.example.com"

_WORDS = {
    "changes apply": "move.plan",
    "couchdb backup": "system_config --to /var/backups/kazoo/2026-01-31",
    "couchdb restore": "/var/backups/kazoo/2026-01-31/system_config.jsonl",
    "crossbar_maintenance move_account": "acme.example.com reseller.example.com",
    "crossbar_maintenance set_app_features": "9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d fast@simple",
    "ecallmgr_maintenance allow_carrier": _CARRIER_AT,
    "ecallmgr_maintenance allow_sbc": _PROXY_AT,
    "ecallmgr_maintenance deny_carrier": _CARRIER_AT,
    "ecallmgr_maintenance deny_sbc": _PROXY_AT,
    "hotornot_maintenance rates_between": "1415 1419",
    "kapps_config get_boolean": _TRUE_OR_FALSE,
    "kapps_config get_float": _FRACTION,
    "kapps_config get_integer": _WHOLE,
    "kapps_config get_is_false": _TRUE_OR_FALSE,
    "kapps_config get_is_true": _TRUE_OR_FALSE,
    "kapps_config get_json": _OBJECT,
    "kapps_config get_jsons": _OBJECTS,
    "kapps_config get_ne_binaries": _LIST,
    "kapps_config get_ne_binary_or_ne_binaries": _LIST,
    "kapps_config get_non_neg_integer": _WHOLE,
    "kapps_config get_pos_integer": _WHOLE,
    "kapps_config is_true": _TRUE_OR_FALSE,
    "kapps_config set_boolean": f"{_TRUE_OR_FALSE} true",
    "kapps_config set_float": f"{_FRACTION} 0.5",
    "kapps_config set_integer": f"{_WHOLE} 5000",
    "kapps_config_maintenance get_json": _OBJECT,
    "kapps_config_maintenance get_json_pp": _OBJECT,
    "kazoo_convert_maintenance read_metadata": "fax.pdf",
    "kazoo_convert_maintenance read_tiff_info": "fax.tiff",
    "kazoo_data_maintenance load_doc_from_file": "system_config number_manager.json",
    "kazoo_services_maintenance cascade_reseller_id": _BELOW,
    "kazoo_services_maintenance set_reseller_id": _BELOW,
    "notify_maintenance configure_smtp_auth": "if_available",
    "notify_maintenance configure_smtp_port": "587",
    "notify_maintenance configure_smtp_relay": "smtp.example.com",
    "notify_maintenance configure_smtp_username": "kazoo",
    "notify_resend_maintenance delete_between": "63937036800 63937123200",
    "notify_resend_maintenance delete_older_than": "63937036800",
    "number create": _FOR_ACME,
    "number import": "numbers.csv acme.example.com",
    "number move": _FOR_ACME,
    "number release": _FOR_ACME,
    "number reserve": _FOR_ACME,
    "number update": "numbers.csv",
    "omnipresence_maintenance reset_subscriber": "alice@acme.example.com",
    "omnipresence_maintenance reset_subscription": "alice@acme.example.com",
}
"""What is typed behind a function whose arguments the tables above do not fit, or not all that people mostly give."""


def example(command: Command) -> str:
    """Return how a function may be typed; nothing where it takes nothing, or what nothing is known to stand for."""
    name = f"{command.module} {command.name}"
    if words := _WORDS.get(name):
        return f"sup {name} {words}"
    required = [each for each in command.parameters if each.kind == "argument" and each.required]
    rest = [each for each in command.parameters if each.kind == "arguments"]
    values = [_value(command.module, each) for each in (*required, *rest)]
    if not values or not all(values):
        return ""
    return " ".join(["sup", name, *values])


def _value(module: str, parameter: Parameter) -> str:
    if parameter.choices:
        return parameter.choices[0]
    values = _VALUES | _IN_MODULE.get(module, {})
    return values.get(parameter.metavar) or _BY_TYPE.get(parameter.type, "")
