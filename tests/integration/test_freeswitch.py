"""The module freeswitch against an event socket: the tests' own, or FreeSWITCH's where SUP_TEST_ESL is its URL.

There the user of the socket must be free to do everything, and mod_loopback, mod_conference and mod_sofia be loaded.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from helpers.esl_server import EslServer, channel, gateway
from helpers.real_servers import AMPLE_SECONDS, SUP, running, until
from kazoo_sup.kazoo.zone import awaited

pytestmark = pytest.mark.integration

SECONDS = 600


@pytest.fixture
def own():
    """An event socket of the tests' own, which may be shut down."""
    with EslServer() as server:
        yield server


@pytest.fixture
def fs_url(request):
    return os.environ.get("SUP_TEST_ESL") or request.getfixturevalue("own").url


@pytest.fixture
def configured(tmp_path, environment):
    """Return a function that writes settings with servers and returns the environment that names them."""

    def write(**urls):
        file = tmp_path / "sup.yaml"
        servers = "".join(f"      {name}: {json.dumps(url)}\n" for name, url in urls.items())
        timeouts = f"    timeouts: {{connect: {SECONDS}, read: {SECONDS}}}\n"
        file.write_text(f"zones:\n  local:\n    freeswitch:\n{servers}{timeouts}", encoding="utf-8")
        file.chmod(0o600)
        return {**environment, "SUP_CONFIG": str(file)}

    return write


@pytest.fixture
def fs(sup, configured, fs_url):
    """Return a function that runs `sup freeswitch WORDS…` with one server, fs1."""
    env = configured(fs1=fs_url)
    return lambda *words, **more: sup("freeswitch", *words, env=env, **more)


def rows(run, *words):
    done = run(*words, "-f", "json")
    assert done.code == 0, done
    return json.loads(done.stdout)["rows"]


@pytest.fixture
def call(fs):
    """A channel that is parked, by its id; it is gone after the test."""
    name = str(uuid.uuid4())
    done = fs("originate", f"{{origination_uuid={name}}}loopback/answer,park/default/inline", "&park()")
    assert done == (0, f"+OK {name}\n", "")
    until(lambda: name in [row["uuid"] for row in rows(fs, "channels")], "the channel")
    yield name
    fs("uuid_kill", name)


@contextmanager
def beating(*servers):
    """Have servers fire an event again and again."""
    stopped = threading.Event()

    def beat():
        while not stopped.wait(0.05):
            for server in servers:
                server.fire("HEARTBEAT")

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


class TestBoth:
    """What holds for both servers."""

    def test_status_and_version(self, fs):
        (row,) = rows(fs, "status")
        assert (row["server"], row["state"]) == ("fs1", "ready")
        assert row["uptime_seconds"] >= 0
        assert isinstance(row["sessions"], int)
        assert row["max"] > 0
        assert fs("version").stdout.splitlines()[1].startswith("FreeSWITCH Version ")

    def test_a_call_is_seen_transferred_and_hung_up(self, fs, call):
        (row,) = [row for row in rows(fs, "channels") if row["uuid"] == call]
        assert row["name"].startswith("loopback/")
        assert call in fs("channels").stdout
        dump = json.loads(fs("uuid_dump", call, "-f", "json").stdout)["result"]
        assert dump["Unique-ID"] == call
        assert f"Unique-ID: {call}\n" in fs("uuid_dump", call).stdout
        assert fs("uuid_transfer", call, "park", "--dialplan", "inline") == (0, "+OK\n", "")
        assert fs("calls").code == 0
        assert fs("uuid_kill", call, "--cause", "USER_BUSY") == (0, "+OK\n", "")
        until(lambda: call not in [row["uuid"] for row in rows(fs, "channels")], "the end of the channel")
        assert fs("uuid_kill", call) == (3, "", f"sup: FreeSWITCH fs1 refused uuid_kill {call}: No such channel\n")

    def test_a_dry_run_does_nothing(self, fs, call):
        done = fs("uuid_kill", call, "--dry-run")
        assert (done.code, done.stdout) == (0, f"fs1 would be told: uuid_kill {call}\n")
        assert fs("uuid_dump", call).code == 0

    def test_a_conference_has_members_that_are_muted_and_kicked(self, fs):
        room, name = f"sup-{uuid.uuid4().hex[:8]}", str(uuid.uuid4())
        url = f"{{origination_uuid={name}}}loopback/answer,park/default/inline"
        assert fs("originate", url, f"&conference({room}@default)").code == 0
        until(lambda: fs("conference", "list", room).code == 0, "the conference")
        (member,) = rows(fs, "conference", "list", room)
        assert (member["conference"], member["uuid"], member["muted"]) == (room, name, False)
        assert fs("conference", "mute", room, member["id"]).stdout == f"+OK mute {member['id']}\n"
        assert [row["muted"] for row in rows(fs, "conference", "list", room)] == [True]
        assert fs("conference", "unmute", room, member["id"]).code == 0
        assert room in [row["conference"] for row in rows(fs, "conference", "list")]
        wrong = fs("conference", "kick", room, "99999")
        assert (wrong.code, wrong.stdout) == (3, "")
        assert fs("conference", "kick", room, member["id"]).code == 0
        until(lambda: fs("conference", "list", room).code == 3, "the end of the conference")
        fs("uuid_kill", name)

    @pytest.mark.parametrize(
        ("words", "columns"),
        [
            (("channels",), "uuid"),
            (("calls",), "uuid"),
            (("registrations",), "reg_user"),
            (("sofia_status",), "name"),
            (("gateways",), "gateway"),
            (("conference", "list"), "conference"),
            (("modules", "list", "mod_commands"), "type"),
        ],
    )
    def test_listings_have_headings_whatever_there_is(self, fs, words, columns):
        done = fs(*words)
        assert (done.code, done.stdout.split()[0], done.stderr) == (0, columns, "")
        assert isinstance(rows(fs, *words), list)

    def test_modules_are_listed_alone_or_all(self, fs):
        assert {"mod_commands", "mod_sofia"} <= {row["ikey"] for row in rows(fs, "modules", "list")}
        assert {row["ikey"] for row in rows(fs, "modules", "list", "mod_commands")} == {"mod_commands"}

    def test_access_lists(self, fs):
        assert [row["allowed"] for row in rows(fs, "acl_test", "127.0.0.1", "loopback.auto")] == [True]
        assert [row["allowed"] for row in rows(fs, "acl_test", "192.0.2.77", "loopback.auto")] == [False]

    @pytest.mark.parametrize(
        ("words", "answer"), [(("reload_acl",), "+OK acl reloaded\n"), (("reload_xml",), "+OK [Success]\n")]
    )
    def test_configuration_is_read_anew(self, fs, words, answer):
        assert fs(*words) == (0, answer, "")

    def test_the_log_level_is_shown_and_set(self, fs):
        before = fs("loglevel")
        number = before.stdout.rpartition("[")[2].strip("]\n")
        assert fs("loglevel", number) == before
        assert before.code == 0

    def test_new_calls_are_paused_and_resumed(self, fs):
        assert fs("pause", "--inbound") == (0, "+OK\n", "")
        assert fs("resume", "--inbound") == (0, "+OK\n", "")

    def test_any_command_of_the_api(self, fs):
        done = fs("api", "status")
        assert done.code == 0
        assert "is ready" in done.stdout

    @pytest.mark.parametrize(
        "words",
        [
            ("api", "no_such_command"),
            ("api", "show nonsense"),
            ("uuid_dump", "no-such-call"),
            ("uuid_kill", "no-such-call"),
            ("uuid_transfer", "no-such-call", "1000"),
            ("originate", "nonsense/1000", "1000"),
            ("profile", "rescan", "no-such-profile"),
            ("profile", "stop", "no-such-profile", "--yes"),
            ("sofia_status", "no-such-profile"),
            ("modules", "load", "no_such/module"),
            ("modules", "unload", "mod_no_such", "--yes"),
            ("modules", "list", "mod_no_such"),
            ("conference", "kick", "no-such-room", "1"),
            ("api", "sofia"),
            ("api", "conference no-such-room mute 1"),
            ("conference", "list", "no-such-room"),
        ],
    )
    def test_what_is_refused_never_ends_well(self, fs, words):
        done = fs(*words)
        assert (done.code, done.stdout) == (3, "")
        assert done.stderr.startswith("sup: FreeSWITCH")
        assert done.stderr.count("\n") == 1

    def test_events_are_followed_as_lines_of_json(self, fs, configured, fs_url):
        command = [SUP, "freeswitch", "events", "CHANNEL_CREATE,CHANNEL_HANGUP", "--count", "1", "--for", str(SECONDS)]
        with running(command, env=configured(fs1=fs_url), stdout=subprocess.PIPE, text=True) as following:

            def ended():
                name = fs("originate", "loopback/answer,park/default/inline", "&park()").stdout.split()[-1]
                fs("uuid_kill", name)
                return following.poll() is not None

            until(ended, "an event")
            (line,) = following.stdout.read().splitlines()
        event = json.loads(line)
        assert event["server"] == "fs1"
        assert event["Event-Name"] in ("CHANNEL_CREATE", "CHANNEL_HANGUP")

    def test_a_password_that_is_wrong(self, sup, configured, fs_url):
        address = urlsplit(fs_url).netloc.rpartition("@")[2]
        done = sup("freeswitch", "status", env=configured(fs1=f"esl://:hunter2@{address}"))
        assert (done.code, done.stdout) == (3, "")
        assert "refused the credentials" in done.stderr
        assert "hunter2" not in done.stderr


class TestOwn:
    """What is not done to a FreeSWITCH that others may use, and what it can not be made to do."""

    @pytest.fixture
    def fs(self, sup, configured, own):
        env = configured(fs1=own.url)
        return lambda *words, **more: sup("freeswitch", *words, env=env, **more)

    @pytest.fixture
    def two(self, sup, configured, own):
        """A function that runs `sup freeswitch WORDS…` with two servers, and the second server."""
        with EslServer(password="other") as second:
            second.channels["b"] = channel(uuid="b")
            own.channels["a"] = channel(uuid="a")
            env = configured(fs1=own.url, fs2=f"esl://:other@127.0.0.1:{second.port}")
            yield (lambda *words, **more: sup("freeswitch", *words, env=env, **more)), second

    @pytest.mark.parametrize(
        ("options", "how"),
        [((), "asap"), (("--when-idle",), "elegant"), (("--restart",), "asap restart"), (("--cancel",), "cancel")],
    )
    def test_it_is_shut_down_once_its_calls_have_ended(self, fs, own, options, how):
        assert fs("shutdown", *options, "--yes").code == 0
        assert own.shutdown == how

    @pytest.mark.parametrize(
        "words",
        [
            ("shutdown",),
            ("profile", "stop", "sipinterface_1"),
            ("profile", "restart", "sipinterface_1"),
            ("modules", "unload", "mod_sofia"),
            ("conference", "kick", "3000", "all"),
        ],
    )
    def test_what_ends_calls_takes_yes(self, fs, own, words):
        done = fs(*words)
        assert (done.code, done.stdout) == (3, "")
        assert "it takes --yes" in done.stderr
        assert not own.received

    def test_profiles_and_modules(self, fs, own):
        assert fs("profile", "stop", "sipinterface_1", "--yes").stdout.endswith("stopping: sipinterface_1\n")
        assert fs("profile", "restart", "sipinterface_1", "--yes").code == 3
        assert fs("profile", "start", "sipinterface_1").code == 0
        assert fs("profile", "rescan", "sipinterface_1").code == 0
        assert fs("sofia_status", "sipinterface_1").stdout.startswith("name")
        assert fs("modules", "load", "mod_test") == (0, "+OK Reloading XML\n+OK\n", "")
        assert "mod_test" in own.modules
        assert fs("modules", "unload", "mod_test", "--yes") == (0, "+OK\n", "")

    @pytest.mark.parametrize(
        "words",
        [
            ("uuid_kill", "a\n\napi fsctl shutdown now"),
            ("uuid_kill", "a b"),
            ("uuid_kill", "a", "--cause", "b\nc"),
            ("uuid_transfer", "a", "b", "--context", "c\rd"),
            ("originate", "a\nb", "c"),
            ("originate", "a", "b", "--answer-within", "0"),
            ("api", "status\n\napi version"),
            ("api", ""),
            ("acl_test", "192.0.2", "lan"),
            ("acl_test", "192.0.2.1", "lan x"),
            ("profile", "explode", "x"),
            ("profile", "stop"),
            ("modules", "load"),
            ("conference", "mute", "3000"),
            ("conference", "list", "a", "fs1", "fs1"),
            ("conference", "mute", "3000", "abc"),
            ("conference", "kick", "3000", "12x"),
            ("uuid_kill", "a", "--cause", "NOT_A_CAUSE"),
            ("events", "CHANNEL_CREATE,CHANEL_HANGUP"),
            ("events", "CUSTOM"),
            ("loglevel", "loud"),
            ("events", "--filter", "x"),
            ("events", "--filter", "Event-Name=HEARTBEAT, Event-Name=CHANNEL_CREATE"),
            ("events", "HEARTBEAT\n\napi version"),
            ("events", "--count", "-1"),
            ("events", "--for", "inf"),
            ("events", "--for", "nan"),
            ("originate", "a", "b", "--answer-within", "9" * 30),
            ("channels", "--limit", "0"),
            ("channels", "fs9"),
            ("channels", "http://fs1"),
            ("uuid_transfer", "a", "b", "--bleg", "--both"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_before_anything_is_sent(self, fs, own, words):
        done = fs(*words)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert not own.received

    @pytest.mark.parametrize("words", [("--inbound",), ("--outbound",), ()])
    def test_a_server_that_takes_no_calls_is_not_ready(self, fs, own, words):
        assert [row["state"] for row in rows(fs, "status")] == ["ready"]
        assert fs("pause", *words).code == 0
        paused = f"{words[0][2:]} paused" if words else "paused"
        assert [row["state"] for row in rows(fs, "status")] == [paused]

    @pytest.fixture
    def looking(self, monkeypatch):
        """Look often, where the program runs in this process."""
        monkeypatch.setattr(awaited, "EVERY", 0.01)

    @pytest.mark.parametrize("option", ["", "--inbound"])
    def test_a_pause_waits_for_the_last_call(self, fs, own, looking, option):
        own.channels["a"] = {**channel(uuid="a"), "direction": "inbound"}
        looks = []

        def last(command):
            looks.append(command)
            answer = getattr(own, f"_api_{command.partition(' ')[0]}")(command.partition(" ")[2])
            own.channels.pop("a", None)
            return answer

        own.answers |= {"status": last, "show": last}
        done = fs("pause", *filter(None, [option]), "--wait")
        assert (done.code, done.stdout, len(looks)) == (0, "+OK\n", 2)
        assert own.paused

    def test_who_does_not_wait_any_longer_hears_that_calls_go_on(self, fs, own):
        own.channels["a"] = channel(uuid="a")
        done = fs("pause", "--wait", "-t", "3")
        assert (done.code, bool(own.paused)) == (4, True)
        assert "the calls that are left go on, and new ones are refused" in done.stderr

    def test_a_shutdown_waits_until_nobody_answers(self, fs, own, looking):
        def end():
            until(lambda: own.shutdown, "the order")
            own.close()

        ending = threading.Thread(target=end)
        ending.start()
        done = fs("shutdown", "--wait", "--yes")
        ending.join()
        assert (done.code, done.stdout) == (0, "+OK shutdown begun\n")

    def test_a_restart_waits_until_it_runs_again(self, fs, own, looking):
        status, old, looks = own._api_status(""), "1 day, 2 hours", []

        def young(command):
            looks.append(command)
            return status if len(looks) < 4 else status.replace(old, "0 days, 0 hours")

        own.answers["status"] = young
        assert fs("shutdown", "--restart", "--wait", "--yes").code == 0
        assert (own.shutdown, len(looks)) == ("asap restart", 4)

    def test_a_pause_is_planned_and_then_done(self, sup, configured, fs, own, tmp_path):
        plan = tmp_path / "plan"
        done = fs("pause", "--inbound", "--plan", str(plan))
        assert (done.code, own.paused) == (0, set())
        done = sup("apply", str(plan), "-y", env=configured(fs1=own.url))
        assert (done.code, done.stdout, own.paused) == (0, "+OK\n", {"inbound"})

    @pytest.mark.parametrize(
        ("before", "words"),
        [
            (set(), ("pause",)),
            ({"inbound"}, ("pause",)),
            ({"inbound", "outbound"}, ("pause",)),
            ({"inbound"}, ("pause", "--inbound")),
            ({"outbound"}, ("pause", "--inbound", "--outbound")),
            ({"outbound"}, ("resume",)),
            (set(), ("resume", "--outbound")),
        ],
    )
    def test_an_undo_leaves_what_was_paused_before_as_it_was(self, sup, configured, fs, own, before, words):
        own.paused = set(before)
        assert fs(*words).code == 0
        sup("undo", "-y", env=configured(fs1=own.url))
        assert own.paused == before

    @pytest.mark.parametrize(("verb", "left"), [("mute", {True}), ("unmute", {False})])
    @pytest.mark.parametrize("who", ["all", "2", "last"])
    def test_an_undo_leaves_who_was_muted_before_so(self, sup, configured, fs, own, verb, left, who):
        facts = {"uuid": "u", "name": "n", "number": "1"}
        members = {number: {**facts, "muted": number == 2} for number in (1, 2, 3)}
        own.conferences["3000"] = members
        before = {number: facts["muted"] for number, facts in members.items()}
        assert fs("conference", verb, "3000", who).code == 0
        meant = {"all": (1, 2, 3), "last": (3,), "2": (2,)}[who]
        assert {members[each]["muted"] for each in meant} == left
        sup("undo", "-y", env=configured(fs1=own.url))
        assert {number: facts["muted"] for number, facts in members.items()} == before

    def test_an_undo_leaves_alone_who_has_left_or_was_heard_again(self, sup, configured, fs, own):
        facts = {"uuid": "u", "name": "n", "number": "1"}
        members = own.conferences["3000"] = {number: {**facts, "muted": False} for number in (1, 2, 3)}
        assert fs("conference", "mute", "3000", "all").code == 0
        del members[1]
        members[2]["muted"] = False
        done = sup("undo", "-y", env=configured(fs1=own.url))
        assert (done.code, members[3]["muted"]) == (0, False)
        assert done.stdout.endswith(": 1 deeds taken back, 2 unchanged\n")

    def test_an_undo_leaves_a_pause_that_somebody_ended_in_part(self, sup, configured, fs, own):
        assert fs("pause").code == 0
        own.paused = {"outbound"}
        done = sup("undo", "-y", env=configured(fs1=own.url))
        assert (done.code, own.paused, "it is left alone" in done.stderr) == (5, {"outbound"}, True)

    def test_a_shutdown_that_is_called_off_is_not_waited_for(self, fs, own):
        assert fs("shutdown", "--cancel", "--wait").code == 1
        assert not own.received

    def test_a_server_that_is_about_to_end_is_not_ready(self, fs):
        assert fs("shutdown", "--when-idle", "--yes").code == 0
        assert [row["state"] for row in rows(fs, "status")] == ["shutdown pending"]
        assert fs("shutdown", "--cancel").code == 0
        assert [row["state"] for row in rows(fs, "status")] == ["ready"]

    def test_what_a_server_does_not_tell_of_itself_is_said(self, fs, own):
        own.answers["fsctl"] = "-ERR Invalid command\n"
        done = fs("status")
        assert (done.code, "ready" in done.stdout) == (5, True)
        assert "does not tell of inbound calls and outbound calls and a shutdown" in done.stderr

    def test_a_gateway_that_does_not_answer_pings_is_down(self, fs, own):
        own.gateways = [gateway("up"), gateway("deaf", status="DOWN"), gateway("old", status="")]
        found = {row["gateway"].partition("::")[2]: (row["state"], row["status"]) for row in rows(fs, "gateways")}
        assert found == {"up": ("NOREG", "UP"), "deaf": ("NOREG", "DOWN"), "old": ("NOREG", None)}
        own.answers["sofia xmlstatus gateway"] = "Invalid Syntax!\n"
        assert [row["status"] for row in rows(fs, "gateways")] == [None, None, None]

    def test_a_list_that_is_not_there_lets_nobody_in_and_is_named(self, fs, own):
        own.acls["trusted"] = set()
        assert [row["allowed"] for row in rows(fs, "acl_test", "192.0.2.1", "trusted")] == [False]
        done = fs("acl_test", "192.0.2.1", "trustd")
        assert (done.code, done.stdout) == (3, "")
        assert "has no access list trustd; it has loopback.auto, trusted" in done.stderr
        own.answers["xml_locate"] = "can't find anything\n"
        assert [row["allowed"] for row in rows(fs, "acl_test", "192.0.2.1", "trustd")] == [False]

    def test_registrations_say_for_how_long_they_hold(self, fs, own):
        own.registrations = [{"reg_user": "1000", "realm": "sub1.example.com", "expires": str(int(time.time()) + 5000)}]
        (row,) = rows(fs, "registrations")
        assert 0 < row["expires"] <= 5000
        del own.registrations[0]["expires"]
        assert rows(fs, "registrations")[0]["expires"] is None

    def test_fields_that_a_server_does_not_send_are_empty(self, fs, own):
        own.channels["a"] = {"uuid": "a"}
        assert fs("channels").code == fs("calls").code == 0
        assert rows(fs, "channels") == [{"server": "fs1", "uuid": "a"}]

    @pytest.mark.parametrize(
        "words",
        [
            ("modules", "unload", "mod_event_socket", "--yes"),
            ("modules", "unload", "mod_commands", "--yes"),
            ("api", "unload -f mod_event_socket"),
            ("api", "reload mod_event_socket"),
        ],
    )
    def test_the_way_back_is_not_cut_off(self, fs, own, words):
        done = fs(*words)
        assert (done.code, done.stdout) == (3, "")
        assert "only its console can" in done.stderr
        assert not [line for line in own.received if "load" in line]

    def test_an_answer_that_is_a_usage_line_is_a_refusal(self, fs, own):
        own.conferences["3000"] = {}
        done = fs("api", "conference 3000 mute abc")
        assert (done.code, done.stdout) == (3, "")
        assert "usage: mute <[member_id|all]|last|non_moderator>" in done.stderr

    def test_an_event_that_a_server_does_not_have_is_named(self, fs, own):
        done = fs("events", "HEARTBEAT,CERT_RELOAD", "--for", "1")
        assert (done.code, done.stdout) == (3, "")
        assert "refused event CERT_RELOAD" in done.stderr

    def test_several_servers_are_asked_side_by_side(self, two):
        run, _ = two
        assert [(row["server"], row["uuid"]) for row in rows(run, "channels")] == [("fs1", "a"), ("fs2", "b")]
        assert [row["uuid"] for row in rows(run, "channels", "fs2")] == ["b"]
        assert run("status").stdout.split()[0] == "server"
        assert run("reload_acl", "all").stdout == "fs1: +OK acl reloaded\nfs2: +OK acl reloaded\n"

    def test_what_changes_something_must_name_one_of_several(self, two):
        run, second = two
        done = run("pause")
        assert (done.code, done.stdout) == (1, "")
        assert "name one of fs1, fs2, or all" in done.stderr
        assert run("pause", "fs2").code == 0
        assert second.paused

    def test_a_call_is_found_where_it_is(self, two, own):
        run, second = two
        assert run("uuid_kill", "b") == (0, "+OK\n", "")
        assert (list(own.channels), list(second.channels)) == (["a"], [])
        done = run("uuid_dump", "b")
        assert (done.code, done.stderr) == (3, "sup: zone local has no channel b\n")

    @pytest.mark.parametrize("command", ["uuid_kill", "uuid_dump"])
    def test_a_call_that_is_not_seen_may_be_on_a_server_that_is_dead(self, two, own, command):
        run, second = two
        second.close()
        done = run(command, "b")
        assert (done.code, done.stdout) == (5, "")
        assert "FreeSWITCH fs2" in done.stderr
        assert "fs1 has none" in done.stderr
        own.close()
        done = run(command, "b")
        assert (done.code, "FreeSWITCH fs1" in done.stderr, "FreeSWITCH fs2" in done.stderr) == (5, True, True)

    def test_a_dead_server_does_not_hide_the_other(self, two):
        run, second = two
        second.close()
        done = run("channels", "-f", "json")
        answer = json.loads(done.stdout)
        assert (done.code, answer["status"], answer["exit_code"]) == (5, "partial", 5)
        assert [row["uuid"] for row in answer["rows"]] == ["a"]
        assert [error["id"] for error in answer["errors"]] == ["ServerUnreachable"]
        assert run("channels", "fs2").code == 1

    def test_of_two_the_one_that_answers_is_named(self, two):
        run, second = two
        second.close()
        done = run("reload_xml", "all")
        assert (done.code, done.stdout) == (5, "fs1: +OK [Success]\n")
        assert "FreeSWITCH fs2" in done.stderr

    @pytest.mark.parametrize(
        ("words", "answer"),
        [(("reload_xml", "all"), "fs1: +OK [Success]\n"), (("channels",), "fs1")],
    )
    def test_when_time_is_up_what_the_living_answered_is_shown_and_the_hung_one_named(self, two, words, answer):
        run, second = two
        ended = threading.Event()
        second.run = lambda command: str(ended.wait(SECONDS))
        done = run("-t", str(AMPLE_SECONDS), *words)
        ended.set()
        assert done.code == 5, done
        assert answer in done.stdout
        assert "fs2" not in done.stdout
        assert f"timed out after {AMPLE_SECONDS} s waiting for fs2" in done.stderr

    def test_a_listing_that_hangs_on_its_way_hides_no_other(self, two, own):
        run, _ = two
        own.channels = {str(number): channel(number) for number in range(2000)}
        own.silent_after = 300_000
        done = run("-t", str(AMPLE_SECONDS), "channels", "-f", "json")
        answer = json.loads(done.stdout)
        assert (done.code, answer["exit_code"]) == (5, 5)
        assert {row["server"] for row in answer["rows"]} == {"fs1", "fs2"}

    def test_a_module_of_one_of_two_is_listed_and_the_other_named(self, two):
        run, second = two
        second.modules.discard("mod_sofia")
        done = run("modules", "list", "mod_sofia", "-f", "json")
        assert (done.code, [row["server"] for row in json.loads(done.stdout)["rows"]]) == (0, ["fs1"])
        assert "FreeSWITCH fs2 has no module mod_sofia" in done.stderr + done.stdout

    def test_when_all_are_dead_the_errors_are_all_there_is(self, two, own):
        run, second = two
        second.close()
        own.close()
        done = run("channels")
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.count("cannot reach FreeSWITCH") == 2

    def test_one_word_may_be_the_server(self, two):
        run, _ = two
        for words in (("loglevel", "fs2"), ("sofia_status", "fs2"), ("modules", "list", "fs2")):
            done = run(*words)
            assert done.code == 0
            assert "fs1" not in done.stdout
        assert run("conference", "list", "fs2").code == 0

    def test_a_server_is_meant_by_what_ecallmgr_calls_it(self, two, own):
        run, second = two
        second.hostname = "edge7.example.com"
        for word in ("freeswitch@fs2", "freeswitch@edge7", "edge7.example.com"):
            assert [row["uuid"] for row in rows(run, "channels", word)] == ["b"]
        assert run("pause", "freeswitch@edge7.example.com").code == 0
        assert (bool(second.paused), bool(own.paused)) == (True, False)
        assert run("channels", "freeswitch@edge8").code == 1

    def test_an_address_needs_no_settings(self, sup, own):
        assert sup("freeswitch", "version", own.url).code == 0
        assert sup("freeswitch", "version", f"127.0.0.1:{own.port}").code == 0
        done = sup("freeswitch", "version")
        assert done.code == 1
        assert "zones: {local: {freeswitch: {name: esl://" in done.stderr

    def test_events_of_several_servers_survive_a_restart_until_ctrl_c(self, two, own, configured):
        _, second = two
        env = configured(fs1=own.url, fs2=f"esl://:other@127.0.0.1:{second.port}")
        command = [SUP, "freeswitch", "events", "HEARTBEAT"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with running(command, env=env, **pipes) as following, beating(own, second):

            def heard(name):
                return json.loads(following.stdout.readline())["server"] == name

            until(lambda: heard("fs1"), "the first server")
            until(lambda: heard("fs2"), "the second server")
            second.drop()
            until(lambda: second.received.count("event json HEARTBEAT") == 2, "the second subscription")
            until(lambda: heard("fs2"), "the second server again")
            following.send_signal(signal.SIGINT)
            _, said = following.communicate(timeout=SECONDS)
        assert following.returncode == 130
        assert "FreeSWITCH fs2 is back" in said
        assert "Traceback" not in said

    def test_what_a_user_may_not_do(self, sup, configured):
        with EslServer(users={"sup@example.com": "secret"}) as server:
            server.permits = lambda command: command == "version"
            env = configured(fs1=f"esl://sup%40example.com:secret@127.0.0.1:{server.port}")
            assert sup("freeswitch", "version", env=env).code == 0
            for words in (("status",), ("channels",), ("originate", "loopback/1", "1"), ("shutdown", "-y")):
                done = sup("freeswitch", *words, env=env)
                assert (done.code, done.stdout) == (3, "")
                assert "permission denied" in done.stderr
