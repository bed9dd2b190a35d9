"""What the facts of a zone mean to its doctor."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest

from kazoo_sup.errors import ServerUnreachable, TimedOut
from kazoo_sup.kazoo.carriers.verifying import Complaint, Verified
from kazoo_sup.kazoo.zone.doctor import access, carriers, certificates, clocks, databases, names, outbox, telephony
from kazoo_sup.kazoo.zone.doctor.clocks import Reading
from kazoo_sup.kazoo.zone.health.health import Health, State

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def told(findings):
    """Return state and subject of each finding; whatever is wrong says what to do."""
    found = list(findings)
    for each in found:
        assert each.do or each.state in (State.OK, State.UNKNOWN), each
    return [(str(each.state), each.subject) for each in found]


class TestClocks:
    def test_those_that_agree_are_one_finding(self):
        assert told(clocks.judge({"a": Reading(0.4, 0.5), "b": Reading(-0.3, 0.5)})) == [("ok", "")]

    @pytest.mark.parametrize(("ahead", "state"), [(3.0, "warning"), (-3.0, "warning"), (100.0, "critical")])
    def test_one_that_is_off_is_named(self, ahead, state):
        readings = {"a": Reading(0, 0.5), "b": Reading(0, 0.5), "c": Reading(ahead, 0.5)}
        assert told(clocks.judge(readings)) == [(state, "c")]

    def test_this_host_may_be_the_one_that_is_off(self):
        assert told(clocks.judge({"a": Reading(60, 0.5), "b": Reading(60, 0.5)})) == [("critical", clocks.HERE)]

    def test_what_may_come_from_a_slow_answer_is_no_skew(self):
        assert told(clocks.judge({"a": Reading(0, 0.5), "b": Reading(4, 3)})) == [("ok", "")]

    def test_without_a_reading_it_is_unknown(self):
        assert told(clocks.judge({})) == [("unknown", "")]

    def test_whoever_did_not_tell_the_time_does_not_agree(self):
        silent = TimedOut(seconds=5, doing=" waiting for b")
        assert told(clocks.judge({"a": Reading(0.4, 0.5), "b": silent})) == [("unknown", "b")]
        assert told(clocks.judge({"a": silent, "b": silent})) == [("unknown", "")]
        off = {"a": Reading(60, 0.5), "b": Reading(0, 0.5), "c": silent}
        assert told(clocks.judge(off)) == [("critical", "a"), ("unknown", "c")]

    def test_a_whole_second_is_read_as_its_middle(self):
        assert clocks.reading(told=100, before=99, after=101) == Reading(0.5, 1.5)

    @pytest.mark.parametrize("answer", ["", "-ERR no\n", "12.5"])
    def test_freeswitch_must_answer_with_seconds(self, answer):
        assert clocks.epoch("1795514400\n") == 1795514400
        with pytest.raises(ValueError, match="seconds"):
            clocks.epoch(answer)


class TestNames:
    @pytest.mark.parametrize(("cookie", "state"), [("change_me", "warning"), ("monster", "warning"), ("x9", "ok")])
    def test_a_cookie_that_everybody_knows_is_a_warning(self, cookie, state):
        assert told(names.judge_cookie(cookie)) == [(state, "")]

    @pytest.mark.parametrize(
        ("hosts", "expected"),
        [
            ({"a.example.com": (["kazoo_apps@a.example.com"], ["192.0.2.1"])}, [("ok", "")]),
            ({"a.example.com": (["kazoo_apps@a.example.com"], [])}, [("critical", "a.example.com")]),
            ({"a.example.com": (["x@a.example.com"], ["127.0.1.1", "::1"])}, [("warning", "a.example.com")]),
            ({"a.example.com": (["x@a.example.com"], ["127.0.1.1", "192.0.2.1"])}, [("ok", "")]),
            ({"localhost": (["http://localhost:5984"], ["127.0.0.1"])}, [("ok", "")]),
            (
                {"a": (["x@a"], ["192.0.2.1"]), "b.example.com": (["x@b.example.com"], ["192.0.2.2"])},
                [("critical", "nodes")],
            ),
            ({"a": (["http://a"], ["192.0.2.1"]), "b.c": (["x@b.c"], ["192.0.2.2"])}, [("ok", "")]),
        ],
    )
    def test_hosts_resolve_to_what_others_reach(self, hosts, expected):
        assert told(names.judge_names(hosts)) == expected

    def test_a_host_of_which_no_name_server_tells_is_not_said_not_to_resolve(self, monkeypatch):
        def silent(*_, **__):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        monkeypatch.setattr(socket, "getaddrinfo", silent)
        found = {"a.example.com": (["x@a.example.com"], names.resolved(["a.example.com"], 5)["a.example.com"])}
        assert told(names.judge_names(found)) == [("unknown", "a.example.com")]

    def test_hosts_that_could_not_be_found_out_are_not_among_those_that_resolve(self):
        silent = TimedOut(seconds=5, doing="")
        assert told(names.judge_names({}, silent)) == [("unknown", "FreeSWITCH"), ("ok", "")]


SBC = {"type": "allow", "network-list-name": "authoritative", "cidr": "192.0.2.20/32"}


class TestAccess:
    def judged(self, entries, **proxies):
        return told(access.judge(access.Facts({"ecallmgr@a": entries}, proxies)))

    def test_without_an_sbc_no_call_comes_in(self):
        carrier = {"type": "allow", "network-list-name": "trusted", "cidr": "192.0.2.9/32"}
        assert self.judged({}) == [("critical", "ecallmgr@a")]
        assert self.judged({"c": carrier, "p": {**SBC, "type": "deny"}}) == [("critical", "ecallmgr@a")]

    def test_every_proxy_must_be_one(self):
        assert self.judged({"p": SBC}, p1=["192.0.2.20"]) == [("ok", "")]
        assert self.judged({"p": SBC}, p1=["192.0.2.20"], p2=["192.0.2.21"]) == [("critical", "ecallmgr@a")]

    def test_a_proxy_whose_address_is_not_known_is_not_said_to_be_one(self):
        facts = access.Facts({"ecallmgr@a": {"p": SBC}}, {"p1": ["192.0.2.20"]}, lost=["p2"])
        assert told(access.judge(facts)) == [("unknown", "p2")]

    def test_odd_entries_are_warnings(self):
        assert self.judged({"p": SBC, "q": {**SBC, "cidr": "0.0.0.0/0"}}) == [("warning", "ecallmgr@a")]


class TestTelephony:
    def test_what_is_down_is_told_with_a_command_for_its_server(self):
        found = list(
            telephony.judge(
                [
                    Health("gateways", "fs1", State.WARNING, "1 of 2 up"),
                    Health("dispatcher", "p1 set 1", State.CRITICAL, "0 of 2 in use"),
                    Health("freeswitch", "fs1", State.OK, ""),
                ]
            )
        )
        assert told(found) == [("warning", "gateways fs1"), ("critical", "dispatcher p1 set 1")]
        assert found[1].do.startswith("sup kamailio dispatcher list p1;")

    def test_a_zone_without_any_is_unknown(self):
        assert told(telephony.judge([])) == [("unknown", "")]
        assert told(telephony.judge([Health("freeswitch", "fs1", State.OK, "")])) == [("ok", "")]


class TestDatabases:
    def test_missing_databases_and_views_are_told_with_the_command_that_brings_them(self):
        lacking = {f"numbers/+{number}": ["numbers"] for number in range(5)}
        found = list(databases.judge(databases.Facts(["accounts"], lacking, 9, 9)))
        assert told(found)[0] == ("critical", "accounts")
        assert found[1].subject == "numbers/+0, numbers/+1, numbers/+2 and 2 more"
        assert found[1].do.startswith("sup kapps_maintenance refresh numbers/+0")

    def test_what_there_was_no_time_for_is_unknown(self):
        assert told(databases.judge(databases.Facts((), {}, 3, 9))) == [("unknown", "")]
        assert told(databases.judge(databases.Facts((), {}, 9, 9))) == [("ok", "")]


def test_what_is_wrong_with_enabled_carriers_is_a_finding_each():
    wrong = Complaint(State.CRITICAL, "it refuses to be asked: no", "sup knm_telnyx configure --verify")
    modules = [Verified("knm_local", "fine"), Verified("knm_telnyx", "", (wrong,))]
    assert told(carriers.judge(modules)) == [("critical", "knm_telnyx")]
    assert told(carriers.judge(modules[:1])) == [("ok", "")]
    assert told(carriers.judge([])) == [("ok", "")]


def test_waiting_events_are_a_warning():
    (found,) = outbox.judge("east", 1)
    assert (found.state, found.found, found.do) == (
        "warning",
        "1 change event wait: nodes still use what they cached before",
        "sup -z east outbox flush",
    )
    assert told(outbox.judge("east", 0)) == [("ok", "")]


class TestCertificates:
    @pytest.mark.parametrize(
        ("days", "state"), [(90, "ok"), (31, "ok"), (29, "warning"), (8, "warning"), (6, "critical"), (-1, "critical")]
    )
    def test_they_are_told_before_they_expire(self, days, state):
        ((found, _),) = told(certificates.judge(NOW, {"ui": NOW + timedelta(days=days)}))
        assert found == state

    @pytest.mark.parametrize(
        ("expiry", "state"),
        [
            (None, "unknown"),
            (TimedOut(seconds=1, doing=""), "unknown"),
            (ServerUnreachable(server="s", address="h:1", reason="connection refused"), "unknown"),
            (
                ServerUnreachable(server="s", address="h:1", reason="its certificate is not trusted: expired"),
                "critical",
            ),
        ],
    )
    def test_those_that_are_not_trusted_are_critical_and_those_not_had_unknown(self, expiry, state):
        assert told(certificates.judge(NOW, {"ui": expiry})) == [(state, "ui")]

    def test_a_zone_without_tls_has_none(self):
        assert told(certificates.judge(NOW, {})) == [("ok", "")]
