"""Calls to a real node: what it prints, asks for, answers and refuses; and how it is when it is not there."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest
from hypothesis import given, settings

from helpers import real_servers
from helpers.byte_server import ByteServer, Silence
from helpers.erlang_terms import TERMS, as_a_node_has_it, same
from kazoo_sup.errors import Delivered, TimedOut
from kazoo_sup.kazoo.live.call import MFA, FailedOnNode, UnknownOnNode, call
from kazoo_sup.terms.shapes import Improper
from kazoo_sup.terms.values import OK, Atom, Charlist
from kazoo_sup.transports.erlang.connection import Endpoint, Node
from kazoo_sup.transports.erlang.external import decode
from kazoo_sup.transports.erlang.failures import (
    CookieRefused,
    MessageTooLarge,
    NodeLost,
    NodeNotRegistered,
    NodeSilent,
    NodeUnreachable,
    NoPortMapper,
    NotANode,
)
from kazoo_sup.transports.erlang.leader import text_of

pytestmark = pytest.mark.integration

LARGEST = 256 << 20


def endpoint(node, **more):
    facts = {"name": node.name, "cookie": node.cookie, "epmd_port": node.epmd_port, "host": "127.0.0.1"}
    return Endpoint(**(facts | more))


def connect(node, *, largest=LARGEST, **more):
    return Node(endpoint(node, **more), own_host="localhost", largest=largest)


@pytest.fixture(scope="class")
def kept(node):
    with connect(node) as link:
        yield link


@pytest.fixture
def link(node):
    with connect(node) as link:
        yield link


def ask(link, function, *arguments, module="probe_maintenance", **more):
    return decode(link.call(module, function, arguments, **more))


class TestTerms:
    @settings(max_examples=300)
    @given(term=TERMS)
    def test_every_kind_comes_back_as_it_was_sent(self, kept, term):
        found = ask(kept, "echo", term, module="probe_terms")
        assert same(as_a_node_has_it(found), as_a_node_has_it(term))

    def test_pids_ports_references_and_funs_of_the_node(self, link):
        for function in ("self", "make_ref", "processes", "ports"):
            found = ask(link, function, module="erlang")
            assert same(ask(link, "echo", found, module="probe_terms"), found)
        made = ask(link, "fun_of", 5, module="probe_terms")
        assert ask(link, "applied", made, 3, module="probe_terms") == 8


class TestPrinting:
    def test_what_is_printed_comes_while_it_runs_as_the_node_formats_it(self, link):
        shown = []
        assert ask(link, "texts", show=shown.append) == OK
        assert "".join(shown) == '€ü abc #{a => [1,"x"]}\nplain ☎\nbinary true\n'

    def test_each_step_comes_before_the_next(self, link):
        shown = []
        ask(link, "steps", show=shown.append)
        assert shown == ["step 1\n", "step 2\n", "step 3\n"]

    def test_thousands_of_lines_keep_their_order(self, link):
        shown = []
        ask(link, "noisy", "3000", show=shown.append)
        assert "".join(shown) == "".join(f"{number}\n" for number in range(1, 3001))

    def test_a_process_that_outlives_the_call_prints_too(self, node):
        heard = threading.Event()
        with connect(node) as link:
            ask(link, "later")
            thread = threading.Thread(target=_lingering, args=(link, heard), daemon=True)
            thread.start()
            assert heard.wait(real_servers.START_SECONDS)

    @pytest.mark.parametrize(("stays", "told"), [(True, "still watched\n"), (False, "nobody watches\n")])
    def test_whoever_called_it_may_stay_for_as_long_as_the_connection(self, node, stays, told):
        heard = threading.Event()

        def show(text):
            if text == told:
                heard.set()

        with connect(node) as link:
            given = {"seconds": None, "show": show, "ask": lambda _prompt, _secret: None}
            result = call(link, MFA("probe_maintenance", "observed", ["well"], stays), **given)
            assert (result.term, result.text, result.code) == (OK, "ok", 0)
            thread = threading.Thread(target=_lingering, args=(link, heard, told), daemon=True)
            thread.start()
            assert heard.wait(real_servers.START_SECONDS)

    def test_one_that_stays_fails_as_others_do(self, node):
        nobody = {"seconds": None, "show": lambda _text: None, "ask": lambda _prompt, _secret: None}
        with connect(node) as link:
            with pytest.raises(FailedOnNode, match="badly"):
                call(link, MFA("probe_maintenance", "observed", ["badly"], stays=True), **nobody)
            with pytest.raises(UnknownOnNode):
                call(link, MFA("probe_maintenance", "nosuch", [], stays=True), **nobody)


def _lingering(link, heard, text_of_it="later\n"):
    def show(text):
        if text == text_of_it:
            heard.set()

    try:
        link.linger(show)
    except (NodeLost, OSError, AssertionError):
        return


class TestReading:
    def test_a_line(self, link):
        asked, shown = [], []

        def answer(prompt, secret):
            asked.append((prompt, secret))
            return "Zoë ☎\n"

        assert ask(link, "name", show=shown.append, ask=answer) == OK
        assert (asked, shown) == ([("name? ", False)], ["hello Zoë ☎\n"])

    def test_a_term_over_several_lines(self, link):
        lines = iter(["{a,\n", "[1|b]}.\n"])
        found = ask(link, "term", ask=lambda _prompt, _secret: next(lines))
        assert found == (Atom("got"), (OK, (Atom("a"), Improper((1,), Atom("b")))))

    def test_a_password_is_secret(self, link):
        seen = []
        found = ask(link, "secret", ask=lambda _prompt, secret: (seen.append(secret), "pw\n")[1])
        assert (found, seen) == ((Atom("got"), Charlist("pw\n")), [True])

    def test_a_menu_ends_where_there_is_no_input(self, link):
        assert ask(link, "menu") == Atom("no_choice")


class TestEndings:
    def test_errors_exits_and_throws(self, link):
        bad, (exit_, (reason, _stack)) = ask(link, "boom")
        assert (bad, exit_, reason) == ("badrpc", "EXIT", (Atom("boom"), Charlist("why")))
        assert ask(link, "throws") == Atom("thrown")
        assert ask(link, "exits") == ("badrpc", ("EXIT", "leaving"))
        assert ask(link, "x", module="nosuch")[1][1][0] == "undef"

    def test_a_limit_of_time_ends_the_waiting(self, link):
        with pytest.raises(TimedOut):
            ask(link, "waits", "60000", seconds=0.2)
        assert ask(link, "echo", 1, module="probe_terms") == 1

    def test_a_large_answer(self, link):
        assert len(ask(link, "binary", str(50 << 20))) == 50 << 20

    def test_one_that_is_too_large_is_refused(self, node):
        with connect(node, largest=1 << 20) as link, pytest.raises(MessageTooLarge, match=r"message of 2\d{6} bytes"):
            ask(link, "binary", str(2 << 20))

    def test_a_node_that_ends_meanwhile(self, tmp_path):
        node = real_servers.ErlangNode(tmp_path)
        try:
            with connect(node) as link, pytest.raises(NodeLost):
                ask(link, "halts")
        finally:
            node.stop()


class TestNotThere:
    def test_a_wrong_cookie(self, node):
        with pytest.raises(CookieRefused, match="from -c"):
            connect(node, cookie="wrong", cookie_source="-c").connect()

    def test_a_name_that_epmd_does_not_know(self, node):
        with pytest.raises(NodeNotRegistered, match=r"no node ecallmgr@localhost: .* knows kazoo_apps;"):
            connect(node, name="ecallmgr@localhost").connect()

    def test_no_epmd(self, node):
        with pytest.raises(NoPortMapper, match="connection refused"):
            connect(node, epmd_port=real_servers.free_port()).connect()

    def test_a_host_that_there_is_none(self, node):
        with pytest.raises(NoPortMapper):
            connect(node, host="host.invalid").connect()

    def test_a_port_that_is_closed_names_the_tunnel(self, node):
        port = real_servers.free_port()
        with pytest.raises(NodeUnreachable, match=rf"ssh -L {node.epmd_port}:127.0.0.1:{node.epmd_port} -L {port}:"):
            connect(node, host="", port=port).connect()

    def test_what_listens_and_says_nothing(self, node):
        def silent(_given):
            raise Silence

        with ByteServer(silent) as server, pytest.raises(NodeSilent, match="says nothing within 0.2 s") as error:
            Node(endpoint(node, port=server.port), own_host="localhost", connect_timeout=0.2, largest=1).connect()
        assert error.value.delivered is Delivered.NO

    def test_what_is_no_node(self, node):
        with ByteServer(lambda _given: [b"\0\x03abc"]) as server, pytest.raises(NotANode):
            connect(node, port=server.port).connect()


@pytest.mark.parametrize(("call", "arguments"), [("lists sum [[1,2,3]]", [[1, 2, 3]]), ("erlang node []", [])])
def test_it_has_the_results_that_erl_call_has(node, link, call, arguments):
    command = [real_servers.program("erl_call", "erlang-base"), "-sname", node.name, "-c", node.cookie, "-a", call]
    environment = {**os.environ, "ERL_EPMD_PORT": str(node.epmd_port)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    module, function, _arguments = call.split(" ")
    result = ask(link, function, *arguments, module=module)
    shown = ask(link, "format", Charlist("~w"), [result], module="io_lib")
    assert done.stdout.strip() == text_of(shown)
