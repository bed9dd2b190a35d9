from __future__ import annotations

import pytest

from helpers.esl_server import RULE, EslServer, gateway
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.freeswitch import gateways, names, orders, replies, syntax

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
    ("sofia", "USAGE:\n------------------\nsofia global siptrace <on|off>\n", "usage: sofia global siptrace <on|off>"),
    ("sofia profile x siptrace", "Usage: sofia profile <name> siptrace <on/off>\n", "usage: sofia profile <name>"),
    ("conference a mute b", "mute <[member_id|all]|last> [<quiet>]", "usage: mute <[member_id|all]|last> [<quiet>]"),
    ("conference a count b", "count ", "usage: count"),
    ("conference a", "Conference command, not specified.\nTry 'help'\n", "not specified"),
    ("conference", "conference list [delim <string>]\n", "usage: conference list"),
    ("limit_usage", "USAGE: limit_usage <backend> <realm> <id>\n", "usage: limit_usage <backend>"),
    ("nat_map", "-usage: status\n", "usage: status"),
    ("uuid_media x", "-ERROR\n", "it gave no reason"),
    ("sofia profile x register y", "Invalid gateway!\n", "Invalid gateway"),
    ("sofia_contact 1000@x", "error/user_not_registered", "error/user_not_registered"),
    ("stun x", "-STUN Failed! [timeout]\n", "-STUN Failed! [timeout]"),
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
    ("sofia help", "USAGE:\n----\nsofia global siptrace <on|off>\n"),
    ("conference help", "conference list [delim <string>]\n"),
    ("echo usage: this", "usage: this"),
    ("global_getvar x", "error/of_mine"),
    ("uuid_getvar c mute", "mute <b>"),
    ("conference a list", "1;sofia/x/a;b <c>\n"),
    ("version", "FreeSWITCH Version 1.8.7 [x]\n"),
]


@pytest.mark.parametrize(("command", "answer", "reason"), REFUSALS)
def test_a_refusal_is_seen_whatever_its_words(command: str, answer: str, reason: str):
    assert reason in str(replies.refusal(command, answer))


def test_a_reason_is_one_line_that_does_nothing_to_a_terminal():
    found = replies.refusal("status", "-ERR \x1b[2Jgone\r\nand\u202e more" + "x" * 5000)
    assert found is not None
    assert found.isprintable()
    assert found.startswith("[2Jgone and more")
    assert len(found) < 400


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
    assert list(replies.lines({"fs1": "+OK\n"}, several=False)) == ["+OK"]
    assert list(replies.lines({"fs1": "a\nb\n", "fs2": "+OK"}, several=True)) == ["fs1: a", "fs1: b", "fs2: +OK"]


def test_the_only_one_of_several_that_answers_is_named():
    assert list(replies.lines({"fs1": "+OK\n"}, several=True)) == ["fs1: +OK"]


@pytest.mark.parametrize(
    ("state", "inbound", "outbound", "ending", "shown", "unknown"),
    [
        ("ready", False, False, False, "ready", []),
        ("ready", True, False, False, "inbound paused", []),
        ("ready", False, True, False, "outbound paused", []),
        ("not ready", True, True, False, "not ready, paused", []),
        ("ready", False, False, True, "ready, shutdown pending", []),
        ("not ready", True, True, True, "not ready, paused, shutdown pending", []),
        ("ready", None, False, None, "ready", ["inbound calls", "a shutdown"]),
    ],
)
def test_a_server_that_calls_itself_ready_may_take_no_calls(state, inbound, outbound, ending, shown, unknown):
    found = replies.standing({"state": state}, {"inbound": inbound, "outbound": outbound}, ending)
    expected = shown.removeprefix("ready, ")
    assert (found["state"], found["unknown"]) == (expected, unknown)
    assert (found["shutdown_pending"], found["paused"]) == (
        ending,
        [name for name, held in (("inbound", inbound), ("outbound", outbound)) if held],
    )


def told(*found: dict[str, str]) -> str:
    tags = ["".join(f"<{tag}>{text}</{tag}>\n" for tag, text in each.items()) for each in found]
    return "<?xml?>\n<gateways>\n" + "".join(f"<gateway>\n{each}</gateway>\n" for each in tags) + "</gateways>\n"


def test_gateways_are_read_also_where_their_values_would_break_xml():
    (row,) = gateways.of_xml(told(gateway("a")))
    assert row["data"] == "sip:user@a.example.com;transport=udp&x"
    found = {key: row[key] for key in ("gateway", "state", "status", "ping", "calls_in", "calls_out")}
    assert found == {
        "gateway": "sipinterface_1::a",
        "state": "NOREG",
        "status": "UP",
        "ping": 0.5,
        "calls_in": "1/20",
        "calls_out": "0/7",
    }
    assert "password" not in row


def test_of_gateways_only_the_name_must_be_told():
    (row,) = gateways.of_xml("<gateways>\n<gateway>\n<name>a</name>\n</gateway>\n</gateways>")
    assert row["gateway"] == "a"
    assert {row[key] for key in row if key != "gateway"} == {None}
    assert gateways.of_xml(told()) == []
    with pytest.raises(replies.Unclear):
        gateways.of_xml("Invalid Gateway!\n")


@pytest.mark.parametrize(
    ("state", "status", "so"),
    [
        ("NOREG", "UP", "up"),
        ("NOREG", "DOWN", "down"),
        ("REGED", "DOWN", "down"),
        ("REGED", "UP", "up"),
        ("TRYING", "UP", "up"),
        ("TRYING", "DOWN", "about to register"),
        ("TRYING (retry: 3s)", "DOWN", "about to register"),
        ("FAIL_WAIT", "DOWN", "down"),
        ("REGED", None, "up"),
        ("NOREG", None, "unknown"),
        ("TRYING", None, "unknown"),
        ("FAILED (retry: 3s)", None, "down"),
        (None, None, "unknown"),
    ],
)
def test_whether_calls_go_to_a_gateway_is_what_freeswitch_says_of_it(state, status, so):
    assert gateways.condition({"state": state, "status": status}) == so


def test_causes_and_events_must_be_known():
    assert [names.cause(text) for text in ("", "USER_BUSY", "user_busy", "17")] == ["", "USER_BUSY", "user_busy", "17"]
    for wrong in ("NOT_A_CAUSE", "USER_BUSI", "17x", "4", "9" * 50, "\u0661\u0667"):
        with pytest.raises(BadArgument, match="^--cause: "):
            names.cause(wrong)
    assert names.subscriptions("CHANNEL_CREATE, channel_hangup") == ["CHANNEL_CREATE", "CHANNEL_HANGUP"]
    assert names.subscriptions("") == ["ALL"]
    assert names.subscriptions("DTMF,CUSTOM,sofia::register,x::y") == ["DTMF", "CUSTOM sofia::register x::y"]
    with pytest.raises(BadArgument, match="'CHANEL_HANGUP' is not an event of FreeSWITCH; is it CHANNEL_HANGUP"):
        names.subscriptions("CHANNEL_CREATE,CHANEL_HANGUP")
    with pytest.raises(BadArgument, match="comes after CUSTOM"):
        names.subscriptions("sofia::register")
    with pytest.raises(BadArgument, match="alone matches nothing"):
        names.subscriptions("CUSTOM")


@pytest.mark.parametrize("text", ["7", "last", "all", "non_moderator", "origination_caller_id_number=1000"])
def test_a_member_is_a_number_or_a_word_for_some(text: str):
    assert syntax.member(text) == text


@pytest.mark.parametrize("text", ["12x", "abc", "-1", "", "a b"])
def test_what_freeswitch_would_take_for_another_member_is_none(text: str):
    with pytest.raises(ValueError):
        syntax.member(text)


@pytest.mark.parametrize(
    "command",
    [
        "unload mod_event_socket",
        "unload -f mod_commands",
        "reload mod_event_socket",
        "bgapi unload mod_event_socket",
        "sched_api +1 none UNLOAD mod_event_socket",
        "unload /usr/lib/freeswitch/mod/mod_event_socket.so",
    ],
)
def test_what_carries_the_commands_is_not_taken_away(command: str):
    with pytest.raises(orders.CutsOff):
        orders.refuse_to_cut_off(command)


def test_what_takes_nothing_away_goes_on():
    for command in ("load mod_event_socket", "unload mod_sofia", "module_exists mod_commands", "reloadxml"):
        orders.refuse_to_cut_off(command)


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        ("hupall", True),
        ("fsctl hupall normal_clearing", True),
        ("shutdown", True),
        ("fsctl shutdown now", True),
        ("fsctl crash", True),
        ("sofia profile a restart", True),
        ("conference 1 kick all", True),
        ("reload mod_sofia", True),
        ("fsctl shutdown cancel", False),
        ("fsctl shutdown_check", False),
        ("reloadxml", False),
        ("reloadacl", False),
        ("sofia profile a rescan", False),
        ("status", False),
    ],
)
def test_what_ends_calls_is_known(command: str, ends: bool):
    assert orders.ends_calls(command) is ends


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a\tb", "a\nb", "a\rb", "a\0b", "it's", "a\\", "${system(x)}", "\u2028"]
)
def test_what_would_be_more_than_one_argument_is_no_word(text: str):
    with pytest.raises(ValueError):
        syntax.word(text)


@pytest.mark.parametrize("text", ["mod_sofia", "1000@sub1.example.com", "user=1", "$x", "café", "a;b"])
def test_anything_else_is_a_word(text: str):
    assert syntax.word(text) == text


@pytest.mark.parametrize("text", ["192.0.2", "example.com", "", "192.0.2.1 trusted"])
def test_an_address_must_be_one(text: str):
    with pytest.raises(ValueError):
        syntax.ip_address(text)


def test_a_log_level_is_a_name_or_a_number():
    assert [syntax.level(text) for text in ("DEBUG", "7", "debug10", "17")] == ["debug", "7", "debug10", "17"]
    for wrong in ("18", "-1", "loud", "debug11", "٣"):
        with pytest.raises(BadArgument, match="console, alert"):
            syntax.level(wrong)


def test_an_argument_with_blanks_is_grouped_unless_its_writer_has_done_so():
    assert syntax.grouped("&bridge(user/1 2)") == "'&bridge(user/1 2)'"
    assert syntax.grouped("{a='b c'}user/1") == "{a='b c'}user/1"
    assert syntax.grouped("&park()") == "&park()"


def test_a_name_is_quoted_so_that_it_stays_one():
    assert syntax.quoted("Anna") == "Anna"
    assert syntax.quoted("Anna B") == "'Anna B'"
    assert syntax.quoted("O'Neil \\") == r"'O\'Neil \\'"


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
