"""What the carriers that are asked over HTTP have in common: settings, switches, requests, orders sent only once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from kazoo_sup import changes
from kazoo_sup.errors import Delivered, NotAuthorised, ServerRefused, SupError
from kazoo_sup.kazoo.carriers import nanp, open_orders
from kazoo_sup.kazoo.carriers.base import (
    Carrier,
    CarrierError,
    CarrierLacks,
    CarrierRefused,
    CarrierUnreadable,
    Key,
    NotConfigured,
    OrderNotPlaced,
    OrderUnknown,
    ProvisioningDisabled,
)
from kazoo_sup.kazoo.carriers.dialcodes import dialcode
from kazoo_sup.transports.server import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.transports.http import HTTP, Answer
    from kazoo_sup.types import Document, Fields

USER_AGENT = "Kazoo Number Manager 4.0.0"
"""What Kazoo calls itself to carriers (knm.hrl ?KNM_USER_AGENT)."""

_REQUEST_TIMEOUT = 408

DEBUG = Key("debug", "tell of every request on the terminal, without its content", type="flag", default=False)
API_URL = Key("api_url", "address in place of the carrier's own", type="url")


def provisioning(*, sandbox: bool) -> tuple[Key, Key]:
    """Return the keys that rule orders; SANDBOX is the default of the second."""
    return (
        Key("enable_provisioning", "order and return numbers; false only searches", type="flag", default=True),
        Key(
            "sandbox_provisioning",
            "with enable_provisioning false: pretend that orders succeed instead of refusing them",
            type="flag",
            default=sandbox,
        ),
    )


class HttpCarrier(Carrier):
    """A carrier that is asked over HTTP.

    `title` is what people call it, `check_by` tells them where to look for an order.
    """

    title: ClassVar[str]
    check_by: ClassVar[str]
    only_north_america: bool = False
    """Whether it has numbers of North America alone, which it writes without their country code."""

    _told: tuple[str, ...] = ()

    # -- for each carrier to fill in

    def url(self) -> str:
        """Return the address that its requests go to."""
        raise NotImplementedError

    def credentials(self) -> Mapping[str, str]:
        """Return the headers that its requests are authorised with, if it takes any."""
        return {}

    def login(self) -> tuple[str, str] | None:
        """Return the user name and password of its requests, if it takes any."""
        return None

    def verify(self) -> None:
        """Ask for something harmless that takes the credentials.

        Raises the CarrierError that an order would meet.
        """
        raise CarrierLacks(carrier=self.name, reason="it has no credentials to verify")

    # -- settings

    def require(self, *names: str) -> None:
        """Raise NotConfigured where something is `missing`, or one of the keys NAMES holds nothing."""
        missing = [*self.missing, *(name for name in names if not self.setting(name))]
        if missing:
            raise NotConfigured(carrier=self.name, keys=", ".join(missing), category=self.category)

    def may_provision(self) -> bool:
        """Return whether orders shall be sent; False when they shall only seem to be.

        Raises ProvisioningDisabled. As in Kazoo, sandbox_provisioning counts only where enable_provisioning is false.
        """
        if not any(key.name == "enable_provisioning" for key in self.keys) or self.setting("enable_provisioning"):
            return True
        if not self.setting("sandbox_provisioning"):
            raise ProvisioningDisabled(carrier=self.name, category=self.category)
        return False

    def is_foreign(self, number: str) -> bool:
        """Return whether a number, in E.164 form, is one of those that the carrier cannot have."""
        return self.only_north_america and dialcode(number) != nanp.COUNTRY_CODE

    def refuse_foreign(self, number: str) -> None:
        """Raise CarrierLacks for a number that the carrier cannot have, before it is asked for another by mistake."""
        if self.is_foreign(number):
            raise CarrierLacks(carrier=self.name, reason=f"{number} is not a number of North America, it has no others")

    # -- requests

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Fields | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        only_reads: bool | None = None,
    ) -> Answer:
        """Send one request and return its answer; the parameters are those of `HTTP.request`.

        Raises CarrierError, with `delivered`, `status` and `content` of the transport's error.
        """
        with self._server(self.url(), self.credentials(), self.login()) as server, self._told_as_carrier():
            return server.request(method, path, query=query, body=body, headers=headers, only_reads=only_reads)

    def ask_at(
        self,
        url: str,
        method: str,
        *,
        login: tuple[str, str],
        body: bytes,
        headers: Mapping[str, str],
        only_reads: bool | None = None,
    ) -> Answer:
        """Send one request to another address of the carrier, with a user name and password of its own."""
        with self._server(url, {}, login) as server, self._told_as_carrier():
            return server.request(method, body=body, headers=headers, only_reads=only_reads)

    @contextmanager
    def _told_as_carrier(self) -> Iterator[None]:
        try:
            yield
        except CarrierError:
            raise
        except SupError as error:
            answered = error if isinstance(error, ServerRefused | NotAuthorised) else None
            status, content = (answered.status, answered.content) if answered else (None, b"")
            # Who gave up waiting for the rest of a request may have taken what came.
            delivered = Delivered.MAYBE if status == _REQUEST_TIMEOUT else error.delivered
            raise CarrierError(
                carrier=self.name, reason=str(error), status=status, content=content, delivered=delivered
            ) from error

    @contextmanager
    def _server(self, url: str, headers: Mapping[str, str], login: tuple[str, str] | None) -> Iterator[HTTP]:
        from kazoo_sup.transports.http import HTTP, Place, Timeouts

        timeouts = self.zone.settings.timeouts
        known = [key.name for key in self.keys]
        server = HTTP(
            Place(url, self.title, login),
            headers={"User-Agent": USER_AGENT, **headers},
            secrets=self.secrets(),
            timeouts=Timeouts(timeouts.connect, timeouts.read, retry=5.0, whole=timeouts.read),
            limits=self.zone.settings.limits,
            tell=self.zone.run.hint if "debug" in known and self.setting("debug") else lambda sentence: None,
        )
        self._tell_once(server)
        try:
            yield server
        finally:
            server.close()

    def _tell_once(self, server: HTTP) -> None:
        told = []
        if self.deprecated:
            told.append(f"{self.name} is deprecated, use {self.deprecated}")
        if self.outdated:
            told.append(f"{self.name}: {self.outdated}")
        if server.is_open_to_listeners:
            told.append(f"{self.name}: {server.address} is spoken to without TLS, anybody can read along")
        for sentence in told:
            if sentence not in self._told:
                self._told = (*self._told, sentence)
                self.zone.run.warn(sentence)

    def masked(self, text: str) -> str:
        """Return what a carrier said without what nobody may see."""
        return masked(text, self.secrets())

    def secrets(self) -> Sequence[str]:
        """Return the values that nobody may see."""
        return [str(self.setting(key.name)) for key in self.keys if key.secret and self.setting(key.name)]

    # -- orders

    def once(
        self,
        number: Document,
        deed: str,
        send: Callable[[Document, Order], Document],
        look_up: Callable[[Document, Order], Document | None],
    ) -> Document:
        """Order a number, or return it, and never twice; where orders shall only seem to be sent, return it as it is.

        deed: what is done to the number, "ordered" or "returned"
        send: sends the order and returns the document as it shall be stored
        look_up: asks the carrier whether the order took effect and returns the document then, None when it did not;
            raises where that cannot be told

        An answer that leaves open what became of the order is followed by `look_up`, in this run and in later ones.
        Raises OrderNotPlaced when the carrier does not know it, OrderUnknown when it cannot be asked, CarrierLacks for
        a number that it cannot have, ProvisioningDisabled.
        """
        if not self.may_provision():
            return number
        self.refuse_foreign(number["_id"])
        words = f"send an order to {self.title}: {number['_id']} {deed}"
        return changes.act(self.zone, words, lambda: self._once(number, deed, send, look_up)) or number

    def _once(
        self,
        number: Document,
        deed: str,
        send: Callable[[Document, Order], Document],
        look_up: Callable[[Document, Order], Document | None],
    ) -> Document:
        with open_orders.begin(open_orders.directory(self.zone), self.name, number["_id"], deed) as order:
            if order.earlier:
                reason = "an earlier run never learnt what became of its order"
                settled = self._settled(number, deed, order, look_up, reason)
                if settled is not None:
                    return settled
            try:
                done = send(number, order)
            except SupError as error:
                if not (error.delivered is Delivered.MAYBE or isinstance(error, CarrierUnreadable)):
                    order.settle()
                    raise
                reason = error.reason
                settled = self._settled(number, deed, order, look_up, reason, error)
                if settled is None:
                    raise OrderNotPlaced(carrier=self.name, reason=reason, number=number["_id"], done=deed) from error
                return settled
            except BaseException:
                warning = f"{number['_id']} may be {deed} at {self.title} all the same; the next run looks it up first"
                self.zone.run.warn(warning)
                raise
            order.settle()
            return done

    def _settled(
        self,
        number: Document,
        deed: str,
        order: Order,
        look_up: Callable[[Document, Order], Document | None],
        reason: str,
        cause: SupError | None = None,
    ) -> Document | None:
        """Look an order up; None when the carrier does not know it, which may still change."""
        try:
            done = look_up(number, order)
        except CarrierRefused:  # it was found, and failed
            order.settle()
            raise
        except SupError as error:
            lookup = "" if isinstance(error, CarrierLacks) else f" (looking it up: {error.reason or error})"
            forget = f"if it was not {deed}, delete {order.path}"
            raise OrderUnknown(
                carrier=self.name,
                reason=reason,
                number=number["_id"],
                done=deed,
                lookup=lookup,
                check=self.check_by,
                forget=forget,
            ) from (cause or error)
        if done is not None:
            order.settle()
        return done


class HoldsNumbers(HttpCarrier):
    """A carrier that can be asked whether a number is its customer's, by which lost orders are looked up."""

    def holds(self, number: Document) -> bool:
        """Ask the carrier whether the number is the customer's."""
        raise NotImplementedError

    def ordered(self, number: Document, _order: Order) -> Document | None:
        """Return the number when it was ordered, else None."""
        return number if self.holds(number) else None

    def returned(self, number: Document, _order: Order) -> Document | None:
        """Return the number when it was returned, else None."""
        return None if self.holds(number) else number


def with_carrier_data(number: Document, data: Fields, *, keep: bool = True) -> Document:
    """Return the number with the carrier's data: laid over what is there, or in its place."""
    before = number.get("pvt_carrier_data", {}) if keep else {}
    return {**number, "pvt_carrier_data": {**before, **data}}
