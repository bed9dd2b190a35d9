"""Calls over one connection, with a peer that is only octets: no socket, no node."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_erlang_handshake import OURS, digest, framed, handshake, new_challenge

from kazoo_sup.terms.shapes import Pid, Reference
from kazoo_sup.terms.values import OK, Atom, Charlist
from kazoo_sup.transports.erlang import leader
from kazoo_sup.transports.erlang.channel import TICK, BadFrame, FrameTooLarge
from kazoo_sup.transports.erlang.client import Asked, Client, Connected, Printed, Returned
from kazoo_sup.transports.erlang.external import decode, decode_first, encode
from kazoo_sup.transports.erlang.leader import Format, Print, Read, Tell, orders

WORKER = Pid("kazoo_apps@apps1", 77, 0, 7)
US = Pid("sup_1@h", 1, 0, 9)
IO = Atom("io_request")


def frame(message, to=US):
    body = b"\x70" + encode((2, Atom(""), to)) + encode(message)
    return len(body).to_bytes(4, "big") + body


def sent(client):
    """Return (control message, message) of each frame that the client would send."""
    data, found = client.outgoing(), []
    while data:
        size = int.from_bytes(data[:4], "big")
        if size:
            control, end = decode_first(data[5 : 4 + size])
            found.append((control, decode(data[5 + end : 4 + size])))
        data = data[4 + size :]
    return found


@pytest.fixture
def client():
    client = Client(handshake(), 1 << 20)
    client.begin()
    events = client.receive(framed(b"sok") + framed(new_challenge()) + framed(b"a" + digest(OURS)))
    assert events == [Connected("kazoo_apps@apps1")]
    client.outgoing()
    return client


def reference(client):
    """Return the reference of the call that the client has just sent."""
    [(_control, (_call, (_pid, made), _asked))] = sent(client)
    return made


def request(asked, reply_as=5):
    return frame((IO, WORKER, reply_as, asked))


class TestCalls:
    def test_a_call_goes_to_rex_with_us_as_group_leader(self, client):
        client.call("sup", "in_kazoo", [Atom("sup_1"), "x"])
        [(control, message)] = sent(client)
        assert control == (6, US, Atom(""), Atom("rex"))
        made = Reference("sup_1@h", 9, (1, 0, 0))
        call = (Atom("call"), Atom("sup"), Atom("in_kazoo"), [Atom("sup_1"), "x"], US)
        assert message == (Atom("$gen_call"), (US, made), call)

    def test_its_result_comes_as_it_was_sent(self, client):
        number = client.call("m", "f", [])
        assert client.receive(frame((reference(client), [1, "é"]))) == [Returned(number, encode([1, "é"]))]

    def test_several_are_told_apart(self, client):
        first, second = client.call("m", "f", []), client.call("m", "g", [])
        [one, two] = [message[1][1] for _control, message in sent(client)]
        assert client.receive(frame((two, "b")) + frame((one, "a"))) == [
            Returned(second, encode("b")),
            Returned(first, encode("a")),
        ]

    def test_a_connection_outlives_the_numbers_that_a_word_of_a_reference_can_have(self, client):
        """The first word has 18 bits up to OTP 23, which takes no reference with more for a term."""
        client._last = (1 << 18) - 1
        for words in ((0, 1, 0), (1, 1, 0)):
            number = client.call("m", "f", [])
            made = reference(client)
            assert made.words == words
            assert client.receive(frame((made, OK))) == [Returned(number, encode(OK))]

    def test_what_is_for_nobody_is_passed_over(self, client):
        assert client.receive(frame((Reference("x@y", 1, (99,)), 1)) + frame("noise") + frame((1, 2))) == []

    def test_to_be_monitored_is_nothing_to_answer(self, client):
        for control in ((19, WORKER, US, Reference("x@y", 1, (1,))), (20, WORKER, US, Reference("x@y", 1, (1,)))):
            body = b"\x70" + encode(control)
            assert client.receive(len(body).to_bytes(4, "big") + body) == []
        assert client.outgoing() == b""

    def test_a_tick_is_answered(self, client):
        assert client.receive(TICK) == []
        assert client.outgoing() == TICK


class TestPrinting:
    def test_characters_are_printed_and_answered(self, client):
        assert client.receive(request((Atom("put_chars"), Atom("unicode"), ["é", [9742, Charlist("x")]]))) == [
            Printed("é☎x")
        ]
        assert sent(client) == [((2, Atom(""), WORKER), (Atom("io_reply"), 5, OK))]

    def test_a_format_is_worked_out_by_the_node(self, client):
        asked = (Atom("put_chars"), Atom("unicode"), Atom("io_lib"), Atom("format"), [Charlist("~p"), [1]])
        assert client.receive(request(asked)) == []
        [(_control, (_, (_, made), call))] = sent(client)
        assert call == (Atom("call"), Atom("io_lib"), Atom("format"), [Charlist("~p"), [1]], Atom("user"))
        assert client.receive(frame((made, [[49], "\n"]))) == [Printed("1\n")]
        assert sent(client)[0][1] == (Atom("io_reply"), 5, OK)

    def test_arguments_that_are_all_small_integers_are_no_text(self, client):
        """As io:write(65) has them: they come as a string does."""
        client.receive(request((Atom("put_chars"), Atom("unicode"), Atom("io_lib"), Atom("write"), Charlist("A"))))
        [(_control, (_, _made, call))] = sent(client)
        assert encode(call[3]) == encode([65])

    def test_a_format_that_is_wrong_is_answered_so(self, client):
        client.receive(
            request((Atom("put_chars"), Atom("unicode"), Atom("io_lib"), Atom("format"), [Charlist("~z"), []]))
        )
        [(_control, (_, (_, made), _call))] = sent(client)
        assert client.receive(frame((made, (Atom("badrpc"), Atom("why"))))) == []
        assert sent(client)[0][1] == (Atom("io_reply"), 5, (Atom("error"), Atom("why")))

    def test_what_comes_meanwhile_waits_its_turn(self, client):
        formatted = (Atom("put_chars"), Atom("unicode"), Atom("io_lib"), Atom("format"), [Charlist("~p"), [1]])
        assert client.receive(request(formatted) + request((Atom("put_chars"), Atom("unicode"), "second"), 6)) == []
        [(_control, (_, (_, made), _call))] = sent(client)
        assert client.receive(frame((made, Charlist("first")))) == [Printed("first"), Printed("second")]
        assert [message[1] for _control, message in sent(client)] == [5, 6]

    def test_several_requests_in_one(self, client):
        both = [(Atom("put_chars"), Atom("unicode"), text) for text in ("a", "b")]
        assert client.receive(request((Atom("requests"), both))) == [Printed("a"), Printed("b")]
        assert len(sent(client)) == 1


class TestReading:
    def test_a_line_is_asked_for(self, client):
        [asked] = client.receive(request((Atom("get_line"), Atom("unicode"), Charlist("name? "))))
        assert asked == Asked(asked.question, "name? ", None, False)
        assert client.waiting
        assert client.reply(asked.question, "Zoë\n") == []
        assert sent(client)[0][1] == (Atom("io_reply"), 5, Charlist("Zoë\n"))
        assert not client.waiting

    def test_its_end_is_told(self, client):
        [asked] = client.receive(request((Atom("get_line"), Atom("unicode"), "")))
        client.reply(asked.question, None)
        assert sent(client)[0][1] == (Atom("io_reply"), 5, Atom("eof"))

    def test_a_password_is_secret_and_characters_are_counted(self, client):
        [secret, counted] = client.receive(
            request((Atom("get_password"), Atom("unicode"))) + request((Atom("get_chars"), Atom("unicode"), "> ", 3), 6)
        )
        assert (secret.secret, counted.number, counted.prompt) == (True, 3, "> ")

    def test_what_is_parsed_is_parsed_by_the_node_until_it_has_enough(self, client):
        asked_for = (Atom("get_until"), Atom("unicode"), "t> ", Atom("io_lib"), Atom("parse"), [7])
        [asked] = client.receive(request(asked_for))
        client.reply(asked.question, "{a,\n")
        [(_control, (_, (_, made), call))] = sent(client)
        assert call[3] == [[], Charlist("{a,\n"), 7]
        [again] = client.receive(frame((made, (Atom("more"), "kept"))))
        client.reply(again.question, "b}.\n")
        [(_control, (_, (_, made), call))] = sent(client)
        assert call[3] == ["kept", Charlist("b}.\n"), 7]
        assert client.receive(frame((made, (Atom("done"), (OK, 1), [])))) == []
        assert sent(client)[0][1] == (Atom("io_reply"), 5, (OK, 1))


class TestOrders:
    @pytest.mark.parametrize(
        ("asked", "order"),
        [
            ((Atom("put_chars"), Charlist("é")), Print("é")),
            ((Atom("put_chars"), Atom("m"), Atom("f"), []), Format("m", "f", [], "latin1")),
            ((Atom("get_line"), "p"), Read("p", "latin1")),
            ((Atom("get_chars"), "p", 2), Read("p", "latin1", 2)),
            ((Atom("get_until"), "p", Atom("m"), Atom("f"), []), Read("p", "latin1", parser=("m", "f", []))),
            ((Atom("get_geometry"), Atom("rows")), Tell(leader.NOT_SUPPORTED)),
            ((Atom("setopts"), []), Tell(OK)),
            (Atom("nonsense"), Tell(leader.NOT_SUPPORTED)),
        ],
    )
    def test_older_and_other_requests(self, asked, order):
        assert orders(asked) == [order]


class TestHostility:
    def test_a_message_that_is_too_large_is_refused_before_it_comes(self, client):
        with pytest.raises(FrameTooLarge):
            client.receive(b"\x00\x20\x00\x00")

    @pytest.mark.parametrize("data", [b"\0\0\0\x01x", b"\0\0\0\x02p\x83", b"\0\0\0\x04p\x83a\x01"])
    def test_what_is_no_frame_is_an_error(self, client, data):
        with pytest.raises(BadFrame):
            client.receive(data)

    @given(st.integers(1, 200))
    def test_wherever_it_is_cut_it_means_the_same(self, size):
        client = Client(handshake(), 1 << 20)
        client.begin()
        client.outgoing()
        number = client.call("m", "f", [])
        whole = framed(b"sok") + framed(new_challenge()) + framed(b"a" + digest(OURS)) + TICK
        whole += request((Atom("put_chars"), Atom("unicode"), "text"))
        whole += frame((Reference("sup_1@h", 9, (number, 0, 0)), OK))
        events = [
            event for start in range(0, len(whole), size) for event in client.receive(whole[start : start + size])
        ]
        assert events == [Connected("kazoo_apps@apps1"), Printed("text"), Returned(number, encode(OK))]
