from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from kazoo_sup.errors import BadArgument, Interrupted, NotFound, ServerUnreachable, Stopped, SupError, TimedOut
from kazoo_sup.kazoo.zone.servers import (
    Answers,
    NoServers,
    OutOfTime,
    PartlyListed,
    SeveralServers,
    UnknownServer,
    ask_all,
    choose,
    gather,
    list_in_turn,
    means_server,
)
from kazoo_sup.results import OK, exit_code
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


def test_an_empty_word_is_not_taken_for_none():
    with pytest.raises(BadArgument, match="^SERVER: is empty$"):
        choose(ONE, "freeswitch", "", reading=False)


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

    asked = ask_all([("fs1", FS1), ("fs2", FS2)], ask, 3)
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
            first_may_answer.wait(600)
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
    assert exit_code(OK, answers.report, maintenance=False) == 5


def test_when_all_fail_the_run_ends_with_their_error():
    answers = gather([("fs1", FS1), ("fs2", FS2)], refuse, 60)

    assert len(answers.errors) == 2
    assert exit_code(OK, answers.report, maintenance=False) == ServerUnreachable.exit_code
    with pytest.raises(ServerUnreachable):
        gather([("fs1", FS1)], refuse, 60)


def test_when_none_fails_there_is_nothing_to_tell():
    answers = gather([("fs1", FS1), ("fs2", FS2)], lambda name, server: name, 60)

    assert list(answers.given) == ["fs1", "fs2"]
    assert answers.report is None


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


BOTH = [("fs1", FS1), ("fs2", FS2)]


@pytest.fixture
def stop() -> Iterator[Callable[[SupError], None]]:
    """Yield what stops the run with an error, as the alarm of -t and a signal from outside do; any thread may call."""
    ending: list[SupError] = []
    rung, ringing = threading.Event(), threading.Lock()

    def ring(_signal: int, frame: Any) -> None:
        # A signal that comes while nobody is waited for is a matter of the command line.
        if not rung.is_set() and frame.f_code.co_name in ("next_of", "_next", "_wait"):
            rung.set()
            raise Stopped(ending[0])

    def stop(error: SupError) -> None:
        ending.append(error)
        # Whoever is just about to wait hears of a signal only when it has waited, or of the next one.
        while not rung.wait(0.05):
            with ringing:
                if not rung.is_set():
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, ring)
    yield stop
    rung.set()
    with ringing:
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def hang() -> Iterator[Callable[[], bool]]:
    """Yield what blocks until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(600)
    over.set()


def test_what_was_answered_until_the_runs_time_was_up_is_kept_and_who_hangs_is_named(stop, hang):
    second_has_answered = threading.Event()

    def ask(name: str, _server: Server) -> str:
        if name == "fs1":
            second_has_answered.wait(600)
            stop(TimedOut(seconds=4, doing=""))
            hang()
        return "done"

    answers: dict[str, Any] = {}
    for name, answer in ask_all(BOTH, ask, 60):
        answers[name] = answer
        second_has_answered.set()
    assert answers["fs2"] == "done"
    assert str(answers["fs1"]) == "timed out after 4 s waiting for fs1"


def test_with_grace_one_that_hangs_keeps_the_others_only_for_a_moment(hang):
    def ask(name: str, _server: Server) -> str:
        if name == "fs1":
            hang()
        return "done"

    answers = dict(ask_all(BOTH, ask, 50, grace=0.05))
    assert answers["fs2"] == "done"
    assert isinstance(answers["fs1"], TimedOut)
    assert answers["fs1"].seconds < 50


def test_and_nobody_goes_on_with_them_when_there_is_no_time_left():
    late = OutOfTime(seconds=4, doing=" waiting for fs1")

    assert exit_code(OK, Answers({"fs2": "done"}, [late]).report, maintenance=False) == 5
    assert exit_code(OK, Answers({}, [late]).report, maintenance=False) == 4
    with pytest.raises(OutOfTime, match="waiting for fs1"):
        Answers({"fs2": "done"}, [late]).in_time()
    answers = Answers({"fs2": "done"}, [NotFound(server="fs1", what="channel")])
    assert answers.in_time() is answers


def test_whoever_interrupts_is_not_put_off(stop, hang):
    first_has_answered = threading.Event()

    def ask(name: str, _server: Server) -> None:
        if name == "fs2":
            first_has_answered.wait(600)
            stop(Interrupted())
            hang()

    answers = ask_all(BOTH, ask, 60)
    next(answers)
    with pytest.raises(Stopped):  # noqa: PT012 - the signal comes once the first answer has been taken
        first_has_answered.set()
        next(answers)


def test_a_listing_that_hangs_does_not_hide_those_after_it(hang):
    first_is_read = threading.Event()

    def rows(name: str, _server: Server) -> Iterator[int]:
        if name == "fs2":
            first_is_read.wait(600)
        yield 1
        if name == "fs1":
            hang()
        yield from range(2, 3000)

    found = list_in_turn(BOTH, rows, patience=0.01)
    assert next(found) == ("fs1", 1)
    first_is_read.set()
    assert [next(found) for _ in range(2999)] == [("fs2", row) for row in range(1, 3000)]


def test_when_the_runs_time_is_up_a_listing_gives_what_has_come(stop, hang):
    second_is_read = threading.Event()

    def rows(name: str, _server: Server) -> Iterator[int]:
        yield 1
        if name == "fs2":
            second_is_read.set()
            return
        second_is_read.wait(600)
        stop(TimedOut(seconds=4, doing=""))
        hang()

    found = list_in_turn(BOTH, rows, patience=60)
    assert [next(found), next(found)] == [("fs1", 1), ("fs2", 1)]
    with pytest.raises(PartlyListed, match="^timed out after 4 s waiting for fs1; what was listed is not all$"):
        next(found)


def test_servers_that_are_listed_one_after_the_other_are_asked_at_once():
    met = threading.Barrier(2)

    def rows(name: str, _server: Server) -> Iterator[str]:
        met.wait(600)
        yield name

    assert list(list_in_turn(BOTH, rows)) == [("fs1", "fs1"), ("fs2", "fs2")]
