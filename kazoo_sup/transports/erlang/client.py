"""Calls to a node over one connection: octets in, events and octets out, no socket.

A function is called through the server `rex`, which every node has, with us as its group leader: what it prints comes
while it runs, and what it asks for is answered here.

Source: Erlang/OTP kernel rpc.erl (handle_call), which takes such calls from OTP 19 to 27 alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.terms.shapes import Pid, Reference
from kazoo_sup.terms.values import OK, Atom, Charlist
from kazoo_sup.transports.erlang import channel, leader
from kazoo_sup.transports.erlang.channel import Channel, Received
from kazoo_sup.transports.erlang.external import BadExternal, Encoded, decode, decode_part
from kazoo_sup.transports.erlang.leader import Format, Order, Print, Read, Tell

if TYPE_CHECKING:
    from kazoo_sup.transports.erlang.handshake import Handshake

_USER = Atom("user")
_REX = "rex"
_PROCESS = 1
_FIRST_WORD = 1 << 18
"""The first word of a reference is less than this, up to OTP 23."""


class Connected(NamedTuple):
    """Both sides have proven to know the cookie; PEER is the node's full name."""

    peer: str


class Printed(NamedTuple):
    """A called function, or a process that it started, has printed TEXT."""

    text: str


class Asked(NamedTuple):
    """A called function waits for input: `Client.reply(question, …)` gives it.

    A line is wanted, or NUMBER characters; `secret` input must not be seen.
    """

    question: int
    prompt: str
    number: int | None
    secret: bool


class Returned(NamedTuple):
    """The call CALL has come to its end; `term` is the external form of what it returned, version octet included."""

    call: int
    term: bytes


Event = Connected | Printed | Asked | Returned


class _Request:
    """A request of the I/O protocol: whom to answer, and what is still to be done for it."""

    def __init__(self, sender: Pid, reply_as: object, orders: Iterable[Order]) -> None:
        self.sender, self.reply_as = sender, reply_as
        self.orders = deque(orders)
        self.continuation: object = None


class Client:
    """One connection. `begin` comes first, then what is received goes in, and events and `outgoing` octets come out."""

    def __init__(self, handshake: Handshake, largest: int) -> None:
        """Take a handshake that has not begun; LARGEST is how many octets a message may have."""
        self.handshake = handshake
        self._largest = largest
        self._channel = Channel(largest)
        self._out = bytearray()
        self._last = 0
        self._ours: dict[int, _Request] = {}
        """Calls of our own, to format or to parse for a request, by their number."""
        self._calls: set[int] = set()
        self._printing: deque[_Request] = deque()
        self._reading: dict[int, _Request] = {}

    def begin(self) -> None:
        """Say who we are."""
        self._out += self.handshake.begin()

    @property
    def waiting(self) -> bool:
        """Whether a called function waits for input."""
        return bool(self._reading)

    def outgoing(self) -> bytes:
        """Return what is to be sent now."""
        out = bytes(self._out) + self._channel.outgoing()
        self._out.clear()
        return out

    def receive(self, data: bytes) -> list[Event]:
        """Take in DATA; return what it means.

        Raises HandshakeFailed, BadFrame, and BadExternal for a message that is not a term.
        """
        events: list[Event] = []
        frames: bytes | None = data
        if not self.handshake.done:
            answer, frames = self.handshake.receive(data)
            self._out += answer
            if frames is None:
                return events
            events.append(Connected(self.handshake.peer))
        for message in self._channel.receive(frames or b""):
            self._take(message, events)
        return events

    def call(self, module: str, function: str, arguments: Sequence[object] | Encoded) -> int:
        """Call a function of the node; return the number by which `Returned` names the call."""
        number = self._send_call(module, function, arguments, self._process)
        self._calls.add(number)
        return number

    def reply(self, question: int, text: str | None) -> list[Event]:
        """Pass on the input that was asked for, None where there is no more; return what follows."""
        request = self._reading.pop(question)
        order = request.orders[0]
        assert isinstance(order, Read)
        given: object = leader.EOF if text is None else _characters(text)
        events: list[Event] = []
        if order.parser is None:
            self._answered(request, given, events)
            return events
        module, function, more = order.parser
        continuation = [] if request.continuation is None else request.continuation
        self._ours[self._send_call(module, function, [continuation, given, *_listed(more)], _USER)] = request
        return events

    @property
    def _process(self) -> Pid:
        return Pid(self.handshake.name, _PROCESS, 0, self.handshake.creation)

    def _send_call(
        self, module: str, function: str, arguments: Sequence[object] | Encoded, group_leader: object
    ) -> int:
        self._last += 1
        given = arguments if isinstance(arguments, Encoded) else _listed(arguments)
        words = (self._last % _FIRST_WORD, self._last // _FIRST_WORD, 0)
        reference = Reference(self.handshake.name, self.handshake.creation, words)
        call = (Atom("call"), Atom(module), Atom(function), given, group_leader)
        message = (Atom("$gen_call"), (self._process, reference), call)
        self._out += channel.send_registered(self._process, _REX, message)
        return self._last

    def _take(self, received: Received, events: list[Event]) -> None:
        number = _returned(received.message)
        if number in self._calls:
            self._calls.discard(number)
            events.append(Returned(number, _result(received.message)))
            return
        message = decode(received.message, self._largest)
        match message:
            case (Reference() as reference, result):
                request = self._ours.pop(_number(reference), None)
                if request is not None:
                    self._done_for(request, result, events)
            case ("io_request", Pid() as sender, reply_as, asked):
                self._asked(_Request(sender, reply_as, leader.orders(asked)), events)

    def _asked(self, request: _Request, events: list[Event]) -> None:
        if isinstance(request.orders[0], Read):
            self._go_on(request, events)
            return
        self._printing.append(request)
        if len(self._printing) == 1:
            self._go_on(request, events)

    def _go_on(self, request: _Request, events: list[Event]) -> None:
        """Do a request's next order, and what can be done at once after it."""
        match request.orders[0]:
            case Print(text):
                events.append(Printed(text))
                self._answered(request, OK, events)
            case Format(module, function, arguments, _encoding):
                self._ours[self._send_call(module, function, arguments, _USER)] = request
            case Read() as order:
                self._last += 1
                self._reading[self._last] = request
                events.append(Asked(self._last, _prompt(order), order.number, order.secret))
            case Tell(answer):
                self._answered(request, answer, events)

    def _done_for(self, request: _Request, result: object, events: list[Event]) -> None:
        """Go on with a request for which the node has formatted or parsed."""
        match request.orders[0], result:
            case _, ("badrpc", reason):
                self._answered(request, (Atom("error"), reason), events)
            case Format() as order, text:
                events.append(Printed(leader.text_of(text, order.encoding)))
                self._answered(request, OK, events)
            case Read(), ("done", answer, _rest):
                self._answered(request, answer, events)
            case Read(), ("more", continuation):
                request.continuation = continuation
                self._go_on(request, events)
            case _:
                self._answered(request, leader.NOT_SUPPORTED, events)

    def _answered(self, request: _Request, answer: object, events: list[Event]) -> None:
        """End a request's first order with its answer, and go on with what is next."""
        request.orders.popleft()
        if request.orders:
            self._go_on(request, events)
            return
        self._out += channel.send(request.sender, (Atom("io_reply"), request.reply_as, answer))
        if self._printing and self._printing[0] is request:
            self._printing.popleft()
            if self._printing:
                self._go_on(self._printing[0], events)


def _prompt(order: Read) -> str:
    match order.prompt:
        case ("format", text, _arguments):
            return leader.text_of(text)
    return leader.text_of(order.prompt)


def _listed(arguments: Sequence[object]) -> list[object]:
    """Return arguments one by one: a node sends those that are all small integers as it sends a string."""
    return [ord(each) for each in arguments] if isinstance(arguments, Charlist) else list(arguments)


def _characters(text: str) -> object:
    return Charlist(text) if text else []


# A reply is {Reference, Result}: its first octets tell whose it is, so that a large result need not be read for that.
_TUPLE_OF_TWO = bytes((131, 104, 2))


def _returned(message: bytes) -> int:
    """Return the number of the call that a message is the reply to, 0 for another message."""
    if not message.startswith(_TUPLE_OF_TWO):
        return 0
    reference, _end = _first_part(message)
    return _number(reference) if isinstance(reference, Reference) else 0


def _number(reference: Reference) -> int:
    """Return the number of the call that has this reference."""
    low, high, *_rest = (*reference.words, 0, 0)
    return low + high * _FIRST_WORD


def _result(message: bytes) -> bytes:
    _reference, end = _first_part(message)
    return message[:1] + message[end:]


def _first_part(message: bytes) -> tuple[object, int]:
    """Return the first element of the tuple that a message is, and where it ends."""
    try:
        return decode_part(message, len(_TUPLE_OF_TWO))
    except BadExternal:
        return None, 0
