"""FreeSWITCH itself in place of ecallmgr: channels, conferences, access lists, and channels that are hung up."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import pytest

from helpers.esl_server import EslServer
from helpers.esl_server import channel as row
from helpers.kazoo_nodes import channel, ecallmgr
from helpers.shown import cells

pytestmark = pytest.mark.integration

OLD = "00000000-0000-0000-0000-000000000001"
NEW = "00000000-0000-0000-0000-000000000002"
HANGUP = "hangup_long_running_channels"


@pytest.fixture
def fs():
    """A FreeSWITCH with an old and a new channel that an ecallmgr handled, both in a conference."""
    with EslServer() as server:
        server.hostname = "fs1"
        for name, age in ((OLD, 5000), (NEW, 5)):
            server.channels[name] = row(uuid=name, created_epoch=int(time.time()) - age)
            server.variables[name] = {
                "Call-Direction": "outbound",
                "Caller-Destination-Number": "1002",
                "variable_ecallmgr_Account-ID": "a" * 32,
                "variable_ecallmgr_Ecallmgr-Node": "ecallmgr@gone",
            }
        members = {
            number: {"uuid": name, "name": "Anna", "number": "1001", "muted": False}
            for number, name in ((1, OLD), (2, NEW))
        }
        server.conferences["room"] = members
        yield server


@pytest.fixture
def asking(at, broker, tmp_path):
    """Give `sup -n ecallmgr ecallmgr_maintenance` with settings that list FreeSWITCH servers by name."""

    def run(*words, servers, **more):
        urls = {name: server.url for name, server in servers.items()}
        file = tmp_path / "sup.yaml"
        file.write_text(json.dumps({"zones": {"local": {"freeswitch": urls, "amqp": broker.url}}}), encoding="utf-8")
        file.chmod(0o600)
        env = {"SUP_CONFIG": str(file), "SUP_AMQP_URL": broker.url}
        return at("-n", "ecallmgr@ops", "ecallmgr_maintenance", *words, env=env, **more)

    return run


@pytest.fixture
def nodes(broker):
    with ExitStack() as stack:
        yield lambda *words, **more: stack.enter_context(ecallmgr(broker.url, *words, **more))


def test_where_no_ecallmgr_is_freeswitch_tells_of_its_channels(asking, fs):
    done = asking("channel_summary", servers={"fs1": fs})
    assert (done.code, sorted(cells(done.stdout))) == (
        0,
        [[name, "freeswitch@fs1", "outbound", "1002", "a" * 32] for name in (OLD, NEW)],
    )
    assert "FreeSWITCH itself is asked: fs1" in done.stderr
    one = asking("channel_details", NEW, servers={"fs1": fs})
    assert f"\nuuid               : {NEW}\n\nFound 1 channels\n" in one.stdout
    assert OLD not in one.stdout


def test_where_no_ecallmgr_is_freeswitch_tells_of_its_conferences(asking, fs):
    done = asking("conference_summary", servers={"fs1": fs})
    ((name, node, count, seconds, account, local),) = cells(done.stdout)
    assert (name, node, count, seconds, account, local) == ("room", "freeswitch@fs1", "2", "77", "a" * 32, "true")
    shown = asking("conference_details", "room-room", servers={"fs1": fs}).stdout
    assert "\nRunning            : true\n" in shown
    assert shown.index(f"[2] {NEW}") < shown.index(f"[1] {OLD}")


def test_a_freeswitch_that_is_down_is_an_error_and_hides_no_other(asking, fs):
    with EslServer() as down:
        pass
    alone = asking("channel_summary", servers={"fs9": down})
    assert (alone.code, alone.stdout) == (1, "")
    both = asking("channel_summary", servers={"fs1": fs, "fs9": down})
    assert (both.code, len(cells(both.stdout))) == (5, 2)
    assert "FreeSWITCH fs9" in both.stderr


def test_an_ecallmgr_that_is_there_is_asked_and_freeswitch_is_not(asking, fs, nodes):
    nodes("ecallmgr@one", channels=[channel("c1")])
    assert [line[0] for line in cells(asking("channel_summary", servers={"fs1": fs}).stdout)] == ["c1"]
    assert fs.received == []


class TestHangingUp:
    def test_old_channels_are_hung_up_and_new_ones_go_on(self, asking, fs, nodes):
        nodes("ecallmgr@one", channels=[channel(OLD, handling_locally=True), channel(NEW)])
        done = asking(HANGUP, "10", servers={"fs1": fs})
        assert (done.code, done.stdout) == (
            0,
            'hanging up channels older than <<"10">> seconds\nhungup 1 channels\nok\n',
        )
        assert list(fs.channels) == [NEW]

    def test_without_an_ecallmgr_freeswitch_says_which_are_old(self, asking, fs):
        del fs.channels[NEW]["created_epoch"]
        done = asking(HANGUP, "100", servers={"fs1": fs})
        assert (done.code, done.stdout.splitlines()[1:]) == (0, ["hungup 1 channels", "ok"])
        assert list(fs.channels) == [NEW]

    def test_what_is_on_no_server_is_told_of(self, asking, fs, nodes):
        odd = [channel(name, handling_locally=True) for name in ("elsewhere", "with 'quotes'", OLD)]
        nodes("ecallmgr@one", channels=odd)
        done = asking(HANGUP, "10", servers={"fs1": fs})
        assert (done.code, list(fs.channels)) == (5, [NEW])
        assert "hungup 1 channels" in done.stdout
        assert "2 channels were not hung up" in done.stderr

    @pytest.mark.parametrize("command", ["uuid_dump", "uuid_kill"])
    def test_a_server_that_forbids_it_is_an_error(self, asking, fs, command):
        fs.permits = lambda order: not order.startswith(command)
        done = asking(HANGUP, "100", servers={"fs1": fs})
        assert (done.code, done.stdout, len(fs.channels)) == (3, "", 2)
        assert "permission denied" in done.stderr

    def test_a_dry_run_and_a_configured_age_of_0_hang_nothing_up(self, asking, fs):
        dry = asking("--dry-run", HANGUP, "100", servers={"fs1": fs})
        assert (dry.code, OLD in dry.stdout + dry.stderr, "hungup" in dry.stdout) == (0, True, False), dry
        unlimited = asking(HANGUP, servers={"fs1": fs})
        assert unlimited.stdout == "hanging up channels older than 0 seconds\nhungup 0 channels\nok\n"
        assert len(fs.channels) == 2

    def test_on_a_terminal_it_is_asked_first(self, asking, fs, nodes):
        nodes("ecallmgr@one", channels=[channel(OLD, handling_locally=True)])
        done = asking(HANGUP, "10", servers={"fs1": fs}, tty=True, input="n\n")
        assert done.code != 0
        assert "hang up 1 channels older than 10 seconds" in done.stdout
        assert len(fs.channels) == 2


def test_freeswitch_itself_says_whom_it_takes(asking, fs, nodes):
    fs.acls["trusted"] = {"192.0.2.1"}
    nodes("ecallmgr@one", servers=("freeswitch@fs1", "freeswitch@fs2"))
    of_all = asking("test_carrier_ip", "192.0.2.1", servers={"fs1": fs})
    assert of_all.stdout == (
        "IP 192.0.2.1 on node freeswitch@fs1 would be accepted\nIP 192.0.2.1 on node freeswitch@fs2 would be denied\n"
    )
    assert "worked out from the configured ACLs for freeswitch@fs2" in of_all.stderr
    one = asking("test_sbc_ip", "192.0.2.1", "freeswitch@fs1", servers={"fs1": fs})
    assert (one.stdout, one.stderr) == ("IP 192.0.2.1 on node freeswitch@fs1 would be denied\nok\n", "")


class TestNames:
    """A FreeSWITCH is meant by the name that ecallmgr, the settings or it itself has for it."""

    @pytest.fixture
    def far(self, fs):
        fs.hostname = "ip-192-0-2-1.example.com"
        return fs

    @pytest.mark.parametrize(
        "name",
        [
            "edge",
            "freeswitch@edge",
            "freeswitch@ip-192-0-2-1.example.com",
            "IP-192-0-2-1",
            "freeswitch@127.0.0.1",
        ],
    )
    def test_it_is_found_by_each_of_them(self, asking, far, name):
        for function, count in (("channel_summary", 2), ("conference_summary", 1)):
            done = asking(function, name, servers={"edge": far})
            assert (done.code, len(cells(done.stdout))) == (0, count), done.stderr
        assert "Found 1 nodes" in asking("node_details", name, servers={"edge": far}).stdout
        far.acls["trusted"] = {"192.0.2.1"}
        tested = asking("test_carrier_ip", "192.0.2.1", name, servers={"edge": far})
        assert (tested.code, tested.stdout) == (0, f"IP 192.0.2.1 on node {name} would be accepted\nok\n")

    def test_where_no_ecallmgr_is_there_it_goes_by_the_name_that_ecallmgr_would_give_it(self, asking, far):
        done = asking("test_sbc_ip", "192.0.2.1", servers={"edge": far})
        denied = "IP 192.0.2.1 on node freeswitch@ip-192-0-2-1.example.com would be denied\n"
        assert (done.code, done.stdout) == (0, denied), done.stderr

    def test_what_ecallmgr_tells_of_is_found_by_the_settings_name(self, asking, far, nodes):
        nodes("ecallmgr@one", channels=[channel("c1", node="freeswitch@ip-192-0-2-1.example.com"), channel("c2")])
        done = asking("channel_summary", "edge", servers={"edge": far})
        assert [line[0] for line in cells(done.stdout)] == ["c1"]
        assert asking("channel_summary", "fs1.example.org", servers={"edge": far}).stdout.count("c2") == 1

    def test_it_is_shown_by_the_name_that_ecallmgr_has_for_it(self, asking, far):
        asking("add_fs_node", "freeswitch@ip-192-0-2-1", servers={"edge": far})
        done = asking("channel_summary", servers={"edge": far})
        assert {line[1] for line in cells(done.stdout)} == {"freeswitch@ip-192-0-2-1"}

    def test_a_node_without_channels_has_none_and_one_that_is_not_there_is_an_error(self, asking, fs, nodes):
        nodes("ecallmgr@one", channels=[channel("c1", node="freeswitch@other")])
        none = asking("channel_summary", "fs1", servers={"fs1": fs})
        assert (none.code, none.stdout) == (0, "No channels found!\n")
        for function in ("channel_summary", "conference_summary"):
            wrong = asking(function, "freeswitch@nowhere", servers={"fs1": fs})
            assert (wrong.code, wrong.stdout) == (1, "")
            assert "no FreeSWITCH of zone local is called 'freeswitch@nowhere'" in wrong.stderr


def test_without_an_ecallmgr_the_servers_of_the_settings_read_their_acls_anew(asking, fs):
    done = asking("reload_acls", servers={"fs1": fs})
    assert (done.code, done.stdout) == (0, "issued reload ACLs to freeswitch@fs1\n")
    assert "api reloadacl" in fs.received
    with EslServer() as down:
        pass
    both = asking("reload_acls", servers={"fs1": fs, "fs9": down})
    assert (both.code, both.stdout) == (5, "issued reload ACLs to freeswitch@fs1\n")
    assert "FreeSWITCH fs9" in both.stderr


def test_an_ipv6_address_is_stored_with_its_mask(asking, fs):
    for words in (("allow_sbc", "six"), ("deny_carrier", "other")):
        done = asking(*words, "2001:db8::1", "true", servers={"fs1": fs})
        assert (done.code, "(2001:db8::1/128)" in done.stdout) == (0, True), done
    assert "2001:db8::1/128" in asking("sbc_acls", "true", servers={"fs1": fs}).stdout


def test_a_node_that_is_not_connected_tells_of_itself(asking, fs, nodes):
    nodes("ecallmgr@one")
    asking("add_fs_node", "freeswitch@fs1", servers={"fs1": fs})
    shown = asking("node_details", "freeswitch@fs1", servers={"fs1": fs}).stdout
    assert "\nClient      : 1.8.7  64bit\nConnected   : false\n" in shown
    fs.close()
    down = asking("node_details", "freeswitch@fs1", servers={"fs1": fs})
    assert (down.code, "\nClient      : undefined\n" in down.stdout) == (0, True)
    assert "cannot reach" in down.stderr


def test_a_call_is_looked_for_on_freeswitch(at, broker, fs, tmp_path):
    file = tmp_path / "sup.yaml"
    file.write_text(json.dumps({"zones": {"local": {"freeswitch": {"fs1": fs.url}}}}), encoding="utf-8")
    file.chmod(0o600)
    env = {"SUP_CONFIG": str(file), "SUP_AMQP_URL": broker.url}
    there = at("kapps_maintenance", "call_id_status", OLD, env=env)
    assert (there.code, there.stdout, f"channel {OLD}: Status: active" in there.stderr) == (0, "ok\n", True)
    gone = at("kapps_maintenance", "call_id_status", "nowhere", env=env)
    assert (gone.code, "no node knows of call nowhere" in gone.stderr) == (0, True)
