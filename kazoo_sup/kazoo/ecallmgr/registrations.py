"""The phones that are registered, as the ecallmgr nodes report them.

Every ecallmgr node keeps all registrations: of one that several tell of the latest is shown.
Source: Kazoo ecallmgr_registrar:summary/0, details/0, to_props/1.
"""

from __future__ import annotations

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.bus.collect import Collector, Reach
from kazoo_sup.kazoo.ecallmgr import ecallmgr
from kazoo_sup.kazoo.ecallmgr.channels import as_text
from kazoo_sup.types import Fields, Json

Registration = Fields


_BRIEFLY = (
    "Username",
    "Realm",
    "Contact",
    "Call-ID",
    "Proxy-Path",
    "Proxy-IP",
    "Proxy-Port",
    "Proxy-Protocol",
    "Expires",
    "Event-Timestamp",
)


def briefly(reach: Reach, realm: str) -> tuple[list[Registration], list[SupError]]:
    """Return what the table shows of the registrations of a realm ("all": of every one), and what went wrong."""
    return _collected(reach, {"Realm": realm.lower(), "Fields": list(_BRIEFLY)})


def fully(reach: Reach, realm: str, username: str | None = None) -> tuple[list[Registration], list[SupError]]:
    """Return all that is known of the registrations of a realm ("all"), or of one user of it, and what went wrong."""
    return _collected(reach, {"Realm": realm.lower(), "Username": username})


def realms(reach: Reach) -> tuple[list[str], list[SupError]]:
    """Return the realms with registrations, and what went wrong."""
    found, errors = _collected(reach, {"Realm": "all", "Fields": ["Username", "Realm"]})
    return sorted({str(each["Realm"]) for each in found}), errors


def flush(reach: Reach, realm: str | None, username: str | None) -> list[SupError]:
    """Have every ecallmgr node forget registrations: of one user of a realm, of a realm, or without one of all.

    Each zone of the reach is told by itself. Returns what went wrong in some of them; raises the first error where
    none could be told (NobodyTold where no ecallmgr node is there). Source: Kazoo ecallmgr_registrar:flush/0,1,2.
    """
    errors: list[SupError] = []
    missed: list[SupError] = []
    for zone in reach.zones:
        try:
            if realm is None:
                found, failed = realms(Reach([zone], reach.seconds))
                errors += failed
                whose: list[Fields] = [{"Realm": each} for each in found]
            else:
                whose = [{"Realm": realm, "Username": username}]
            ecallmgr.tell(zone, [("registration.flush", headers) for headers in whose], "forget registrations")
        except SupError as error:
            missed.append(error)
    if len(missed) == len(reach.zones):
        raise missed[0]
    return [*errors, *missed]


def remaining(registration: Registration, time_now: int) -> int:
    """Return for how many seconds a registration still holds; below zero when it has expired."""
    seen = registration.get("Last-Registration", registration.get("Event-Timestamp"))
    return _integer(seen) + _integer(registration.get("Expires")) - time_now


def host_and_port(contact: str) -> str:
    """Return where a contact is: what `received=` says, else what follows the @ (ecallmgr_registrar, breakup_contact).

    The first `received` counts for nothing when another follows.
    """
    bare = contact
    for each in ("'", "<", ">", "sip:"):
        bare = bare.replace(each, "")
    uri, *parameters = bare.split(";")
    received = [each.removeprefix("received=") for each in parameters if each.startswith("received=")]
    return received[-1] if received else uri.partition("@")[2] or uri


def path(registration: Registration) -> str:
    """Return by which proxy a phone is reached, `udp:127.0.0.1:5060` (ecallmgr_registrar:proxy_path/4)."""
    proxy, ip, port = (registration.get(f"Proxy-{part}") for part in ("Path", "IP", "Port"))
    protocol = registration.get("Proxy-Protocol") or "udp"
    if proxy is None:
        if ip is None and port is None:
            return ""
        return f"{protocol}:{ip or ''}" + ("" if port is None else f":{port}")
    bare = str(proxy).replace("sip:", "", 1)
    return f"{protocol}:{bare}" if ":" in bare else f"{protocol}:{bare}:{as_text(port)}"


def _collected(reach: Reach, headers: Fields) -> tuple[list[Registration], list[SupError]]:
    asked = Collector(reach, [("registration.query_req", headers)], what="registrations")
    found: dict[tuple[str, str], Registration] = {}
    for answer in asked:
        # ecallmgr selects its table into a list, which shows what it prints first last.
        for each in reversed(answer.get("Fields") or []):
            if not isinstance(each, dict) or each.get("Username") is None or each.get("Realm") is None:
                continue
            key = (str(each["Username"]).lower(), str(each["Realm"]).lower())
            known = found.get(key)
            if known is None or _integer(each.get("Event-Timestamp")) > _integer(known.get("Event-Timestamp")):
                found[key] = each
    return list(found.values()), asked.errors


def _integer(value: Json) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
