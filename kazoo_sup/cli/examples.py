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
    "FIRST_NUMBER": "+14155550100",
    "FS_NODE": "freeswitch@sip1.example.com",
    "HOST": "apps1.example.com",
    "IP": "192.0.2.10",
    "KEY": "released_state",
    "LANGUAGE": "en-us",
    "MODULE": "cb_accounts",
    "MONTH": "7",
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


def example(command: Command) -> str:
    """Return how a function may be typed; nothing where it takes nothing, or what nothing is known to stand for."""
    required = [each for each in command.parameters if each.kind == "argument" and each.required]
    rest = [each for each in command.parameters if each.kind == "arguments"]
    values = [_value(each) for each in (*required, *rest)]
    if not values or not all(values):
        return ""
    return " ".join(["sup", command.module, command.name, *values])


def _value(parameter: Parameter) -> str:
    if parameter.choices:
        return parameter.choices[0]
    return _BY_TYPE.get(parameter.type) or _VALUES.get(parameter.metavar, "")
