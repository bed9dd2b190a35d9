"""A server: its URL, and the credentials beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

Reader = Callable[[], str]

MASK = "****"
WELL_KNOWN = frozenset({"guest", "change_me", "monster", "ClueCon"})
"""Passwords and cookies that the servers ship with: whoever reads them in a file has learnt nothing."""


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return what a server said without secrets that it sends back.

    That is as they are, as JSON, XML and URLs have them, and as one of these has what another one had: XML that was
    sent is quoted in JSON.
    """
    written = {form for secret in secrets if secret for form in _forms(secret)}
    written |= {again for form in written for again in _forms(form)}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _forms(secret: str) -> Iterator[str]:
    import json
    from html import escape

    in_json = json.dumps(secret)[1:-1]
    yield from (secret, in_json, in_json.replace("/", "\\/"), json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (escape(secret), escape(secret, quote=False), quote(secret), quote(secret, safe=""), quote_plus(secret))


class Server:
    """One server: a URL without credentials, and the credentials beside it.

    A password kept elsewhere (file, variable, command) is read when `password` is first asked for, and once.
    """

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | Reader | None = None,
        others: tuple[Server, ...] = (),
    ) -> None:
        """Take a URL without credentials; PASSWORD is the password itself, or a function that reads it.

        OTHERS are further addresses of the same server, to be tried in turn.
        """
        self.url, self.username, self.others = url, username, others
        self._password = password

    def __eq__(self, other: object) -> bool:
        """Return whether OTHER is the same server with the same credentials."""
        return isinstance(other, Server) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Return what is equal of equal servers."""
        return hash((self.url, self.username, self.others))

    @property
    def password(self) -> str | None:
        """The password; SettingsError when the place it is kept in does not give it."""
        return self._password() if callable(self._password) else self._password

    @property
    def credentials(self) -> tuple[str | None, str | Reader | None]:
        """User name and password as they were given: the password may still have to be read."""
        return self.username, self._password

    @property
    def has_password(self) -> bool:
        """Whether there is a password, without reading it."""
        return self._password is not None

    @property
    def holds_secret(self) -> bool:
        """Whether the password stood in the settings themselves and is not one that everybody knows."""
        own = isinstance(self._password, str) and self._password not in WELL_KNOWN
        return own or any(each.holds_secret for each in self.others)

    @property
    def uri(self) -> str:
        """The URL with the credentials in it, percent-encoded (RFC 3986, 3.2.1)."""
        return _compose(self.url, self.username, None if self.password is None else quote(self.password, safe=""))

    @property
    def masked(self) -> str:
        """The URI for people to see, with **** for the password, which is not read; with all other addresses."""
        own = _compose(self.url, self.username, MASK if self.has_password else None)
        return ", ".join([own, *(each.masked for each in self.others)])

    def with_credentials(self, username: str | None, password: str | Reader | None) -> Server:
        """Return this server with USERNAME and PASSWORD in place of its own, each where it is not None."""
        return Server(
            self.url,
            self.username if username is None else username,
            self._password if password is None else password,
            self.others,
        )


def _compose(url: str, username: str | None, password: str | None) -> str:
    if username is None and password is None:
        return url
    scheme, _, rest = url.partition("://")
    credentials = quote(username or "", safe="") + ("" if password is None else f":{password}")
    return f"{scheme}://{credentials}@{rest}"
