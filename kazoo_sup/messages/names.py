"""How Kazoo names databases and routing keys.

Kazoo passes database names around as they are in a URL (`account%2Fab%2Fcd%2F…`, "encoded"): in documents, in change
events, in its caches. CouchDB's own listing shows them plain (`account/ab/cd/…`). Everything in `sup` uses the encoded
form, except at the door of the CouchDB transport (`plain`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote

SYSTEM_DATABASES = (
    "system_data",
    "system_config",
    "system_schemas",
    "system_auth",
    "system_media",
    "sip_auth",
    "accounts",
    "ratedeck",
    "global_provisioner",
    "faxes",
    "services",
    "offnet",
    "anonymous_cdrs",
    "port_requests",
    "dedicated_ips",
    "acdc",
    "oauth",
    "webhooks",
    "token_auth",
    "alerts",
    "tasks",
    "pending_notifications",
)
"""The databases every node creates when it starts (Kazoo kz_databases.hrl ?KZ_SYSTEM_DBS)."""

MANAGED = "numbers%2Fmanaged"
INUM = "numbers%2Finum"

_ACCOUNT = re.compile(r"account(?:/|%2[fF])([^/%]{2})(?:/|%2[fF])([^/%]{2})(?:/|%2[fF])([^/%]{28})(-\d{6})?")
_RAW = re.compile(r"([0-9a-zA-Z]{32})(-\d{6})?")
_NUMBERS = re.compile(r"numbers(?:/|%2[fF])")
_SAFE_IN_ROUTING_KEY = "-~_"

_CLASSES = {
    **dict.fromkeys(
        (
            "system_config",
            "system_media",
            "system_schemas",
            "system_auth",
            "system_data",
            "alerts",
            "offnet",
            "anonymous_cdrs",
            "dedicated_ips",
            "oauth",
            "tasks",
            "pending_notifications",
            "global_provisioner",
            "cccps",
        ),
        "system",
    ),
    **dict.fromkeys(
        ("accounts", "token_auth", "sip_auth", "faxes", "acdc", "services", "port_requests", "webhooks"), "aggregate"
    ),
    **dict.fromkeys(("ts", "crossbar_schemas", "registrations", "crossbar%2Fsessions", "sms", "signups"), "deprecated"),
    **dict.fromkeys(
        (
            "_users",
            "_dbs",
            "users",
            "dbs",
            "_metadata",
            "_nodes",
            "nodes",
            "_replicator",
            "_global_changes",
        ),
        "external",
    ),
    "ratedeck": "ratedeck",
}


@lru_cache(maxsize=1024)
def encoded(database: str) -> str:
    """Return the form of a database name that Kazoo uses, from either form."""
    return quote(unquote(database), safe="")


@lru_cache(maxsize=1024)
def plain(database: str) -> str:
    """Return the form of a database name that CouchDB lists, from either form."""
    return unquote(database)


def account_id(text: str) -> str | None:
    """Read an account id from itself or from any of the three forms of its database or of one of its months'.

    Source: Kazoo kz_util:format_account_id/2. The month, if any, is dropped.
    """
    match = _ACCOUNT.fullmatch(text)
    if match:
        return "".join(match.group(1, 2, 3))
    match = _RAW.fullmatch(text)
    return match.group(1) if match else None


def account_database(account: str) -> str:
    """Return the (encoded) database of an account id of 32 characters."""
    return f"account%2F{account[:2]}%2F{account[2:4]}%2F{account[4:]}"


def number_database(number: str) -> str | None:
    """Return the (encoded) database of an E.164 number: its first five characters, `+` included.

    A number shorter than that has none. Source: Kazoo knm_converters:to_db/1.
    """
    return _of_prefix(number[:5]) if len(number) >= 5 else None  # noqa: PLR2004


@lru_cache(maxsize=1024)
def _of_prefix(prefix: str) -> str:
    return f"numbers%2F{quote(prefix, safe='')}"


def classification(database: str) -> str:
    """Return the class of a database, by which views are registered; "undefined" when Kazoo knows none.

    Source: Kazoo kzs_util:db_classification/1.
    """
    known = _CLASSES.get(encoded(database))
    if known:
        return known
    account = _ACCOUNT.fullmatch(database)
    if account:
        return "modb" if account.group(4) else "account"
    if _NUMBERS.match(database):
        return "numbers"
    if re.match(r"ratedeck(/|%2[fF])", database):
        return "ratedeck"
    for ending, found in (("-selectors", "resource_selectors"), ("-provisioner", "provisioner")):
        if database.endswith(ending):
            return found
    return "modb" if re.fullmatch(r"[0-9a-zA-Z]{32}-\d{6}", database) else "undefined"


def routing_word(text: str) -> str:
    """Encode one element of an AMQP routing key, so that it holds no dot.

    Source: Kazoo kz_amqp_util:encode/1. `*` and `#` alone stay wildcards.
    """
    if text in ("*", "#"):
        return text
    return quote(text, safe=_SAFE_IN_ROUTING_KEY + " ").replace(".", "%2E").replace(" ", "+")
