"""A real Kamailio, over every way to it: all the commands, what they refuse, and answers that are long."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helpers import real_servers
from kazoo_sup.settings import Server
from kazoo_sup.transports import kamailio as transport
from kazoo_sup.transports.kamailio.failures import AnswerTooLarge, KamailioRefused

pytestmark = pytest.mark.integration

WAYS = ("http", "datagrams", "udp", "fifo", "ctl", "ctl_tcp")
LONG = ("http", "fifo", "ctl", "ctl_tcp")
PATIENT = 600


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """Return a Kamailio without a broker, whose `urls` have every way but UDP."""
    proxy = real_servers.Kamailio(tmp_path_factory.mktemp("proxy"))
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Return another one, which takes its datagrams over UDP."""
    other = real_servers.Kamailio(tmp_path_factory.mktemp("other"), udp=True)
    yield other
    other.stop()


@pytest.fixture(scope="module")
def urls(proxy, other):
    return {**proxy.urls, "udp": other.urls["datagrams"]}


@pytest.fixture
def run(sup, tmp_path, urls):
    """Give `sup kamailio` with settings that name the first server by each of its ways, and the second `udp`."""
    file = tmp_path / "sup.yaml"
    file.write_text(json.dumps({"zones": {"local": {"kamailio": urls}}}), encoding="utf-8")

    def run(*words, **more):
        return sup("--config", str(file), "kamailio", *words, **more)

    return run


@pytest.fixture
def rows(run):
    """Return the rows that a command lists."""

    def rows(*words):
        done = run(*words, "-f", "json")
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)["rows"]

    return rows


@pytest.fixture
def done(run):
    """Run a command that must succeed, and return what it says."""

    def done(*words):
        finished = run(*words)
        assert finished.code == 0, finished.stderr
        return finished.stdout

    return done


@pytest.fixture
def phone(proxy):
    """Give a function that sends a SIP request as alice's phone and returns the status line of the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(PATIENT)
        contact = f"<sip:alice@127.0.0.1:{link.getsockname()[1]}>"

        def send(method, call_id):
            lines = [
                f"{method} sip:example.com SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{link.getsockname()[1]};branch=z9hG4bK{call_id}",
                "From: <sip:alice@example.com>;tag=1",
                "To: <sip:alice@example.com>",
                f"Call-ID: {call_id}",
                f"CSeq: 1 {method}",
                "Max-Forwards: 70",
                "User-Agent: Phone \x1b[31m",
                f"Contact: {contact}",
                "Expires: 600",
                "Content-Length: 0",
            ]
            link.sendto("".join(f"{line}\r\n" for line in [*lines, ""]).encode(), ("127.0.0.1", proxy.sip_port))
            return link.recv(4096).decode().partition("\r\n")[0]

        yield send


@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    def test_it_says_its_version(self, way, rows):
        [row] = rows("status", way)
        assert re.fullmatch(r"kamailio \d+\.\d+\.\d+", row["version"])
        assert (row["destinations"], row["registered"] is None) == (3, False)

    def test_a_refused_command_does_not_succeed(self, way, run):
        for words in (("htable", "dump", "nope", way), ("rpc", "no.such", "--server", way), ("tls", way)):
            done = run(*words)
            assert done.code == 3
            [sentence] = done.stderr.splitlines()
            assert "refused" in sentence
            assert done.stdout == ""

    def test_what_is_set_is_found(self, way, done, rows):
        assert done("htable", "set", "block", f"key {way}", "5", way).endswith("ok\n")
        [row] = rows("htable", "get", "block", f"key {way}", way)
        assert row == {"server": way, "key": f"key {way}", "value": 5, "expires": None}
        assert f"key {way}" in {row["key"] for row in rows("htable", "dump", "block", way)}
        done("htable", "delete", "block", f"key {way}", way)
        assert f"key {way}" not in {row["key"] for row in rows("htable", "dump", "block", way)}

    def test_text_keeps_its_letters_and_its_type(self, way, done, rows):
        done("htable", "set", "antiflood", "k", "s:5", way)
        assert rows("htable", "get", "antiflood", "k", way)[0]["value"] == "5"
        done("htable", "set", "antiflood", "k", "Zürich \\ \"'", way)
        assert rows("htable", "get", "antiflood", "k", way)[0]["value"] == "Zürich \\ \"'"

    def test_arguments_have_their_types(self, way, done):
        assert json.loads(done("rpc", "core.echo", "a", "s:5", "--server", way)) == ["a", "5"]
        done("rpc", "cfg.seti", "kazoo", "block_enable", "i:1", "--server", way)


def test_every_way_gives_the_same_answers(urls):
    calls = [
        ("dispatcher.list",),
        ("htable.listTables",),
        ("system.listMethods",),
        ("htable.dump", "block"),
        ("ul.dump",),
    ]
    for method, *arguments in [
        *calls,
        ("pike.list", "ALL"),
        ("core.info",),
        ("cfg.get", "core"),
        ("core.sockets_list",),
    ]:
        answers = [
            transport.call(Server(urls[way]), method, arguments, connect=PATIENT, read=PATIENT)
            for way in ("http", "datagrams", "fifo", "ctl", "ctl_tcp")
        ]
        assert all(answer == answers[0] for answer in answers), method


def test_all_servers_are_asked_unless_one_is_named(rows):
    assert {row["server"] for row in rows("uptime")} == set(WAYS)
    assert {row["server"] for row in rows("uptime", "all")} == set(WAYS)
    assert [row["server"] for row in rows("uptime", "ctl")] == ["ctl"]


def test_an_address_is_a_server(rows, urls):
    [row] = rows("uptime", urls["http"])
    assert row["seconds"] >= 0


def test_what_changes_something_takes_one_server(run):
    done = run("ban", "192.0.2.1")
    assert done.code == 1
    assert "name one of" in done.stderr


def test_one_server_that_is_down_does_not_hide_the_others(sup, tmp_path, urls):
    file = tmp_path / "down.yaml"
    kamailio = {"up": urls["ctl"], "down": f"binrpc:{tmp_path}/none"}
    file.write_text(json.dumps({"zones": {"local": {"kamailio": kamailio}}}), encoding="utf-8")
    done = sup("--config", str(file), "kamailio", "uptime")
    assert done.code == 5
    assert "up" in done.stdout
    assert "cannot reach Kamailio" in done.stderr


class TestDispatcher:
    def test_destinations_are_listed_by_set(self, rows):
        listed = [
            (row["set"], row["for"], row["destination"], row["state"]) for row in rows("dispatcher", "list", "ctl")
        ]
        assert listed == [
            (1, "media", "sip:127.0.0.1:11000", "active"),
            (1, "media", "sip:127.0.0.2:11000", "active"),
            (2, "media, backup", "sip:127.0.0.3:11000", "active"),
        ]

    def test_states_are_set(self, done, rows):
        for state, *options in (("disabled",), ("inactive", "--probing"), ("trying",), ("active",)):
            done("dispatcher", "set_state", "1", "127.0.0.2:11000", state, "fifo", *options)
            words = f"{state}, probing" if options else state
            assert rows("dispatcher", "list", "fifo")[1]["state"] == words

    def test_changes_that_follow_one_another_at_once_are_all_made(self, done, run, rows):
        new = "sip:127.0.0.9:11000"
        done("dispatcher", "add", "20", new, "ctl", "--priority", "3", "--attributes", "duid=x")
        [row] = [row for row in rows("dispatcher", "list", "ctl") if row["set"] == 20]
        assert (row["destination"], row["for"], row["priority"], row["attributes"]) == (new, "registrar", 3, "duid=x")
        assert run("dispatcher", "remove", "20", "sip:127.0.0.8:11000", "ctl").code == 3
        done("dispatcher", "remove", "20", new, "http")
        assert new not in {row["destination"] for row in rows("dispatcher", "list", "ctl")}
        done("dispatcher", "reload", "ctl")

    def test_a_dry_run_changes_nothing(self, done, rows):
        before = rows("dispatcher", "list", "ctl")
        assert "would" in done("--dry-run", "dispatcher", "set_state", "1", "127.0.0.2:11000", "disabled", "ctl")
        assert rows("dispatcher", "list", "ctl") == before


class TestRegistrations:
    AOR = "alice@example.com"

    def test_a_phone_is_shown_and_removed(self, phone, run, rows):
        assert phone("REGISTER", "one") == "SIP/2.0 200 OK"
        [row] = [row for row in rows("registrations", "list", "ctl") if row["aor"] == self.AOR]
        assert 0 < row["expires"] <= 600
        [row] = rows("registrations", "show", f"sip:{self.AOR}", "datagrams")
        assert row["call_id"] == "one"
        assert run("--dry-run", "registrations", "remove", self.AOR, "fifo").code == 0
        assert len(rows("registrations", "show", self.AOR, "http")) == 1
        assert run("registrations", "remove", self.AOR, "fifo").code == 0
        for words in ("show", "remove"):
            done = run("registrations", words, self.AOR, "ctl_tcp")
            assert done.code == 3
            assert "no registration" in done.stderr

    def test_what_a_phone_calls_itself_does_not_reach_the_terminal(self, phone, done):
        phone("REGISTER", "two")
        assert "\x1b" not in done("registrations", "show", self.AOR, "ctl")


class TestBans:
    def test_an_address_is_banned_and_let_in_again(self, done, run, rows):
        done("ban", "192.0.2.1", "ctl")
        done("ban", "192.0.2.1:5060", "http")
        done("rpc", "htable.seti", "antiflood", "al@x::192.0.2.1::5061::count", "4", "--server", "fifo")
        found = {(row["table"], row["address"], row["port"]) for row in rows("banned", "datagrams")}
        assert found == {("block", "192.0.2.1", None), ("block", "192.0.2.1", 5060), ("antiflood", "192.0.2.1", 5061)}
        done("unban", "192.0.2.1", "ctl")
        assert rows("banned", "ctl") == []
        assert run("unban", "192.0.2.1", "ctl").code == 3

    def test_what_belongs_to_the_zone_is_asked_about_first(self, run, rows):
        asked = run("ban", "127.0.0.2", "ctl")
        assert asked.code == 3
        assert "which is destination sip:127.0.0.2:11000 in set 1 (media) of ctl" in asked.stderr
        assert "nothing was done" in asked.stderr
        assert rows("banned", "ctl") == []
        assert run("--yes", "ban", "127.0.0.2", "ctl").code == 0
        assert run("unban", "127.0.0.2", "ctl").code == 0

    def test_one_that_hangs_does_not_hide_what_the_other_did(self, sup, tmp_path, urls, rows):
        """The run ends when its time is up, says what was done, and names who did not answer."""
        file = tmp_path / "hung.yaml"
        with socket.create_server(("127.0.0.1", 0)) as hung:
            kamailio = {"stuck": f"binrpc://127.0.0.1:{hung.getsockname()[1]}", "well": urls["ctl"]}
            settings = {"kamailio": kamailio, "couchdb": "http://127.0.0.1:1"}
            file.write_text(json.dumps({"zones": {"local": settings}}), encoding="utf-8")
            done = sup("--config", str(file), "-t", "20", "kamailio", "ban", "192.0.2.66", "all")
        assert done.code == 5
        assert "well: 192.0.2.66 is blocked in block" in done.stdout
        assert "timed out after 20 s waiting for stuck" in done.stderr
        assert [row["address"] for row in rows("banned", "ctl")] == ["192.0.2.66"]
        assert sup("--config", str(file), "kamailio", "unban", "192.0.2.66", "well").code == 0

    def test_a_proxy_that_does_not_block_is_warned_of(self, run):
        run("config", "set", "kazoo.block_enable", "0", "ctl")
        assert "switched off" in run("ban", "192.0.2.2", "ctl").stderr
        run("config", "set", "kazoo.block_enable", "1", "ctl")
        assert "switched off" not in run("ban", "192.0.2.2", "ctl").stderr
        run("unban", "192.0.2.2", "ctl")

    def test_a_time_that_the_table_would_forget_is_refused(self, run, rows, done):
        assert run("ban", "192.0.2.3", "ctl", "--seconds", "60").code == 1
        assert rows("banned", "ctl") == []
        done("ban", "192.0.2.3", "ctl", "--seconds", "60", "--table", "antiflood")
        assert rows("htable", "get", "antiflood", "192.0.2.3", "ctl")[0]["expires"]
        done("htable", "delete", "antiflood", "192.0.2.3", "ctl")


def test_calls_and_floods_are_shown(phone, rows):
    assert phone("INVITE", "call-1") == "SIP/2.0 180 Ringing"
    [row] = [row for row in rows("dialogs", "ctl") if row["call_id"] == "call-1"]
    assert (row["from"], row["to"]) == ("sip:alice@example.com", "sip:alice@example.com")
    for number in range(12):
        phone("OPTIONS", f"flood-{number}")
    assert [row["address"] for row in rows("pike", "list", "http")] == ["127.0.0.1"]
    assert [row["address"] for row in rows("pike", "list", "--hot", "fifo")] == ["127.0.0.1"]


def test_health_is_shown(rows, run):
    shared, private = rows("memory", "ctl")
    assert 0 < shared["used"] < shared["total"]
    processes = rows("processes", "fifo")
    assert private["total"] % (8 * 1024 * 1024) == 0
    assert all(process["used"] for process in processes)
    statistics = rows("stats", "core", "datagrams")
    assert all(row["statistic"].startswith("core:") for row in statistics)
    assert len(rows("stats", "all", "ctl")) > len(statistics)
    assert [row["statistic"] for row in rows("stats", "core:drop_requests", "ctl")] == ["core:drop_requests"]
    assert run("stats", "nope", "ctl").code == 3


def test_settings_are_shown_and_set(run, rows, done):
    values = {row["variable"]: row["value"] for row in rows("config", "get", "kazoo", "ctl")}
    assert values == {"kazoo.block_enable": 1, "kazoo.motto": "none"}
    done("config", "set", "kazoo.motto", "12", "http")
    assert rows("config", "get", "kazoo.motto", "ctl")[0]["value"] == "12"
    done("config", "set", "kazoo.motto", "none", "ctl")
    assert run("config", "set", "kazoo.block_enable", "yes", "ctl").code == 1
    assert run("config", "get", "kazoo.nope", "ctl").code == 3
    assert run("config", "get", "nope", "ctl").code == 1


def test_what_is_not_loaded_is_told(run):
    for words in (("presence", "list"), ("presence", "cleanup"), ("tls",)):
        done = run(*words, "ctl")
        assert done.code == 3
        assert "is the module loaded?" in done.stderr


@pytest.fixture(scope="module")
def full(urls):
    """Fill a table of both servers, and return how many entries it has from here."""
    entries = 3000
    for url in (urls["ctl"], urls["udp"]):
        for number in range(entries):
            arguments = ["antiflood", f"long-{number}", "v" * 60]
            transport.call(Server(url), "htable.sets", arguments, connect=PATIENT, read=PATIENT)
    return entries


class TestLongAnswers:
    @pytest.mark.parametrize("way", LONG)
    def test_they_come_whole(self, way, full, rows):
        found = [row for row in rows("htable", "dump", "antiflood", way) if row["key"].startswith("long-")]
        assert len(found) == full

    @pytest.mark.parametrize("way", ["datagrams", "udp"])
    @pytest.mark.usefixtures("full")
    def test_or_the_way_to_take_is_told(self, way, run):
        done = run("htable", "dump", "antiflood", way)
        assert done.code == 3
        assert "reach this server over fifo: on its own host, or over http: or binrpc:" in done.stderr

    @pytest.mark.usefixtures("full")
    def test_an_address_is_let_in_whatever_else_the_table_holds(self, run):
        assert run("ban", "192.0.2.77", "ctl").code == 0
        done = run("unban", "192.0.2.77", "datagrams")
        assert done.code == 5  # its failures go by other names in a table that is too long for this way
        assert done.stdout == "datagrams: ban of 192.0.2.77 removed\n"
        assert "other entries of antiflood about 192.0.2.77 were not looked for" in done.stderr

    def test_binrpc_has_a_limit_for_very_many_registrations(self, urls):
        ctl, http = Server(urls["ctl"]), Server(urls["http"])
        for number in range(2000):
            arguments = ["location", f"u{number}@example.org", f"sip:u{number}@192.0.2.1", 3600, 1.0, ".", 0, 0, 0]
            transport.call(ctl, "ul.add", arguments, connect=PATIENT, read=PATIENT)
        with pytest.raises(KamailioRefused, match="over fifo: for them"):
            transport.call(ctl, "ul.dump", connect=PATIENT, read=PATIENT)
        with pytest.raises(AnswerTooLarge):
            transport.call(Server(urls["datagrams"]), "ul.dump", connect=PATIENT, read=PATIENT)
        found = transport.call(http, "ul.dump", connect=PATIENT, read=PATIENT)
        assert found["Domains"]["Domain"]["Stats"]["Records"] >= 2000
        elsewhere = Server(urls["datagrams"], others=(ctl, Server(urls["fifo"])))
        found = transport.call(elsewhere, "ul.dump", connect=PATIENT, read=PATIENT)
        assert found["Domains"]["Domain"]["Stats"]["Records"] >= 2000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server that becomes another user")
def test_a_kamailio_of_another_user_answers_too():
    with TemporaryDirectory() as name:
        directory = Path(name)
        shutil.chown(directory, "nobody")
        directory.chmod(0o755)
        proxy = real_servers.Kamailio(directory, user="nobody")
        try:
            for url in proxy.urls.values():
                assert transport.call(Server(url), "core.echo", ["a"], connect=PATIENT, read=PATIENT) == "a"
        finally:
            proxy.stop()


def test_no_fifo_is_left_behind():
    assert not list(Path("/tmp").glob("kamailio_sup_*"))
