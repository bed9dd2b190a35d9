"""Taking secrets out of what servers show of others."""

from __future__ import annotations

import re

from kazoo_sup.settings.servers import MASK

_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_NAMED = re.compile(
    r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:token|secret|passw|api-?key)[\w-]*)(\s*[:=]).*"
)


def without_credentials(text: str) -> str:
    """Return TEXT with the user and password of every URL in it masked."""
    return _CREDENTIALS.sub(f"//{MASK}@", text)


def without_secrets(line: str) -> str:
    """Return a line of HTTP without credentials in URLs and without what follows the name of a secret."""
    return without_credentials(_NAMED.sub(rf"\1\2 {MASK}", line))
