"""Pools: the databases out of which knm_managed and knm_inum hand numbers to the account they were generated for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from kazoo_sup import changes
from kazoo_sup.kazoo.carriers import stored
from kazoo_sup.kazoo.carriers.base import Carrier, NotAvailable
from kazoo_sup.kazoo.documents import with_value
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.carriers.base import Found, Query
    from kazoo_sup.types import Document, Fields


class PoolCarrier(Carrier):
    """A carrier whose numbers have a document of their own in a pool, which follows the number's own document.

    `found_state` is what a search says of an available number, `given_back` what a disconnected one becomes.
    """

    is_local = True
    longest_prefix = 15
    database: ClassVar[str]
    found_state: ClassVar[str]
    given_back: ClassVar[Fields]

    def search(self, query: Query) -> Iterator[Found]:
        """Yield the account's available numbers; when it has none, those of its reseller."""
        for account in dict.fromkeys((query.account, query.reseller)):
            found = None
            asked = query if account == query.account else replace(query, offset=0)
            if account:
                for found in stored.in_pool(self.zone, asked, self.database, account, self.found_state, self.name):
                    yield found
            if found:
                return

    def acquire(self, number: Document) -> Document:
        """Note in the pool whose the number is now."""
        self._update(number, {"pvt_state": number.get("pvt_state"), "pvt_assigned_to": number.get("pvt_assigned_to")})
        return number

    def disconnect(self, number: Document) -> Document:
        """Note in the pool that the number is nobody's any more."""
        self._update(number, self.given_back)
        return number

    def _update(self, number: Document, fields: Fields) -> None:
        """Set fields of the number's document in the pool; None removes one.

        Raises NotAvailable for a number that is not in the pool; Kazoo puts a document there that no account can find.
        """
        identifier = number["_id"]

        def updated(found: Document | None) -> Document:
            if found is None:
                raise NotAvailable(carrier=self.name, number=identifier, reason=f"it is not in {plain(self.database)}")
            document = found
            for name, value in {"pvt_module_name": self.name, **fields}.items():
                document = with_value(document, [name], value)
            return document

        changes.update(self.zone, self.database, identifier, updated).check()
