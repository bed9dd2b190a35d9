"""Taking secrets out of what is shown: of what servers tell, and of documents."""

from __future__ import annotations

import re
from typing import Any

from kazoo_sup.settings.servers import MASK

_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_NAMED = re.compile(
    r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:token|secret|passw|api-?key)[\w-]*)(\s*[:=]).*"
)


_FIELD = re.compile(
    r"(?i)passw|secret|token|api[_-]?key|developer_key|cookie|^pass$|^(pvt_)?(md5|sha1)_auth$|signature|private_key"
)


def of_document(value: Any, before: Any = None) -> Any:
    """Return a JSON value in which every text in a field that is named like a secret is masked, at every depth.

    before: what the value was, so that a secret that is another now can be told from one that stayed
    """
    if isinstance(value, list):
        return [of_document(each) for each in value]
    if not isinstance(value, dict):
        return value
    earlier = before if isinstance(before, dict) else {}
    return {key: _of_field(key, each, earlier.get(key)) for key, each in value.items()}


def _of_field(name: str, value: Any, before: Any) -> Any:
    if not (isinstance(value, str) and value and _FIELD.search(name)):
        return of_document(value, before)
    return MASK if before in (None, value) else f"{MASK} (changed)"


def without_credentials(text: str) -> str:
    """Return TEXT with the user and password of every URL in it masked."""
    return _CREDENTIALS.sub(f"//{MASK}@", text)


def without_secrets(line: str) -> str:
    """Return a line of HTTP without credentials in URLs and without what follows the name of a secret."""
    return without_credentials(_NAMED.sub(rf"\1\2 {MASK}", line))
