"""The phones that are registered, as the ecallmgr nodes tell of them.

Every ecallmgr node keeps all registrations: of one that several tell of the latest is shown.
Source: Kazoo ecallmgr_registrar:summary/0, details/0, to_props/1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo.calls.channels import as_text
from kazoo_sup.kazoo.collecting import Collecting
from kazoo_sup.kazoo.documents import now
from kazoo_sup.terms.columns import number_field, text_field

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.collecting import Reach

Registration = Mapping[str, Any]

_COLUMNS = (("User", 45), ("Contact", 22), ("Path", 22), ("Call-ID", 32))
_EXPIRES = 4
_LABEL = 19
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


def table(registrations: Sequence[Registration]) -> Iterator[str]:
    """Yield the lines of Kazoo's table of registrations."""
    if not registrations:
        yield "No registrations found!"
        return
    thin = "+".join(["", *("-" * (width + 2) for _, width in _COLUMNS), "-" * (_EXPIRES + 2), ""])
    yield thin
    yield _line([label for label, _ in _COLUMNS], " Exp")
    yield thin.replace("-", "=")
    time_now = now()
    for each in registrations:
        user = f"{as_text(each.get('Username'))}@{as_text(each.get('Realm'))}"
        cells = [user, host_and_port(as_text(each.get("Contact"))), path(each), as_text(each.get("Call-ID"))]
        yield _line(cells, number_field(remaining(each, time_now), _EXPIRES))
    yield thin
    yield f"Found {len(registrations)} registrations"


def details(registrations: Sequence[Registration]) -> Iterator[str]:
    """Yield all that is known of registrations, a line each, as Kazoo prints it."""
    if not registrations:
        yield "No registrations found!"
        return
    time_now = now()
    for each in registrations:
        yield ""
        for key, value in each.items():
            text = f"{remaining(each, time_now)}/{as_text(value)}" if key == "Expires" else as_text(value)
            yield f"{text_field(key, _LABEL)}: {text}"
    yield ""
    yield f"Found {len(registrations)} registrations"


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


def _collected(reach: Reach, headers: Mapping[str, Any]) -> tuple[list[Registration], list[SupError]]:
    asked = Collecting(reach, [("registration.query_req", headers)])
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


def _line(cells: Sequence[str], expires: str) -> str:
    fields = (text_field(cell, width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True))
    return "| " + " | ".join([*fields, expires]) + " |"


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
