from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.esl_server import EslServer
from helpers.real_servers import free_port
from kazoo_sup.errors import NotAuthorised, ServerUnreachable, SupError, TimedOut
from kazoo_sup.transports.esl import Endpoint, EventSocket, connection, follow
from kazoo_sup.transports.esl.failures import (
    CommandRefused,
    ConnectionLost,
    NotAnEventSocket,
    Rejected,
    ReplyTooLong,
    UnsafeCommand,
)
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import CONNECTING_AGAIN

PATIENCE = 600
"""Seconds that a test waits for what must come; none waits so long."""

SOON = CONNECTING_AGAIN._replace(first=0.01)

BRIEF = 0.2
"""Seconds after which what must not come has not come."""


def endpoint(port: int, **more: str) -> Endpoint:
    return Endpoint("FreeSWITCH fs1", "127.0.0.1", port, **more)


def connect(server: EslServer, *, connect_timeout=PATIENCE, read_timeout=PATIENCE, limit=64_000_000, **more: str):
    there = endpoint(server.port, **more)
    return EventSocket(
        there, connect_timeout=connect_timeout, read_timeout=read_timeout, limits=Limits(limit / 10**6)
    ).connect()


@pytest.fixture
def freeswitch():
    with EslServer() as server:
        yield server


class TestConnecting:
    def test_the_password_that_freeswitch_ships_with_is_used_when_there_is_none(self, freeswitch):
        with connect(freeswitch) as connected:
            assert "1.8.7" in connected.api("version").text()

    def test_a_directory_user_has_a_password_of_its_own(self):
        with EslServer(users={"sup@example.com": "pass word"}) as server:
            with connect(server, username="sup@example.com", password="pass word") as connected:
                assert connected.api("version").text()
            with pytest.raises(NotAuthorised, match="refused the credentials$"):
                connect(server, username="sup@example.com", password="other")
            with pytest.raises(NotAuthorised, match="a user of the event socket is written user@domain$"):
                connect(server, username="sup", password="pass word")

    def test_a_wrong_password_is_not_repeated(self, freeswitch):
        with pytest.raises(NotAuthorised) as refused:
            connect(freeswitch, password="hunter2")
        assert "hunter2" not in str(refused.value) + repr(vars(refused.value))
        assert "hunter2" not in repr(endpoint(1, password="hunter2"))

    def test_an_access_list_may_refuse_this_host(self, freeswitch):
        freeswitch.admits = False
        with pytest.raises(Rejected):
            connect(freeswitch)

    def test_nobody_listens(self):
        port = free_port()
        with pytest.raises(
            ServerUnreachable, match=f"cannot reach FreeSWITCH fs1 at 127.0.0.1:{port}: connection refus"
        ):
            EventSocket(endpoint(port)).connect()

    @pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 70 + ".example.com", "a..b"])
    def test_a_host_that_is_none(self, host: str):
        with pytest.raises(ServerUnreachable):
            EventSocket(Endpoint("FreeSWITCH", host)).connect()

    def test_an_ipv6_address_is_shown_in_brackets(self):
        assert Endpoint("FreeSWITCH", "2001:db8::1").address == "[2001:db8::1]:8021"

    def test_credentials_with_a_line_break_are_never_sent(self, freeswitch):
        with pytest.raises(UnsafeCommand):
            connect(freeswitch, password="ClueCon\n\napi shutdown")
        assert not freeswitch.received


class TestCommands:
    @pytest.mark.parametrize("piece", [0, 1, 7])
    def test_an_answer_is_the_same_however_it_arrives(self, freeswitch, piece: int):
        freeswitch.piece = piece
        freeswitch.answers["echo"] = lambda command: command * 50 + "\n\nContent-Type: text/plain\n\nÄ"
        with connect(freeswitch) as connected:
            for word in ("one", "two"):
                assert connected.api(f"echo {word}").text() == freeswitch.answers["echo"](f"echo {word}")

    def test_a_long_answer_comes_in_pieces(self, freeswitch):
        freeswitch.answers["long"] = "x" * 3_000_000
        with connect(freeswitch) as connected:
            sizes = [len(piece) for piece in connected.api("long")]
        assert sum(sizes) == 3_000_000
        assert max(sizes) <= 65_536

    def test_the_beginning_of_an_answer_can_be_looked_at_before_it_is_read(self, freeswitch):
        freeswitch.answers["long"] = "begin" + "x" * 200_000
        with connect(freeswitch) as connected:
            reply = connected.api("long")
            assert reply.beginning().startswith("begin")
            assert reply.beginning().startswith("begin")
            assert reply.text() == freeswitch.answers["long"]

    def test_what_is_left_of_an_answer_is_in_nobodys_way(self, freeswitch):
        freeswitch.answers["long"] = "x" * 200_000
        with connect(freeswitch) as connected:
            next(iter(connected.api("long")))
            assert "1.8.7" in connected.api("version").text()

    def test_an_answer_of_more_than_the_limit_is_not_read(self, freeswitch):
        freeswitch.answers["long"] = "x" * 2000
        with connect(freeswitch, limit=1000) as connected, pytest.raises(ReplyTooLong, match="1000 are the limit"):
            connected.api("long")

    def test_events_of_more_than_the_limit_do_not_pile_up_before_an_answer(self, freeswitch):
        with connect(freeswitch, limit=1000) as connected:
            connected.subscribe("HEARTBEAT")

            def beat(_: str) -> str:
                for _ in range(4):
                    freeswitch.fire("HEARTBEAT", Text="x" * 300)
                return "+OK"

            freeswitch.answers["status"] = beat
            with pytest.raises(ReplyTooLong, match="events before the answer"):
                connected.api("status")

    def test_a_refusal_in_the_head_is_an_answer(self, freeswitch):
        freeswitch.permits = lambda command: command == "version"
        with connect(freeswitch) as connected:
            assert connected.api("status").text() == "-ERR permission denied"
            assert "1.8.7" in connected.api("version").text()
            with pytest.raises(CommandRefused, match=r"^FreeSWITCH fs1 refused bgapi: permission denied$"):
                connected.start("status")

    @pytest.mark.parametrize("text", ["a\n\napi shutdown", "a\rb", "a\0b"])
    def test_nothing_gets_in_through_line_breaks(self, freeswitch, text: str):
        with connect(freeswitch) as connected:
            before = list(freeswitch.received)
            for attempt in (connected.api, connected.bgapi, connected.start, connected.subscribe):
                with pytest.raises(UnsafeCommand):
                    attempt(text)
            with pytest.raises(UnsafeCommand):
                connected.filter("Unique-ID", text)
            assert all(text not in line for line in freeswitch.received)
            assert not [line for line in freeswitch.received[len(before) :] if line.startswith("api")]

    def test_a_job_gives_its_answer_when_it_ends(self, freeswitch):
        with connect(freeswitch) as connected:
            assert connected.bgapi("status") == freeswitch.run("status")

    def test_a_job_of_somebody_else_is_not_taken_for_ours(self, freeswitch):
        def answer(command: str) -> str:
            freeswitch.fire("BACKGROUND_JOB", "theirs", Job_UUID="another")
            return "ours"

        freeswitch.answers["status"] = answer
        with connect(freeswitch) as connected:
            connected.subscribe("ALL")
            assert connected.bgapi("status") == "ours"

    def test_a_job_that_does_not_end_in_time(self, freeswitch):
        freeswitch.fire = lambda *_, **__: None
        with connect(freeswitch) as connected, pytest.raises(TimedOut, match="to finish status"):
            connected.bgapi("status", timeout=BRIEF)

    def test_after_the_connection_was_closed_there_is_an_error(self, freeswitch):
        connected = connect(freeswitch)
        connected.close()
        with pytest.raises(ConnectionLost):
            connected.api("version")

    def test_a_log_line_is_no_answer(self, freeswitch):
        def answer(command: str) -> str:
            freeswitch.connections[0].send(b"Content-Type: log/data\nContent-Length: 5\nLog-Level: 7\n\nhello")
            return "good"

        freeswitch.answers["status"] = answer
        with connect(freeswitch) as connected:
            assert connected.api("status").text() == "good"

    @pytest.mark.parametrize("frame", [b"Content-Type: text/plain\n\n", b"Content-Type: auth/request\n\n"])
    def test_a_frame_that_nobody_asked_for_is_an_error(self, freeswitch, frame: bytes):
        freeswitch.answers["status"] = lambda command: freeswitch.connections[0].send(frame) or "good"
        with connect(freeswitch) as connected, pytest.raises(NotAnEventSocket):
            connected.api("status")


class TestEvents:
    @pytest.mark.parametrize("form", ["json", "plain"])
    def test_they_come_as_asked_for(self, freeswitch, form: str):
        with connect(freeswitch) as connected:
            connected.subscribe("CHANNEL_CREATE CUSTOM sofia::register", form=form)
            freeswitch.fire("HEARTBEAT")
            freeswitch.fire("CHANNEL_CREATE", "a body\n", Caller_Caller_ID_Name="Anna: 100%\nBob Ä")
            freeswitch.fire("CUSTOM", Event_Subclass="sofia::register")
            first, second = connected.next_event(PATIENCE), connected.next_event(PATIENCE)
            assert connected.next_event(BRIEF) is None
        assert (first["Event-Name"], first["_body"]) == ("CHANNEL_CREATE", "a body\n")
        assert first["Caller-Caller-ID-Name"] == "Anna: 100%\nBob Ä"
        assert second["Event-Subclass"] == "sofia::register"

    def test_one_of_the_filters_must_fit(self, freeswitch):
        with connect(freeswitch) as connected:
            connected.filter("Unique-ID", "a")
            connected.filter("Unique-ID", "b c")
            connected.subscribe("ALL")
            for call in ("x", "a", "b c"):
                freeswitch.fire("CHANNEL_CREATE", Unique_ID=call)
            assert [connected.next_event(PATIENCE)["Unique-ID"] for _ in range(2)] == ["a", "b c"]

    def test_a_name_that_is_none_is_refused(self, freeswitch):
        with connect(freeswitch) as connected, pytest.raises(CommandRefused, match="no keywords supplied"):
            connected.subscribe("")

    def test_those_that_come_before_an_answer_are_kept(self, freeswitch):
        freeswitch.answers["status"] = lambda command: freeswitch.fire("HEARTBEAT") or "good"
        with connect(freeswitch) as connected:
            connected.subscribe("ALL")
            assert connected.api("status").text() == "good"
            assert connected.next_event(0)["Event-Name"] == "HEARTBEAT"

    def test_they_do_not_fill_the_memory_before_an_answer(self, freeswitch, monkeypatch):
        monkeypatch.setattr(connection, "_WAITING_EVENTS", 10)
        freeswitch.answers["status"] = lambda command: [freeswitch.fire("HEARTBEAT") for _ in range(11)] and "good"
        with connect(freeswitch) as connected:
            connected.subscribe("ALL")
            with pytest.raises(ReplyTooLong):
                connected.api("status")

    def test_an_event_that_has_come_in_part_when_the_time_is_up_is_whole_later(self, freeswitch):
        with connect(freeswitch) as connected:
            freeswitch.connections[0].send(b"Content-Type: text/event")
            assert connected.next_event(BRIEF) is None
            freeswitch.connections[0].send(b"-json\nContent-Length: 9\n\n" + b'{"A":"b"}')
            assert connected.next_event(PATIENCE) == {"A": "b"}


class TestFollowing:
    def test_a_lost_connection_is_made_again(self, freeswitch):
        said = []

        def subscribed():
            connected = connect(freeswitch)
            connected.subscribe("ALL")
            return connected

        def tell(sentence):
            said.append(sentence)
            if "is back" in sentence:
                freeswitch.fire("HEARTBEAT", Number="2")

        events = follow(subscribed(), subscribed, tell, SOON)
        freeswitch.fire("HEARTBEAT", Number="1")
        assert next(events)["Number"] == "1"
        freeswitch.drop()
        assert next(events)["Number"] == "2"
        events.close()
        assert ["closed the connection" in said[0], "is back" in said[1]] == [True, True]

    def test_it_is_tried_until_the_server_is_there(self, freeswitch):
        attempts = []

        def again():
            attempts.append(None)
            if len(attempts) < 4:
                raise ServerUnreachable(server="FreeSWITCH", address="fs1", reason="connection refused")
            connected = connect(freeswitch)
            connected.subscribe("ALL")
            return connected

        events = follow(
            connect(freeswitch), again, lambda said: freeswitch.fire("HEARTBEAT") if "back" in said else None, SOON
        )
        freeswitch.drop()
        assert next(events)["Event-Name"] == "HEARTBEAT"
        events.close()

    def test_what_would_not_pass_is_raised(self, freeswitch):
        connected = connect(freeswitch)
        freeswitch.password = "changed"
        freeswitch.drop()
        with pytest.raises(NotAuthorised):
            next(follow(connected, lambda: connect(freeswitch), lambda said: None, SOON))


class TestFaults:
    """Whatever a server sends, and wherever it stops, there is an error of ours and an end."""

    GOOD = (
        b"Content-Type: auth/request\n\n"
        b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
        b"Content-Length: 13\nContent-Type: text/event-json\n\n" + b'{"A":"b\\n\xc3\xa4"}'
        b"Content-Type: api/response\nContent-Length: 4\n\ngood"
    )

    @pytest.fixture
    def said(self, monkeypatch):
        """Return a function that has a server say so much and then end, or be silent, whatever it is asked."""
        with contextlib.ExitStack() as stack:

            def say(data: bytes, *, silent: bool = False) -> str:
                ours, theirs = socket.socketpair()
                stack.enter_context(ours)
                stack.enter_context(theirs)
                theirs.sendall(data)
                if not silent:
                    theirs.shutdown(socket.SHUT_WR)
                monkeypatch.setattr("kazoo_sup.transports.net._reached", lambda *_: ours)
                patience = 0.01 if silent else PATIENCE
                connection = EventSocket(
                    endpoint(1), connect_timeout=patience, read_timeout=patience, limits=Limits(0.001)
                )
                with connection.connect() as connected:
                    return connected.api("status").text()

            yield say

    def test_what_is_good_is_read(self, said):
        assert said(self.GOOD) == "good"

    @pytest.mark.parametrize("length", range(len(GOOD)))
    def test_truncated_anywhere(self, said, length: int):
        with pytest.raises(ConnectionLost):
            said(self.GOOD[:length])

    @pytest.mark.parametrize("length", range(0, len(GOOD), 5))
    def test_silent_from_anywhere(self, said, length: int):
        with pytest.raises(TimedOut):
            said(self.GOOD[:length], silent=True)

    @pytest.mark.parametrize("at", range(0, len(GOOD), 3))
    def test_rubbish_anywhere(self, said, at: int):
        for rubbish in (b"\0\xff\n\n", b"\n\n", b"Content-Length: 99999999999\n\n"):
            with contextlib.suppress(SupError):
                said(self.GOOD[:at] + rubbish + self.GOOD[at:])

    @settings(max_examples=200)
    @given(st.binary(max_size=300))
    def test_anything_at_all(self, data: bytes):
        with pytest.MonkeyPatch.context() as patched, contextlib.ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            stack.enter_context(theirs)
            theirs.sendall(b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK\n\n" + data)
            theirs.shutdown(socket.SHUT_WR)
            patched.setattr("kazoo_sup.transports.net._reached", lambda *_: ours)
            with contextlib.suppress(SupError), EventSocket(endpoint(1)).connect() as connected:
                connected.next_event(PATIENCE)
                connected.api("status").text()

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", NotAnEventSocket),
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", NotAnEventSocket),
            (b"Content-Type: api/response\n\n", NotAnEventSocket),
            (b"Content-Type: auth/request\n\nContent-Type: api/response\n\n", NotAnEventSocket),
            (b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR invalid\n\n", NotAuthorised),
            (b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n", Rejected),
            (b"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n", ConnectionLost),
            (100_000 * b"x", ReplyTooLong),
            (b"Content-Type: auth/request\nContent-Length: 1001\n\n", ReplyTooLong),
        ],
    )
    def test_a_server_that_is_none_or_refuses(self, said, data: bytes, error: type[SupError]):
        with pytest.raises(error):
            said(data)

    def test_a_server_that_sends_byte_by_byte_for_ever_does_not_keep_us(self):
        stopped = threading.Event()

        def drip(listener):
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                while not stopped.wait(0.01):
                    client.sendall(b"x")

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=drip, args=(listener,))
            thread.start()
            with pytest.raises(TimedOut):
                EventSocket(endpoint(listener.getsockname()[1]), connect_timeout=BRIEF).connect()
            stopped.set()
            thread.join()

    def test_a_body_that_drips_does_not_keep_us(self, freeswitch):
        freeswitch.answers["long"] = "x" * 5000
        with connect(freeswitch) as connected:
            freeswitch.silent_after = 200
            reply = connected.api("long")
            connected._read_timeout = BRIEF
            with pytest.raises(TimedOut, match="reading the answer of FreeSWITCH fs1"):
                reply.text()

    def test_a_server_that_does_not_read_does_not_keep_us(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            sender = EventSocket(endpoint(listener.getsockname()[1]), connect_timeout=PATIENCE, read_timeout=BRIEF)

            def greet():
                client, _ = listener.accept()
                client.sendall(TestFaults.GOOD[: TestFaults.GOOD.index(b"Content-Length")])
                clients.append(client)

            clients: list[socket.socket] = []
            thread = threading.Thread(target=greet)
            thread.start()
            with sender.connect() as connected, pytest.raises(TimedOut, match="sending to FreeSWITCH fs1"):
                connected.api("x" * 50_000_000)
            thread.join()
            clients[0].close()
