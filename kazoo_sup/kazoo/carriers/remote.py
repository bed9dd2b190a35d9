"""What the carriers that are asked over HTTP have in common: settings, switches, requests, orders sent only once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.carriers import open_orders
from kazoo_sup.kazoo.carriers.base import (
    Carrier,
    CarrierError,
    CarrierRefused,
    Key,
    NotConfigured,
    NotOffered,
    OrderNotPlaced,
    OrderUnknown,
    ProvisioningDisabled,
    UnreadableAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.kazoo.documents import Document
    from kazoo_sup.transports.http import HTTP, Answer

USER_AGENT = "Kazoo Number Manager 4.0.0"
"""What Kazoo calls itself to carriers (knm.hrl ?KNM_USER_AGENT)."""

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


class RemoteCarrier(Carrier):
    """A carrier that is asked over HTTP.

    `title` is what people call it, `check_by` tells them where to look for an order.
    """

    title: ClassVar[str]
    check_by: ClassVar[str]

    _told = False

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
        raise NotOffered(carrier=self.name, reason="it has no credentials to verify")

    # -- settings

    def require(self, *names: str) -> None:
        """Raise NotConfigured unless all required keys, and those of NAMES, hold something."""
        wanted = [key.name for key in self.keys if key.required or key.name in names]
        missing = [name for name in wanted if not self.setting(name)]
        if missing:
            raise NotConfigured(carrier=self.name, keys=", ".join(missing), category=self.category)

    def may_provision(self) -> bool:
        """Tell whether orders shall be sent; False when they shall only seem to be.

        Raises ProvisioningDisabled. As in Kazoo, sandbox_provisioning counts only where enable_provisioning is false.
        """
        if not any(key.name == "enable_provisioning" for key in self.keys) or self.setting("enable_provisioning"):
            return True
        if not self.setting("sandbox_provisioning"):
            raise ProvisioningDisabled(carrier=self.name, category=self.category)
        return False

    # -- requests

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        only_reads: bool | None = None,
    ) -> Answer:
        """Send one request and return its answer; the parameters are those of `HTTP.request`.

        Raises CarrierError, with the facts `lost`, `status` and `content` of the transport's error.
        """
        try:
            with self._server() as server:
                return server.request(method, path, query=query, body=body, headers=headers, only_reads=only_reads)
        except CarrierError:
            raise
        except SupError as error:
            facts = {name: error.facts.get(name) for name in ("lost", "status", "content")}
            raise CarrierError(carrier=self.name, reason=str(error), **facts) from error

    @contextmanager
    def _server(self) -> Iterator[HTTP]:
        from kazoo_sup.transports.http import HTTP, Timeouts

        timeouts = self.zone.settings.timeouts
        known = [key.name for key in self.keys]
        server = HTTP(
            self.url(),
            server=self.title,
            headers={"User-Agent": USER_AGENT, **self.credentials()},
            login=self.login(),
            secrets=self.secrets(),
            timeouts=Timeouts(connect=timeouts.connect, read=timeouts.read, whole=timeouts.read),
            tell=self.zone.run.hint if "debug" in known and self.setting("debug") else lambda sentence: None,
        )
        self._tell_once(server)
        try:
            yield server
        finally:
            server.close()

    def _tell_once(self, server: HTTP) -> None:
        if self._told:
            return
        self._told = True
        if self.deprecated:
            self.zone.run.warn(f"{self.name} is deprecated, use {self.deprecated}")
        if server.is_open_to_listeners:
            self.zone.run.hint(f"{self.name}: {server.address} is spoken to without TLS, anybody can read along")

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
        """Order a number, or return it, and never twice.

        deed: what is done to the number, "ordered" or "returned"
        send: sends the order and returns the document as it shall be stored
        look_up: asks the carrier whether the order took effect and returns the document then, None when it did not;
            raises where that cannot be told

        An answer that leaves open what became of the order is followed by `look_up`, in this run and in later ones.
        Raises OrderNotPlaced when the carrier does not know it, OrderUnknown when it cannot be asked.
        """
        if self.zone.run.dry_run:
            self.zone.run.warn(f"{number['_id']} would be {deed} at {self.title}; nothing is sent")
            return number
        with open_orders.begin(open_orders.directory(self.zone), self.name, number["_id"], deed) as order:
            if order.earlier:
                reason = "an earlier run never learnt what became of its order"
                settled = self._settled(number, deed, order, look_up, reason)
                if settled is not None:
                    return settled
            try:
                done = send(number, order)
            except SupError as error:
                if not (error.facts.get("lost") or isinstance(error, UnreadableAnswer)):
                    order.settle()
                    raise
                reason = str(error.facts["reason"])
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
            lookup = "" if isinstance(error, NotOffered) else f" (looking it up: {error.facts.get('reason', error)})"
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


class HoldsNumbers(RemoteCarrier):
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


def with_carrier_data(number: Document, data: Mapping[str, Any], *, keep: bool = True) -> Document:
    """Return the number with the carrier's data: laid over what is there, or in its place."""
    before = number.get("pvt_carrier_data", {}) if keep else {}
    return {**number, "pvt_carrier_data": {**before, **data}}
