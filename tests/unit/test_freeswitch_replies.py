from __future__ import annotations

import pytest
from esl_server import RULE, EslServer

from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.freeswitch import orders, replies, words

REFUSALS = [
    ("nope", "-ERR nope Command not found!\n", "nope Command not found"),
    ("uuid_transfer", "-ERR\n", "it gave no reason"),
    ("uptime x", "-USAGE: [us] [ms]\n", "usage: [us] [ms]"),
    ("fsctl x", "-ERR Invalid command\nUSAGE: fsctl [x]\n", "Invalid command USAGE: fsctl [x]"),
    ("fsctl x", "INVALID COMMAND\nUSAGE: fsctl [x]\n", "INVALID COMMAND USAGE: fsctl [x]"),
    ("sofia x", "INVALID COMMAND!\n", "INVALID COMMAND"),
    ("load x", "+OK Reloading XML\n-ERR [module load file routine returned an error]\n", "module load file routine"),
    ("sofia profile x rescan", "Reload XML [Success]\n-ERR cannot find config for profile x\n", "cannot find config"),
    ("sofia profile x start", "Reload XML [Success]\nFailure starting x\n", "Failure starting x"),
    ("sofia profile x stop", "Invalid Profile [x]", "Invalid Profile [x]"),
    (
        "sofia profile x stop",
        "Profile x must be up for at least 10 seconds to stop/restart.\nPlease wait",
        "must be up",
    ),
    ("sofia status profile x", "Invalid Profile!\n", "Invalid Profile"),
    ("conference x kick 1", "Conference x not found\n", "Conference x not found"),
    ("conference x kick 1", "Non-Existant ID 1\n", "Non-Existant ID 1"),
    ("reloadxml", "+OK [[error near line 3]: unexpected closing tag]\n", "error near line 3"),
    ("originate x", "-ERR NO_ANSWER\n", "NO_ANSWER"),
    ("status", "Command returned no output!", "Command returned no output"),
]

ANSWERS = [
    ("reloadxml", "+OK [Success]\n"),
    ("reloadacl", "+OK acl reloaded\n"),
    ("load mod_x", "+OK Reloading XML\n+OK\n"),
    ("sofia profile x start", "Reload XML [Success]\nx started successfully\n"),
    ("sofia profile x stop", "Reload XML [Success]\nstopping: x"),
    ("acl 192.0.2.1 x", "false"),
    ("show channels", "\n0 total.\n"),
    ("show channels as json", '{"row_count":1,"rows":[{"cid_name":"-ERR"}]}'),
    ("uuid_getvar", "text\n-ERR in a variable\n"),
    ("conference x mute all", "+OK mute 1\n+OK mute 2\n"),
    ("api", ""),
]


@pytest.mark.parametrize(("command", "answer", "reason"), REFUSALS)
def test_a_refusal_is_seen_whatever_its_words(command: str, answer: str, reason: str):
    assert reason in str(replies.refusal(command, answer))


@pytest.mark.parametrize(("command", "answer"), ANSWERS)
def test_an_answer_is_not_taken_for_a_refusal(command: str, answer: str):
    assert replies.refusal(command, answer) is None


def test_the_status_is_taken_apart():
    with EslServer() as server:
        found = replies.status(server.run("status"))
    assert found == {
        "version": "1.8.7  64bit",
        "state": "ready",
        "sessions": 0,
        "peak": 12,
        "max": 1000,
        "since_startup": 42,
        "per_second": 1,
        "idle_cpu": "97.20",
        "uptime": "1d 02:03:04",
        "uptime_seconds": 93_784,
    }


def test_what_a_status_does_not_say_is_none():
    found = replies.status("FreeSWITCH is ready\n" + "9" * 5000 + " session(s) max\n")
    assert {value for name, value in found.items() if name != "state"} == {None}


@pytest.mark.parametrize("understand", [replies.status, replies.truth, replies.table, replies.fields])
@pytest.mark.parametrize("answer", ["", "\0\xff", "+OK", "<xml/>", "9" * 5000])
def test_what_is_no_answer_is_unclear(understand, answer: str):
    with pytest.raises(replies.Unclear):
        understand(answer)


def test_tables_are_read_by_their_headings_so_that_newer_columns_do_not_shift_them():
    old = (
        f"Profile::Gateway-Name\t Data \tState\tIB Calls(F/T)\n{RULE}\n a::b\t sip:x \tREGED\t1/2\n{RULE}\n1 gateway\n"
    )
    new = old.replace("State\t", "State\tPing Time\t").replace("REGED\t", "REGED\t  0.50\t")
    row = {"gateway": "a::b", "data": "sip:x", "state": "REGED", "calls_in": "1/2"}
    assert list(replies.table(old)) == [row]
    assert list(replies.table(new)) == [{**row, "ping": "0.50"}]
    assert list(replies.table(f"Name\tType\n{RULE}\n{RULE}\n0 profiles\n")) == []


def test_lines_of_several_servers_begin_with_their_names():
    assert list(replies.lines({"fs1": "+OK\n"})) == ["+OK"]
    assert list(replies.lines({"fs1": "a\nb\n", "fs2": "+OK"})) == ["fs1: a", "fs1: b", "fs2: +OK"]


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a\tb", "a\nb", "a\rb", "a\0b", "it's", "a\\", "${system(x)}", "\u2028"]
)
def test_what_would_be_more_than_one_argument_is_no_word(text: str):
    with pytest.raises(ValueError):
        words.word(text)


@pytest.mark.parametrize("text", ["mod_sofia", "1000@sub1.example.com", "user=1", "$x", "café", "a;b"])
def test_anything_else_is_a_word(text: str):
    assert words.word(text) == text


@pytest.mark.parametrize("text", ["192.0.2", "example.com", "", "192.0.2.1 trusted"])
def test_an_address_must_be_one(text: str):
    with pytest.raises(ValueError):
        words.ip_address(text)


def test_a_log_level_is_a_name_or_a_number():
    assert [words.level(text) for text in ("DEBUG", "7", "debug10", "17")] == ["debug", "7", "debug10", "17"]
    for wrong in ("18", "-1", "loud", "debug11", "٣"):
        with pytest.raises(BadArgument, match="console, alert"):
            words.level(wrong)


def test_an_argument_with_blanks_is_grouped_unless_its_writer_has_done_so():
    assert words.grouped("&bridge(user/1 2)") == "'&bridge(user/1 2)'"
    assert words.grouped("{a='b c'}user/1") == "{a='b c'}user/1"
    assert words.grouped("&park()") == "&park()"


def test_a_name_is_quoted_so_that_it_stays_one():
    assert words.quoted("Anna") == "Anna"
    assert words.quoted("Anna B") == "'Anna B'"
    assert words.quoted("O'Neil \\") == r"'O\'Neil \\'"


def test_orders_have_their_words_in_freeswitchs_places():
    assert orders.kill("u", "") == "uuid_kill u"
    assert orders.kill("u", "USER_BUSY") == "uuid_kill u USER_BUSY"
    assert orders.transfer("u", "500", "", "", "") == "uuid_transfer u 500"
    assert orders.transfer("u", "500", "-both", "", "east") == "uuid_transfer u -both 500 XML east"
    assert orders.originate("user/1", "&park()", 30) == "originate user/1 &park() undef undef undef undef 30"
    assert (
        orders.originate("user/1", "500", 5, dialplan="XML", context="c", caller_id_name="A B", caller_id_number="7")
        == "originate user/1 500 XML c 'A B' 7 5"
    )
    assert orders.shutdown(when_idle=False, restart=False) == "fsctl shutdown asap"
    assert orders.shutdown(when_idle=True, restart=True) == "fsctl shutdown elegant restart"
    assert orders.take_calls("pause", inbound=True, outbound=False) == "fsctl pause inbound"
    assert orders.take_calls("pause", inbound=True, outbound=True) == "fsctl pause"


@pytest.mark.parametrize(
    ("option", "order"),
    [
        ("--cause", lambda: orders.kill("u", "a b")),
        ("--context", lambda: orders.transfer("u", "500", "", "", "a\nb")),
        ("--caller-id-name", lambda: orders.originate("u", "500", 5, caller_id_name="a\nb")),
        ("--answer-within", lambda: orders.originate("u", "500", 0)),
    ],
)
def test_an_option_that_cannot_be_sent_is_refused_by_its_name(option: str, order):
    with pytest.raises(BadArgument, match=f"^{option}: "):
        order()
