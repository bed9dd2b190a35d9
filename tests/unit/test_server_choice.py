from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from kazoo_sup.errors import BadArgument, NotFound, ServerUnreachable, SupError, TimedOut
from kazoo_sup.outcome import Outcome
from kazoo_sup.output import exit_code
from kazoo_sup.servers import NoServers, SeveralServers, UnknownServer, ask_all, choose, gather, means_server
from kazoo_sup.settings import Server, ZoneSettings

FS1 = Server("esl://192.0.2.10:8021", None, "secret")
FS2 = Server("esl://192.0.2.11:8021")


def zone(**servers: Any) -> Any:
    return SimpleNamespace(name="east", settings=ZoneSettings(name="east", **servers))


TWO = zone(freeswitch={"fs1": FS1, "fs2": FS2})
ONE = zone(freeswitch={"fs1": FS1})


def test_all_means_every_server_in_the_order_of_the_settings():
    assert choose(TWO, "freeswitch", "all") == [("fs1", FS1), ("fs2", FS2)]
    assert choose(TWO, "freeswitch", "all", reading=False) == [("fs1", FS1), ("fs2", FS2)]


def test_a_name_means_its_server():
    assert choose(TWO, "freeswitch", "fs2") == [("fs2", FS2)]


def test_without_a_word_reading_asks_all_and_anything_else_only_the_one_there_is():
    assert choose(TWO, "freeswitch") == [("fs1", FS1), ("fs2", FS2)]
    assert choose(ONE, "freeswitch", reading=False) == [("fs1", FS1)]
    with pytest.raises(SeveralServers, match="name one of fs1, fs2, or all$"):
        choose(TWO, "freeswitch", reading=False)


def test_an_unknown_name_is_told_with_those_near_it():
    with pytest.raises(UnknownServer, match=r"^zone east has no FreeSWITCH server 'fs3'; did you mean fs[12]"):
        choose(TWO, "freeswitch", "fs3")
    with pytest.raises(UnknownServer, match=r"'media'; there is fs1, fs2$"):
        choose(TWO, "freeswitch", "media")


@pytest.mark.parametrize("word", [None, "all", "fs1"])
@pytest.mark.parametrize("kind", ["freeswitch", "kamailio", "haproxy", "rabbitmq_api"])
def test_where_none_is_configured_the_error_says_how_to_do_it(kind: str, word: str | None):
    with pytest.raises(NoServers, match=rf"zones: {{east: {{{kind}: .*give its address$"):
        choose(zone(), kind, word)


@pytest.mark.parametrize(
    ("kind", "word", "url"),
    [
        ("freeswitch", "esl://fs9:8021", "esl://fs9:8021"),
        ("freeswitch", "fs9.example.com:8021", "esl://fs9.example.com:8021"),
        ("freeswitch", "192.0.2.9", "esl://192.0.2.9"),
        ("freeswitch", "2001:db8::9", "esl://[2001:db8::9]"),
        ("freeswitch", "[2001:db8::9]:8021", "esl://[2001:db8::9]:8021"),
        ("kamailio", "127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("kamailio", "/run/kamailio.sock", "unix:/run/kamailio.sock"),
        ("kamailio", "fifo:/run/kamailio.fifo", "fifo:/run/kamailio.fifo"),
        ("haproxy", "lb:9999", "tcp://lb:9999"),
        ("haproxy", "/run/haproxy/admin.sock", "unix:/run/haproxy/admin.sock"),
        ("rabbitmq_api", "https://mq.example.com:15671", "https://mq.example.com:15671"),
    ],
)
def test_an_address_needs_no_settings(kind: str, word: str, url: str):
    assert choose(zone(), kind, word) == [(url, Server(url))]


def test_an_address_that_the_settings_know_has_their_credentials_and_name():
    assert choose(TWO, "freeswitch", "192.0.2.10:8021") == [("fs1", FS1)]
    proxy = Server("http://127.0.0.1:8080/RPC", "sup", "secret")
    sockets = {"one": Server("unix:/run/one.sock"), "two": Server("unix:/run/two.sock")}
    kamailio = zone(kamailio={"proxy": proxy, **sockets})
    assert choose(kamailio, "kamailio", "127.0.0.1:8080") == [("proxy", proxy)]
    assert choose(kamailio, "kamailio", "http://127.0.0.1:8080/else") == [
        ("http://127.0.0.1:8080/else", Server("http://127.0.0.1:8080/else"))
    ]
    assert choose(kamailio, "kamailio", "/run/two.sock") == [("two", sockets["two"])]


def test_the_only_management_api_goes_by_its_address():
    api = Server("http://127.0.0.1:15672", "guest", "guest")
    assert choose(zone(rabbitmq_api=api), "rabbitmq_api") == [("127.0.0.1:15672", api)]


@pytest.mark.parametrize(
    ("word", "expected"), [("fs1", True), ("all", True), ("192.0.2.9:8021", True), ("fs3", False), ("", False)]
)
def test_a_word_before_the_server_is_told_from_it(word: str, expected: bool):
    assert means_server(TWO, "freeswitch", word) is expected


@pytest.mark.parametrize("word", ["http://fs1:8021", "esl://", "esl://fs1:0", "fs1:99999"])
def test_an_address_that_cannot_be_used_is_refused(word: str):
    with pytest.raises(BadArgument, match=r"^SERVER: must be a URL"):
        choose(TWO, "freeswitch", word)


def test_a_secret_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(BadArgument, match="keep that in the settings") as refused:
        choose(TWO, "freeswitch", "esl://:hunter2@fs1:8021")
    assert "hunter2" not in str(refused.value)
    assert choose(TWO, "freeswitch", "esl://:ClueCon@fs1:8021")[0][1].password == "ClueCon"


def test_a_server_that_hangs_does_not_hide_the_others():
    release = threading.Event()

    def ask(name: str, server: Server) -> str:
        if name == "fs1":
            release.wait()
        return server.url

    asked = ask_all([("fs1", FS1), ("fs2", FS2)], ask, 0.5)
    assert next(asked) == ("fs2", FS2.url)
    ((name, error),) = asked
    release.set()
    assert name == "fs1"
    assert isinstance(error, TimedOut)
    assert "fs1" in str(error)


def test_answers_come_in_the_order_in_which_they_are_given():
    first_may_answer = threading.Event()

    def ask(name: str, server: Server) -> str:
        if name == "fs1":
            first_may_answer.wait(60)
        return name

    names = []
    for name, _ in ask_all([("fs1", FS1), ("fs2", FS2)], ask, 60):
        names.append(name)
        first_may_answer.set()
    assert names == ["fs2", "fs1"]


def refuse(name: str, _server: Server) -> str:
    raise ServerUnreachable(server="FreeSWITCH", address=name, reason="refused")


def refuse_the_first(name: str, server: Server) -> str:
    return refuse(name, server) if name == "fs1" else "up"


def test_one_that_fails_among_several_ends_the_run_partly_done():
    answers = gather([("fs1", FS1), ("fs2", FS2)], refuse_the_first, 60)

    assert answers.given == {"fs2": "up"}
    assert [str(error) for error in answers.errors] == ["cannot reach FreeSWITCH at fs1: refused"]
    assert exit_code(Outcome(**answers.ending()), maintenance=False) == 5


def test_when_all_fail_the_run_ends_with_their_error():
    answers = gather([("fs1", FS1), ("fs2", FS2)], refuse, 60)

    assert len(answers.errors) == 2
    assert exit_code(Outcome(**answers.ending()), maintenance=False) == ServerUnreachable.exit_code
    with pytest.raises(ServerUnreachable):
        gather([("fs1", FS1)], refuse, 60)


def test_when_none_fails_there_is_nothing_to_tell():
    answers = gather([("fs1", FS1), ("fs2", FS2)], lambda name, server: name, 60)

    assert list(answers.given) == ["fs1", "fs2"]
    assert answers.ending() == {}


def test_a_defect_is_raised_where_it_can_be_caught():
    def break_(name: str, server: Server) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gather([("fs1", FS1)], break_, 60)


def test_an_error_is_an_answer_of_its_own():
    def missing(name: str, server: Server) -> str:
        raise NotFound(server=name, what="channel")

    ((_, error),) = ask_all([("fs1", FS1)], missing, 60)
    assert isinstance(error, SupError)
