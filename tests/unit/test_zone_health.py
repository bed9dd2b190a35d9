"""What the answers of a zone's components mean."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace

import pytest

from kazoo_sup.errors import ExitCode, NotAuthorised, ServerRefused, ServerUnreachable, SettingsError, TimedOut
from kazoo_sup.kazoo.rabbitmq import alarms
from kazoo_sup.kazoo.zone.health import couchdb, freeswitch, haproxy, http, kamailio, nodes, rabbitmq
from kazoo_sup.kazoo.zone.health.health import Health, State, failed, trouble, worst

STATUS = {"state": "ready", "version": "1.10.9", "uptime": "1d 00:00:00", "sessions": 3, "max": 100, "idle_cpu": "95.0"}
PROXY = {"version": "kamailio 5.5.2", "uptime": "1:00:00", "shared_memory_used": "12%", "registered": 7}


def one(found):
    """Return the only health of some."""
    (health,) = found
    return health


def rows(*states):
    return [Health("a", str(number), State(state), "").row("east") for number, state in enumerate(states)]


class TestStates:
    @pytest.mark.parametrize(
        ("states", "expected"),
        [
            ([], "ok"),
            (["ok", "ok"], "ok"),
            (["ok", "unknown"], "unknown"),
            (["unknown", "warning"], "warning"),
            (["warning", "critical", "unknown", "ok"], "critical"),
        ],
    )
    def test_the_worst_counts(self, states, expected):
        assert worst(states) == expected

    @pytest.mark.parametrize(
        ("states", "code", "sentence"),
        [
            (["ok", "unknown"], ExitCode.PARTIAL, "1 unknown of 2"),
            (["unknown", "warning"], ExitCode.NOT_OK, "1 warning, 1 unknown of 2"),
            (["critical", "critical", "warning", "ok"], ExitCode.FAILED, "2 critical, 1 warning of 4"),
        ],
    )
    def test_the_worst_gives_the_exit_code(self, states, code, sentence):
        error = one(trouble(rows(*states)))
        assert (error.exit_code, str(error)) == (code, sentence)

    def test_where_all_is_ok_there_is_nothing_to_say(self):
        assert trouble(rows("ok", "ok")) == []
        assert trouble([]) == []


class TestWhoGivesNoAnswer:
    @pytest.mark.parametrize(
        ("error", "state", "summary"),
        [
            (
                ServerUnreachable(server="X", address="h:1", reason="connection refused"),
                "critical",
                "connection refused",
            ),
            (ServerUnreachable(server="X", address="h:1", reason="h:1: no such host"), "critical", "no such host"),
            (TimedOut(seconds=3, doing=" waiting"), "critical", "no answer within 3 s"),
            (TimedOut(seconds=0.73, doing=" waiting"), "unknown", "no answer within 0.7 s"),
            (ServerUnreachable(server="X", address="h:1", reason="no connection", seconds=0.5), "unknown", None),
            (ServerUnreachable(server="X", address="h:1", reason="no answer", seconds=2.9), "unknown", None),
            (ServerUnreachable(server="X", address="h:1", reason="no answer", seconds=5), "critical", None),
            (ServerRefused(server="X", status=503, request="GET /", reason="overload"), "critical", None),
            (ServerRefused(server="X", status=404, request="GET /", reason="not there"), "unknown", None),
            (NotAuthorised(server="X", address="h:1", reason=""), "unknown", None),
            (SettingsError(source="sup.yaml:3", reason="the password file does not exist"), "unknown", None),
        ],
    )
    def test_is_down_and_of_whoever_answers_strangely_it_is_unknown(self, error, state, summary):
        found = failed("x", "h:1", error)
        assert found.state == state
        assert found.summary in (summary, str(error), error.reason)
        assert found.details["message"] == str(error)


class TestFreeSWITCH:
    @pytest.mark.parametrize(
        ("more", "state"),
        [
            ({}, "ok"),
            ({"state": "not ready"}, "critical"),
            ({"state": "not ready, paused"}, "critical"),
            ({"state": "inbound paused"}, "warning"),
            ({"state": "shutdown pending"}, "warning"),
            ({"unknown": ["inbound calls"]}, "unknown"),
            ({"sessions": 100}, "critical"),
            ({"sessions": 90}, "warning"),
            ({"sessions": 89}, "ok"),
            ({"idle_cpu": "9.5"}, "warning"),
            ({"idle_cpu": None, "max": None, "sessions": None, "uptime": None, "version": None}, "ok"),
        ],
    )
    def test_a_server_is_well_while_it_is_ready_and_has_room(self, more, state):
        assert one(freeswitch.judge("fs1", ({**STATUS, **more}, []))).state == state

    @pytest.mark.parametrize(
        ("states", "state", "summary"),
        [
            (["REGED/UP", "NOREG/UP", "TRYING/UP"], "ok", "3 of 3 up"),
            (["REGED/UP", "FAIL_WAIT/DOWN"], "warning", "1 of 2 up; gw1 FAIL_WAIT, DOWN"),
            (["REGED/UP", "NOREG/DOWN"], "warning", "1 of 2 up; gw1 NOREG, DOWN"),
            (["NOREG/DOWN"], "critical", "0 of 1 up; gw0 NOREG, DOWN"),
            (["TRYING/DOWN"], "warning", "0 of 1 up; gw0 TRYING, DOWN"),
            (["FAILED (retry: 3s)", "UNREGED"], "critical", "0 of 2 up; gw0 FAILED (retry: 3s), gw1 UNREGED"),
            (["REGED", "NOREG"], "unknown", "1 of 2 up; gw1 NOREG, whether it answers is not known"),
        ],
    )
    def test_gateways_are_one_row_that_names_those_that_are_down(self, states, state, summary):
        gateways = [
            {"gateway": f"external::gw{number}", "state": each.partition("/")[0], "status": each.partition("/")[2]}
            for number, each in enumerate(states)
        ]
        server, found = freeswitch.judge("fs1", (STATUS, gateways))
        assert (server.state, found.state, found.summary) == ("ok", state, summary)


class TestKamailio:
    def destinations(self, number, *states):
        return [{"set": number, "destination": f"sip:192.0.2.{n}", "state": s} for n, s in enumerate(states, 1)]

    @pytest.mark.parametrize(
        ("number", "states", "state"),
        [
            (1, ["active, probing", "trying"], "ok"),
            (1, ["active", "inactive, probing"], "warning"),
            (1, ["inactive", "disabled"], "critical"),
            (2, ["inactive", "disabled"], "warning"),
            (77, ["inactive"], "critical"),
        ],
    )
    def test_a_set_without_a_destination_in_use_is_critical_unless_it_backs_another_up(self, number, states, state):
        server, found = kamailio.judge("p1", (PROXY, self.destinations(number, *states)))
        assert (server.state, found.name, found.state) == ("ok", f"p1 set {number}", state)

    def test_each_set_has_a_row(self):
        _, *sets = kamailio.judge("p1", (PROXY, self.destinations(1, "active") + self.destinations(20, "active")))
        assert [each.summary for each in sets] == ["1 of 1 media in use", "1 of 1 registrar in use"]

    @pytest.mark.parametrize(
        ("used", "destinations", "state"), [("90%", None, "warning"), ("1%", [], "warning"), ("1%", None, "ok")]
    )
    def test_full_memory_and_an_empty_dispatcher_are_warnings(self, used, destinations, state):
        assert one(kamailio.judge("p1", ({**PROXY, "shared_memory_used": used}, destinations))).state == state


class TestHAProxy:
    def stats(self, *servers, frontend="OPEN", sessions="1", limit="10"):
        front = {
            "pxname": "web",
            "svname": "FRONTEND",
            "type": "0",
            "status": frontend,
            "scur": sessions,
            "slim": limit,
        }
        back = {"pxname": "bigcouch", "svname": "BACKEND", "type": "1", "status": "UP"}
        listed = [
            {"pxname": "bigcouch", "svname": f"db{number}", "type": "2", "status": status, "weight": "1"}
            for number, status in enumerate(servers)
        ]
        return [front, *listed, back]

    @pytest.mark.parametrize(
        ("servers", "state", "summary"),
        [
            (["UP", "no check"], "ok", "2 of 2 servers up"),
            (["UP", "DOWN"], "warning", "1 of 2 servers up; db1 DOWN"),
            (["MAINT"], "critical", "0 of 1 servers up; db0 MAINT"),
        ],
    )
    def test_a_backend_is_as_its_servers_are(self, servers, state, summary):
        itself, backend = haproxy.judge("lb1", self.stats(*servers))
        assert itself.state == "ok"
        assert (backend.name, backend.state, backend.summary) == ("lb1/bigcouch", state, summary)

    def test_a_server_that_is_up_and_gets_nothing_is_told_with_its_weight(self):
        stats = [{**each, "weight": "0"} if each["type"] == "2" else each for each in self.stats("UP")]
        backend = list(haproxy.judge("lb1", stats))[1]
        assert (backend.state, backend.summary) == ("critical", "0 of 1 servers up; db0 UP, weight 0")

    @pytest.mark.parametrize("more", [{"frontend": "STOP"}, {"sessions": "10"}])
    def test_a_frontend_that_takes_nobody_is_a_warning(self, more):
        assert one(haproxy.judge("lb1", self.stats(**more))).state == "warning"


class TestRabbitMQ:
    @pytest.mark.parametrize(
        ("node", "state"),
        [
            ({"running": True}, "ok"),
            ({"running": True, "mem_alarm": True}, "critical"),
            ({"running": False}, "critical"),
            ({"running": True, "partitions": ["rabbit@b"]}, "critical"),
            ({"running": True, "fd_used": 95, "fd_total": 100}, "warning"),
        ],
    )
    def test_what_blocks_publishers_is_critical(self, node, state):
        well = {"mem_alarm": False, "disk_free_alarm": False, "fd_used": 1}
        assert (
            one(rabbitmq.judge_nodes("mq", alarms.judge([{"name": "rabbit@a", **well, **node}], None))).state == state
        )

    def test_alarms_that_are_not_told_are_unknown(self):
        found = one(rabbitmq.judge_nodes("mq", alarms.judge([{"name": "rabbit@a", "running": True}], None)))
        assert found.state == "unknown"
        assert "does not tell of alarms" in found.summary

    def test_consumers_that_are_not_told_are_unknown(self):
        found = one(rabbitmq.judge_queues("mq", [self.queue("a", None)]))
        assert (found.state, found.summary) == ("unknown", "1 queue; whether a has consumers is not known")

    def test_a_broker_without_statistics_is_told_in_one_line(self):
        found = one(rabbitmq.judge_queues("mq", [self.queue(f"q{number}", None) for number in range(55)]))
        assert (found.state, found.summary) == (
            "unknown",
            "55 queues; whether 55 of them have consumers is not known",
        )
        assert nodes.on_bus([self.queue("ecallmgr@h-ecallmgr_x-<0.1.0>-00000000", None)]) is None
        mixed = one(rabbitmq.judge_queues("mq", [self.queue("a", None), self.queue("b", 0)]))
        assert mixed.state == "warning"

    def test_but_a_queue_that_is_new_on_a_node_that_tells_counts_for_nothing(self):
        new = {**self.queue("b", None), "new": True}
        assert one(rabbitmq.judge_queues("mq", [self.queue("a"), new])).state == "ok"
        assert nodes.on_bus([new]) == {}
        assert one(rabbitmq.judge_queues("mq", [self.queue("a"), {**new, "new": False}])).state == "unknown"

    def queue(self, name, consumers=1, messages=0, state="running"):
        return {"queue": name, "consumers": consumers, "messages": messages, "state": state}

    def test_queues_without_consumers_are_named_with_the_app_that_should_listen(self):
        found = one(rabbitmq.judge_queues("mq", [self.queue("a"), self.queue("hooks_listener", 0, 5)]))
        assert found.state == "warning"
        assert found.summary == "2 queues; 1 without consumers: hooks_listener (core); 5 messages wait there"

    def test_no_more_than_three_are_named(self):
        found = one(rabbitmq.judge_queues("mq", [self.queue(f"q{number}", 0) for number in range(5)]))
        assert "q0, q1, q2 and 2 more" in found.summary
        assert found.details["without_consumers"] == ["q0", "q1", "q2", "q3", "q4"]

    def test_a_queue_that_is_down_is_critical(self):
        assert one(rabbitmq.judge_queues("mq", [self.queue("a", 0, state="down")])).state == "critical"

    def test_queues_that_somebody_consumes_are_ok(self):
        assert one(rabbitmq.judge_queues("mq", [self.queue("a")])).summary == "1 queue, all with consumers"


class TestCouchDB:
    @pytest.mark.parametrize(("up", "state"), [("ok", "ok"), ("unknown", "ok"), ("maintenance_mode", "warning")])
    def test_a_coordinator_that_wants_no_requests_is_a_warning(self, up, state):
        assert one(couchdb.judge("db1:5984", ("CouchDB 3.3.0", up))).state == state

    def test_members_are_as_their_rows_say(self):
        common = {"uptime": None, "memory_mb": None}
        found = couchdb.judge_members(
            [
                {"node": "a", "state": "up", "wrong": None, **common, "memory_mb": 40},
                {"node": "b", "state": "up", "wrong": "maintenance_mode is true", **common},
                {"node": "c", "state": "down", "wrong": "not connected with the node that answers", **common},
            ]
        )
        assert [(each.name, each.state) for each in found] == [("a", "ok"), ("b", "warning"), ("c", "critical")]

    def test_where_nobody_knows_the_members_there_is_no_row(self):
        assert list(couchdb.judge_members(None)) == []

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (
                NotAuthorised(server="CouchDB", address="db1:5984", reason=": You are not a server admin."),
                NotAuthorised,
            ),
            (ServerRefused(server="CouchDB", status=500, request="GET /_membership", reason="x"), ServerRefused),
            (ServerUnreachable(server="CouchDB", address="db1:5984", reason="connection refused"), None),
        ],
    )
    def test_who_may_not_see_the_members_does_not_take_them_for_none(self, monkeypatch, error, expected):
        def refused(*_):
            raise error

        monkeypatch.setattr(couchdb.nodes, "status", refused)
        connected = SimpleNamespace(couchdb_at=lambda *_, **__: SimpleNamespace(close=lambda: None))
        limits = SimpleNamespace(connect=5, read=5)
        zone = SimpleNamespace(name="z", connections=connected, settings=SimpleNamespace(timeouts=limits))
        ask = partial(couchdb._members, zone, {"db1:5984": None})
        with pytest.raises(expected) if expected else nullcontext():
            assert ask() is None


class TestHTTP:
    @pytest.mark.parametrize(
        ("status", "body", "state"),
        [
            (200, b'{"request_id": "1", "version": "4.3.1"}', "ok"),
            (401, b'{"request_id": "1"}', "ok"),
            (500, b'{"request_id": "1"}', "critical"),
            (502, b"<html>Bad Gateway</html>", "critical"),
            (200, b"<html></html>", "unknown"),
            (404, b"[1]", "unknown"),
            (200, b"[" * 100_000, "unknown"),
        ],
    )
    def test_crossbar_answers_in_its_own_way(self, status, body, state):
        assert one(http.judge_crossbar("api1", http.Answer(status, body))).state == state

    @pytest.mark.parametrize(
        ("status", "body", "state"),
        [
            (200, b"<!DOCTYPE html>\n<HTML lang='en'>", "ok"),
            (302, b"", "ok"),
            (404, b"<html>", "warning"),
            (503, b"<html>", "critical"),
            (200, b"hello", "unknown"),
        ],
    )
    def test_monster_ui_is_a_page(self, status, body, state):
        assert one(http.judge_monster_ui("ui1", http.Answer(status, body))).state == state
