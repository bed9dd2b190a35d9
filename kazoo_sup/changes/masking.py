"""Taking secrets out of what is shown: of what servers tell, and of documents."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.terms.values import is_integer
from kazoo_sup.transports.server import MASK

if TYPE_CHECKING:
    from kazoo_sup.types import Json

_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_IN_QUERY = re.compile(
    r"(?i)([?&](?:[\w.-]*(?:passw|secret|token|api[_-]?key|access[_-]?key|signature|auth)[\w.-]*|key|sig|pass)=)[^&#\s\"']+"
)
_NAMED = re.compile(
    r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:token|secret|passw|api-?key)[\w-]*)(\s*[:=]).*"
)

_WORDS = r"passw|secret|token|api[_-]?key|developer_key|cookie|signature|private_key|authorization"
_FIELD = re.compile(rf"(?i){_WORDS}|^pass$|^(record_)?pins?$|^(pvt_)?(md5|sha1)_auth$|offline_configuration_key")
_FIELD_ANYWHERE = re.compile(rf"(?i){_WORDS}")
_ASSIGNED = re.compile(rf"(?i)([\w-]*(?:{_WORDS})[\w-]*=)('[^']*'|[^,;&}}\])\s]+)")

_ONE = re.compile(r"(?i)(^|_)(pins?|pass|password|passwd|secret|api_?key)$")
"""Fields that hold a secret themselves, which may be a number; such as password_strength only tell of one."""

_PRIVATE_KEY = "PRIVATE KEY-----"
"""In a PEM file, which may hold a certificate beside it (pusher's `certificate`)."""

_DESCRIBED = frozenset({"properties", "views"})
"""Fields that hold, by name, not values but what describes some: of a schema, and of a design document."""


def of_document(value: object, before: object = None) -> Json:
    """Return a JSON value in which every text in a field that is named like a secret, or below one, is masked.

    So are the credentials in URLs, wherever these are.

    before: what the value was, so that a secret that is another now can be told from one that stayed
    """
    if isinstance(value, list):
        there = before if isinstance(before, list) and len(before) == len(value) else [None] * len(value)
        return [of_document(each, earlier) for each, earlier in zip(value, there, strict=True)]
    if isinstance(value, str):
        return _of_text(value, before)
    if not isinstance(value, dict):
        return value
    earlier = before if isinstance(before, dict) else {}
    found = {key: _of_field(key, each, earlier.get(key)) for key, each in value.items()}
    if "container" in found and "key" in found:  # the settings of an attachment store at Azure
        found["key"] = _masked(value["key"], earlier.get("key"))
    return found


def _of_field(name: str, value: object, before: object) -> Json:
    if name in _DESCRIBED and isinstance(value, dict):
        earlier = before if isinstance(before, dict) else {}
        return {
            key: of_document(each, earlier.get(key)) if isinstance(each, dict) else _of_field(key, each, None)
            for key, each in value.items()
        }
    if not _FIELD.search(name):
        return of_document(value, before)
    return _masked(value, before, numbers=_ONE.search(name) is not None)


def _of_text(text: str, before: object) -> Json:
    if _PRIVATE_KEY in text:
        return _masked(text, before)
    shown = without_credentials(text) if "//" in text else text
    if shown == text or before in (None, text) or not isinstance(before, str):
        return shown
    return shown if without_credentials(before) != shown else f"{shown} (changed)"


def _masked(value: object, before: object, *, numbers: bool = False) -> Json:
    """Return a secret without its texts, and NUMBERS where it may be one; what is counted or switched in it stays."""
    if (isinstance(value, str) and value) or (numbers and is_integer(value)):
        return MASK if before in (None, value) else f"{MASK} (changed)"
    if isinstance(value, list):
        there = before if isinstance(before, list) and len(before) == len(value) else [None] * len(value)
        return [_masked(each, earlier, numbers=numbers) for each, earlier in zip(value, there, strict=True)]
    if isinstance(value, dict):
        earlier = before if isinstance(before, dict) else {}
        return {key: _masked(each, earlier.get(key)) for key, each in value.items()}
    return value


def of_words(words: Sequence[str]) -> list[str]:
    """Return the words of a command line without what may be a secret.

    That is the text behind a word or before a = that is named like a secret, such fields of JSON, and credentials in
    URLs.
    """
    shown = []
    behind = False
    for word in words:
        name, equals, _value = word.partition("=")
        if behind:
            shown.append(MASK)
        elif equals and _FIELD.search(name.lstrip("-")):
            shown.append(f"{without_credentials(name)}={MASK}")
        else:
            shown.append(_of_word(word))
        behind = not behind and not equals and bool(_FIELD.search(word)) and not word.startswith(("{", "["))
    return shown


def _of_word(word: str) -> str:
    if word.startswith(("{", "[")):
        try:
            return json.dumps(of_document(json.loads(word)), ensure_ascii=False)
        except (ValueError, RecursionError):
            return MASK if _FIELD_ANYWHERE.search(word) else without_credentials(word)
    return without_credentials(word)


def without_assigned(text: str) -> str:
    """Return TEXT, such as an order to FreeSWITCH, without what is assigned in it to names of secrets: `password=…`."""
    return _ASSIGNED.sub(rf"\1{MASK}", without_credentials(text))


def without_credentials(text: str) -> str:
    """Return TEXT with the user and password of every URL in it masked, and what its query calls a secret."""
    return _IN_QUERY.sub(rf"\1{MASK}", _CREDENTIALS.sub(f"//{MASK}@", text))


def without_secrets(line: str, before: str = "") -> str:
    """Return a line of HTTP, which may be malformed, without credentials in URLs and without what may be a secret.

    That is what follows the name of a secret or of a way to log in, however the name is broken up, and what looks like
    a token wherever it is. BEFORE is the line that this one may go on.
    """
    if before and line.startswith((" ", "\t", "\\t")) and not without_secrets(before + line).endswith(line):
        return MASK
    shown = without_credentials(_NAMED.sub(rf"\1\2 {MASK}", line))
    shown = _SCHEME.sub(rf"\1 {MASK}", shown)
    end = _end_of_broken_name(shown)
    if end is not None and shown[end:].strip(" :=") not in ("", MASK):
        shown = f"{shown[:end]} {MASK}"
    return _TOKEN.sub(lambda found: MASK if _is_token(found[0]) else found[0], shown)


_SCHEME = re.compile(r"(?i)\b(basic|bearer|digest|negotiate|ntlm|hmac|token)\s+(?=\S).*")
_BROKEN_NAME = re.compile(
    r"(?i)(proxy)?authori[sz]ation|xauthtoken|authtoken|setcookie|cookie|password|passwd|apikey|secret"
)
_NO_LETTER = re.compile(r"\\x[0-9a-fA-F]{2}|\\[a-z]|[^A-Za-z]")
"""What may break a name up: control characters, which HAProxy writes out, blanks and signs."""

_TOKEN = re.compile(r"[A-Za-z0-9+/_.~-]{8,}={0,2}")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]*(\.[\w-]*)?")
_LONG_HEX = re.compile(r"[0-9a-fA-F]{48,}")


def _end_of_broken_name(line: str) -> int | None:
    """Return where the name of a secret ends that something in between keeps from being read as one."""
    letters: list[int] = []
    at = 0
    while at < len(line):
        other = _NO_LETTER.match(line, at)
        if other:
            at = other.end()
        else:
            letters.append(at)
            at += 1
    found = _BROKEN_NAME.search("".join(line[each] for each in letters))
    return letters[found.end() - 1] + 1 if found else None


def _is_token(text: str) -> bool:
    """Return whether a text is a web token, a key of many digits, or user:password in base 64."""
    if _JWT.search(text) or _LONG_HEX.search(text):
        return True
    from base64 import b64decode
    from binascii import Error

    try:
        decoded = b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=None, validate=True)
    except (Error, ValueError):
        return False
    return b":" in decoded and all(32 <= byte < 127 for byte in decoded)  # noqa: PLR2004 - printable ASCII
