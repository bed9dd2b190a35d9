"""What Kamailio answers, as rows; arguments; and who is banned."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kazoo_sup.arguments import kamailio as arguments
from kazoo_sup.command import bind
from kazoo_sup.commands import kamailio as commands
from kazoo_sup.errors import BadArgument, NotFound, ServerUnreachable, SupError
from kazoo_sup.kazoo import kamailio
from kazoo_sup.kazoo.kamailio import (
    Ask,
    UnexpectedReply,
    bans,
    belonging,
    calls,
    configuration,
    dispatcher,
    health,
    htables,
    presence,
    registrations,
)
from kazoo_sup.kazoo.kamailio.arguments import stored, typed
from kazoo_sup.kazoo.kamailio.bans import Source
from kazoo_sup.settings import Server, ZoneSettings
from kazoo_sup.transports.kamailio import each, shaped
from kazoo_sup.transports.kamailio.failures import KamailioRefused, Peer
from kazoo_sup.zone import Run, Session

FAILED = {
    "al@x.com::192.0.2.1::5060::count": 4,
    "al@x.com::192.0.2.1::5060::last": 1_700_000_000,
    "bo@x.com::192.0.2.1::count": 7,
    "bo@x.com::192.0.2.11::count": 3,
    "cy@x.com::2001:db8::1::5060::count": 9,
}

RECORD = {"AoR": "a@x", "Contacts": {"Contact": {"Address": "sip:a@h", "Expires": 60, "User-Agent": "[not set]"}}}

DOING = SimpleNamespace(run=Run(Session()))
PLANNING = SimpleNamespace(run=Run(Session(), dry_run=True))


class Tables:
    """Hash tables as Kamailio keeps them, behind the commands that bans use."""

    def __init__(self, **tables):
        self.tables = tables
        self.expiring = set()
        self.settings = {}
        self.asked = []
        self.ask = Ask("proxy", self.call)

    def call(self, method, arguments):
        self.asked.append((method, *arguments))
        match method, arguments:
            case "htable.listTables", _:
                return shaped([{"name": name, "expire": 60 * (name in self.expiring)} for name in self.tables])
            case "htable.dump", [table]:
                found = [{"name": key, "value": value, "type": "int"} for key, value in self.tables[table].items()]
                return shaped([{"entry": 1, "size": 1, "slot": [entry]} for entry in found])
            case "htable.seti", [table, key, value]:
                self.tables[table][key] = value
                return "Ok"
            case "htable.setex", [_, _, _]:
                return "Ok"
            case "htable.delete", [table, key]:
                if self.tables[table].pop(key, None) is None:
                    raise Peer("here", method).refused(404, "Key not found in htable.")
                return "Ok"
            case "htable.get", [table, key]:
                if key not in self.tables[table]:
                    raise Peer("here", method).refused(500, "Key name doesn't exist in htable.")
                return {"item": {"name": key, "value": self.tables[table][key]}}
            case "system.listMethods", _:
                return ["cfg.list", "cfg.get"]
            case "cfg.list", _:
                return [f"kazoo: {name}" for name in self.settings]
            case "cfg.get", [_, name]:
                return self.settings[name]
        raise AssertionError(method)


class TestShape:
    def test_lists_of_named_things_are_one_mapping(self):
        assert shaped({"R": [{"SET": {"ID": 1}}, {"SET": {"ID": 2}}]}) == {"R": {"SET": [{"ID": 1}, {"ID": 2}]}}
        assert shaped([{"SET": 1, "x": 2}]) == {"SET": 1, "x": 2}

    def test_a_list_of_one_and_nothing_have_one_form(self):
        assert shaped(["a"]) == "a"
        assert shaped([]) == {}
        assert shaped({"list": []}) == {"list": {}}

    def test_whole_numbers_are_ints(self):
        assert repr(shaped({"a": 2.0, "b": 2.5})) == "{'a': 2, 'b': 2.5}"

    def test_each_takes_things_apart_again(self):
        assert [each(thing) for thing in (None, {}, {"a": 1}, [1, 2], "x")] == [[], [], [{"a": 1}], [1, 2], ["x"]]


class TestDispatcher:
    def test_destinations_come_by_set_with_their_states_in_words(self):
        one = {"URI": "sip:a", "FLAGS": "AP", "PRIORITY": 5, "ATTRS": {"BODY": "duid=a"}}
        two = {"URI": "sip:b", "FLAGS": "IX", "PRIORITY": 0, "LATENCY": {"AVG": 12.34, "MAX": 20, "TIMEOUT": 0}}
        answer = {
            "RECORDS": {"SET": [{"ID": 99, "TARGETS": {"DEST": two}}, {"ID": 1, "TARGETS": {"DEST": [one, two]}}]}
        }
        rows = list(dispatcher.rows(answer))
        assert [(row["set"], row["destination"], row["state"]) for row in rows] == [
            (1, "sip:a", "active, probing"),
            (1, "sip:b", "inactive"),
            (99, "sip:b", "inactive"),
        ]
        assert (rows[0]["for"], rows[0]["attributes"], rows[0]["latency_ms"]) == ("media", "duid=a", None)
        assert (rows[2]["for"], rows[2]["attributes"], rows[2]["latency_ms"]) == (None, None, 12.3)

    def test_who_never_answered_has_no_latency(self):
        silent = {"URI": "sip:a", "FLAGS": "IP", "LATENCY": {"AVG": 0.0, "STD": 0.0, "MAX": 0, "TIMEOUT": 7}}
        [row] = dispatcher.rows({"RECORDS": {"SET": {"ID": 1, "TARGETS": {"DEST": silent}}}})
        assert row["latency_ms"] is None

    @pytest.mark.parametrize(
        ("state", "probing", "letters"),
        [("active", False, "a"), ("active", True, "ap"), ("inactive", False, "i"), ("disabled", False, "d")],
    )
    def test_states_go_back_to_letters(self, state, probing, letters):
        assert dispatcher.state_in_letters(state, probing=probing) == letters

    def test_what_is_disabled_is_not_probed(self):
        with pytest.raises(BadArgument):
            commands.dispatcher_set_state(None, 1, "sip:a", "disabled", probing=True)  # type: ignore[arg-type]


class TestBans:
    def test_an_address_goes_into_kazoos_table(self):
        proxy = Tables(ipban={}, block={}, antiflood={})
        assert bans.ban(proxy.ask, Source("192.0.2.1", 5060), None, 0) == "block"
        assert proxy.tables["block"] == {"192.0.2.1::5060": 1}

    def test_or_into_kamailios_usual_one(self):
        proxy = Tables(ipban={})
        assert bans.ban(proxy.ask, Source("192.0.2.1"), None, 0) == "ipban"

    def test_without_either_the_server_is_named(self):
        with pytest.raises(NotFound, match="Kamailio proxy has no hash table block or ipban"):
            bans.ban(Tables(antiflood={}).ask, Source("192.0.2.1"), None, 0)

    def test_a_time_is_refused_before_anything_is_done_where_it_would_be_forgotten(self):
        proxy = Tables(block={})
        with pytest.raises(BadArgument, match="no autoexpire"):
            bans.ban(proxy.ask, Source("192.0.2.1"), None, 60)
        assert proxy.tables["block"] == {}

    @pytest.mark.parametrize("seconds", [-1, 2**31])
    def test_a_time_that_is_none_is_refused(self, seconds):
        proxy = Tables(ipban={})
        proxy.expiring.add("ipban")
        with pytest.raises(BadArgument, match="not a number of seconds"):
            bans.ban(proxy.ask, Source("192.0.2.1"), None, seconds)
        assert proxy.tables["ipban"] == {}

    def test_and_given_where_it_counts(self):
        proxy = Tables(ipban={})
        proxy.expiring.add("ipban")
        bans.ban(proxy.ask, Source("192.0.2.1"), None, 60)
        assert proxy.asked[-1] == ("htable.setex", "ipban", "192.0.2.1", 60)

    def test_everything_about_an_address_is_forgotten_and_nothing_else(self):
        proxy = Tables(
            block={"192.0.2.1": 1, "192.0.2.1::5060": 1, "192.0.2.11": 1, "192.0.2.10::1": 1},
            antiflood=dict(FAILED),
        )
        assert bans.unban(PLANNING, proxy.ask, Source("192.0.2.1"), None) == bans.Unbanned(5, [])
        assert bans.unban(DOING, proxy.ask, Source("192.0.2.1"), None).forgotten == 5
        assert set(proxy.tables["block"]) == {"192.0.2.11", "192.0.2.10::1"}
        assert set(proxy.tables["antiflood"]) == {"bo@x.com::192.0.2.11::count", "cy@x.com::2001:db8::1::5060::count"}
        assert bans.unban(DOING, proxy.ask, Source("192.0.2.1"), None).forgotten == 0

    def test_with_a_port_only_what_has_it(self):
        proxy = Tables(block={"192.0.2.1": 1, "192.0.2.1::5060": 1}, antiflood=dict(FAILED))
        assert bans.unban(DOING, proxy.ask, Source("192.0.2.1", 5060), None).forgotten == 3
        assert set(proxy.tables["block"]) == {"192.0.2.1"}

    def test_an_entry_that_went_meanwhile_is_no_failure(self):
        proxy = Tables(block={"192.0.2.1::5060": 1, "192.0.2.1::5061": 1})
        real = proxy.ask.call

        def racing(method, arguments):
            if method == "htable.delete":
                proxy.tables["block"].pop(arguments[1], None)
            return real(method, arguments)

        ask = Ask("proxy", racing)
        assert bans.unban(DOING, ask, Source("192.0.2.1"), None) == bans.Unbanned(2, [])

    def test_the_address_itself_is_let_in_where_the_table_is_too_long_to_be_read(self):
        proxy = Tables(block={"192.0.2.1": 1, "192.0.2.1::5060": 1})
        real = proxy.ask.call

        def small(method, arguments):
            if method == "htable.dump":
                raise Peer("unix:/run/rpc", method).answer_too_large("take another way")
            return real(method, arguments)

        found = bans.unban(DOING, Ask("proxy", small), Source("192.0.2.1"), None)
        assert proxy.tables["block"] == {"192.0.2.1::5060": 1}
        assert found.forgotten == 1
        [unread] = found.unread
        assert str(unread).startswith("proxy: other entries of block about 192.0.2.1 were not looked for: the answer")

    def test_an_ipv6_address_is_found_however_it_is_written(self):
        proxy = Tables(block={"2001:DB8:0:0:0:0:0:1": 1, "2001:db8::1::5060": 1, "2001:db8::5060": 1})
        assert bans.unban(DOING, proxy.ask, Source("2001:db8::1"), None).forgotten == 2
        assert set(proxy.tables["block"]) == {"2001:db8::5060"}

    def test_an_ipv4_address_written_as_ipv6_is_the_ipv4_address(self):
        assert str(bans.as_ip("::ffff:192.0.2.1")) == "192.0.2.1"
        proxy = Tables(block={"::ffff:c000:201": 1, "192.0.2.1::5060": 1, "192.0.2.11": 1})
        assert bans.unban(DOING, proxy.ask, Source("192.0.2.1"), None).forgotten == 2
        assert set(proxy.tables["block"]) == {"192.0.2.11"}

    def test_the_banned_are_the_blocked_and_those_who_failed_often(self):
        proxy = Tables(block={"192.0.2.7": 1, "192.0.2.8::99": "yes", "192.0.2.9": 0}, antiflood=dict(FAILED))
        rows = bans.banned(proxy.ask, None, bans.FAILURES)
        assert [(row["table"], row["address"], row["port"], row.get("user")) for row in rows] == [
            ("block", "192.0.2.7", None, None),
            ("block", "192.0.2.8", 99, None),
            ("antiflood", "192.0.2.1", 5060, "al@x.com"),
            ("antiflood", "192.0.2.1", None, "bo@x.com"),
            ("antiflood", "2001:db8::1", 5060, "cy@x.com"),
        ]
        assert rows[2]["last"] == "2023-11-14 22:13:20+00:00"
        assert len(bans.banned(proxy.ask, None, 8)) == 3

    @pytest.mark.parametrize(
        ("set_up", "off"),
        [({}, False), ({"block_enable": 1}, False), ({"block_enable": 0}, True), ({"block_dry_run": 1}, True)],
    )
    def test_a_proxy_that_does_not_act_on_them_is_known(self, set_up, off):
        proxy = Tables(block={})
        proxy.settings = set_up
        assert bans.switched_off(proxy.ask) is off

    @pytest.mark.parametrize(
        ("text", "source"),
        [
            ("192.0.2.1", Source("192.0.2.1")),
            ("192.0.2.1:5060", Source("192.0.2.1", 5060)),
            ("2001:DB8::1", Source("2001:db8::1")),
            ("[2001:db8::1]", Source("2001:db8::1")),
            ("[2001:db8::1]:5060", Source("2001:db8::1", 5060)),
        ],
    )
    def test_addresses_are_read(self, text, source):
        assert arguments._read_source(text, None) == source

    @pytest.mark.parametrize(
        "text", ["", "a", "192.0.2", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "::1:x", "1.2.3.4/8"]
    )
    def test_and_nothing_else_is(self, text):
        with pytest.raises(ValueError, match="neither an IP address|not a port"):
            arguments._read_source(text, None)


class TestRegistrations:
    def test_contacts_of_all_tables_come_in_rows(self):
        answer = {"Domains": {"Domain": {"Domain": "location", "AoRs": {"Info": [RECORD, RECORD]}}}}
        rows = list(registrations.rows(answer))
        assert [(row["aor"], row["contact"], row["user_agent"]) for row in rows] == [("a@x", "sip:a@h", None)] * 2
        assert list(registrations.rows({"Domains": {"Domain": {"AoRs": {}}}})) == []

    def test_they_are_sorted_whatever_order_they_come_in(self):
        records = [{**RECORD, "AoR": name} for name in ("c@x", "a@y", "b@x")]
        answer = {"Domains": {"Domain": {"Domain": "location", "AoRs": {"Info": records}}}}
        assert [row["aor"] for row in registrations.rows(answer)] == ["a@y", "b@x", "c@x"]

    @pytest.mark.parametrize("words", ["AOR not found in location table", "AOR has no contacts"])
    def test_nobody_is_no_error(self, words):
        def call(_method, _arguments):
            raise Peer("here", "ul.lookup").refused(500, words)

        assert registrations.remove(DOING, Ask("proxy", call), "a@x") == 0

    def test_only_who_is_there_is_removed(self):
        asked = []

        def call(method, _arguments):
            asked.append(method)
            return RECORD

        assert registrations.remove(PLANNING, Ask("proxy", call), "a@x") == 1
        assert registrations.remove(DOING, Ask("proxy", call), "a@x") == 1
        assert asked == ["ul.lookup", "ul.lookup", "ul.rm"]


class TestConfiguration:
    def test_a_number_stays_a_number_and_text_text(self):
        values = {"count": 1, "word": "a"}
        asked = []

        def call(method, arguments):
            asked.append((method, *arguments[2:]))
            return values[arguments[1]]

        ask = Ask("proxy", call)
        for variable, value, after in (
            ("count", "0x10", 16),
            ("count", "i:-3", -3),
            ("word", "5", "5"),
            ("word", "s:x", "x"),
        ):
            name = configuration.Name("kazoo", variable)
            assert configuration.set_(DOING, ask, name, value) == (values[variable], after)
        assert [each for each in asked if len(each) > 1] == [
            ("cfg.set_now_int", 16),
            ("cfg.set_now_int", -3),
            ("cfg.set_now_string", "5"),
            ("cfg.set_now_string", "x"),
        ]
        asked.clear()
        configuration.set_(PLANNING, ask, configuration.Name("kazoo", "count"), "2")
        with pytest.raises(BadArgument, match="whole number"):
            configuration.set_(DOING, ask, configuration.Name("kazoo", "count"), "two")
        assert asked == [("cfg.get",), ("cfg.get",)]

    def test_a_group_that_is_not_there_is_an_error(self):
        with pytest.raises(BadArgument, match="no group 'nope'"):
            list(configuration.get(Ask("proxy", lambda _method, _arguments: {}), configuration.Name("nope")))


def test_statistics_are_asked_for_by_group_and_by_name():
    lines = ["core:drop_requests = 3", "tmx:drop_requests = 4"]

    def call(_method, arguments):
        return lines if arguments[0] in ("all", "drop_requests") else lines[0] if arguments[0] == "core:" else {}

    ask = Ask("proxy", call)
    assert len(list(health.statistics_of(ask, "all"))) == 2
    assert len(list(health.statistics_of(ask, "drop_requests"))) == 2
    for group in ("core", "core:", "core:drop_requests"):
        assert list(health.statistics_of(ask, group)) == [{"statistic": "core:drop_requests", "value": 3}]
    with pytest.raises(NotFound, match="Kamailio proxy has no statistics 'nope'"):
        list(health.statistics_of(ask, "nope"))


def test_dialogs_connections_and_presentities_come_in_rows():
    dialog = {"h_entry": 1, "h_id": 2, "call-id": "c", "from_uri": "f", "to_uri": "t", "state": 4, "init_ts": 9}
    [row] = calls.dialogs({**dialog, "duration": 5, "caller": {"contact": "sip:f"}, "callee": {"contact": ""}})
    assert (row["id"], row["state"], row["caller"], row["callee"]) == ("1:2", "confirmed", "sip:f", None)
    [row] = calls.dialogs({**dialog, "state": 1, "start_ts": 0, "duration": 1_790_000_000})
    assert (row["state"], row["duration"]) == ("unconfirmed", None)
    connection = {"id": 1, "timeout": 9, "src_ip": "192.0.2.1", "src_port": 5, "dst_ip": "192.0.2.2", "dst_port": 6}
    [row] = calls.tls({**connection, "cipher": "TLS_AES  Kx=any ", "state": "established"})
    ends = {"source": "192.0.2.1:5", "destination": "192.0.2.2:6"}
    assert row == {"id": 1, **ends, "state": "established", "cipher": "TLS_AES Kx=any", "timeout": 9}
    [row] = presence.rows({"user": "u", "domain": "d", "event": "e", "etag": "t", "sender": "", "expires": 0})
    assert (row["expires"], row["sender"]) == ("1970-01-01 00:00:00+00:00", None)
    [row] = htables.tables({"name": "t", "size": 8, "expire": 0, "dbtable": ""}, {"name": "t", "all": 3})
    assert (row["entries"], row["expire"]) == (3, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-5", -5),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("s:12", "12"),
        ("s:", ""),
        ("i:12", 12),
        ("d:12", 12.0),
        ("sip:a@b", "sip:a@b"),
        ("1_000", "1_000"),
        ("inf", "inf"),
        ("٣", "٣"),
        ("", ""),
    ],
)
def test_arguments_have_the_types_they_look_like_or_are_given(text, value):
    assert repr(typed(text)) == repr(value)


def test_a_table_is_not_given_a_number_that_would_be_cut():
    assert stored("2147483647") == 2**31 - 1
    for text in ("2147483648", "i:-2147483649"):
        with pytest.raises(ValueError, match="32 bits"):
            stored(text)
    assert stored("s:2147483648") == "2147483648"


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (commands.dispatcher_list, None),
        (commands.dispatcher_list, {"RECORDS": {"SET": {"ID": "x"}}}),
        (commands.registrations_list, "text"),
        (commands.htable_list, "text"),
        (commands.memory, {"total": 0}),
        (commands.dialogs, ["text", 5]),
        (commands.pike_list, {}),
        (commands.presence_list, {"user": "u"}),
        (commands.tls, 7),
        (commands.status, []),
    ],
)
def test_an_answer_of_another_shape_is_an_error_that_says_so(function, answer):
    zone = SimpleNamespace(
        name="local",
        settings=ZoneSettings(kamailio={"proxy": Server("binrpc:/run/ctl")}),
        connections=SimpleNamespace(kamailio=lambda _server, _called: lambda _method, _arguments: answer),
    )
    with pytest.raises(UnexpectedReply, match="Kamailio proxy answers .* see sup kamailio rpc") as error:
        function(zone)
    assert error.value.exit_code == 3


def test_a_table_that_is_named_must_be_there():
    proxy = Tables(block={})
    with pytest.raises(NotFound, match="Kamailio proxy has no hash table nope"):
        bans.banned(proxy.ask, "nope", 1)
    with pytest.raises(NotFound, match="Kamailio proxy has no hash table nope"):
        bans.unban(DOING, proxy.ask, Source("::1"), "nope")


@pytest.mark.parametrize("text", ["i:x", "i:1.5", "d:x", "d:inf", "i:"])
def test_a_number_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="number"):
        typed(text)


def test_a_table_keeps_the_text_that_was_written():
    assert [stored(text) for text in ("5", "1e5", "d:1.50", "s:5", "x")] == [5, "1e5", "1.50", "5", "x"]


@pytest.mark.parametrize(
    ("function", "words", "complaint"),
    [
        (commands.registrations_show, ["alice"], "AOR: 'alice' is not like user@realm"),
        (commands.dispatcher_add, ["one", "sip:a"], "SET: 'one' is not a set"),
        (commands.dispatcher_add, ["1", "sip:"], "DESTINATION: 'sip:' is not a SIP address"),
        (commands.dispatcher_set_state, ["1", "sip:a", "up"], "STATE: 'up' is none of"),
        (commands.ban, ["nonsense"], "ADDRESS: 'nonsense' is neither an IP address"),
        (commands.config_get, ["kazoo."], "NAME: 'kazoo.' is not like GROUP.VARIABLE"),
        (commands.config_set, ["kazoo", "1"], "NAME: 'kazoo' is not like GROUP.VARIABLE"),
        (commands.rpc, ["a.method", "i:x"], "ARGUMENTS: 'x' is not a whole number"),
    ],
)
def test_bad_arguments_are_told_before_any_server_is_asked(function, words, complaint):
    with pytest.raises(BadArgument, match=complaint):
        bind(function, words, {}, {"Zone": lambda: None})


@pytest.mark.parametrize(
    ("function", "answer", "column"),
    [
        (
            commands.dispatcher_list,
            {"RECORDS": {"SET": {"ID": 1, "TARGETS": {"DEST": {"URI": "a", "FLAGS": "A"}}}}},
            "set",
        ),
        (commands.registrations_list, {"Domains": {"Domain": {"AoRs": {"Info": RECORD}}}}, "aor"),
        (commands.htable_list, {"name": "t"}, "table"),
        (commands.htable_dump, {"slot": {"name": "k", "value": 1}}, "key"),
        (commands.memory, {"total": 2, "real_used": 1}, "total"),
        (commands.processes, {"PID": 7}, "pid"),
        (commands.uptime, {"uptime": 7}, "seconds"),
        (commands.dialogs, {"h_entry": 1, "h_id": 2, "call-id": "c", "state": 1}, "id"),
        (commands.pike_list, {"list": {"ip_addr": "192.0.2.1"}}, "address"),
        (commands.presence_list, {"user": "u", "domain": "d"}, "user"),
        (commands.tls, {"id": 7, "src_ip": "a", "src_port": 1, "dst_ip": "b", "dst_port": 2}, "id"),
    ],
)
def test_what_only_other_versions_tell_may_be_missing(function, answer, column):
    zone = SimpleNamespace(
        name="local",
        settings=ZoneSettings(kamailio={"proxy": Server("binrpc:/run/ctl")}),
        connections=SimpleNamespace(
            kamailio=lambda _server, _called: lambda method, _: None if method == "pkg.stats" else answer
        ),
    )
    found = function(zone, *(["t"] if function is commands.htable_dump else []))
    assert next(iter(found.rows))[column] is not None


class TestPatience:
    def test_a_change_of_the_dispatcher_waits_for_the_one_before(self, monkeypatch):
        monkeypatch.setattr(kamailio, "_PAUSE", 0)
        answers = iter([Peer("here", "dispatcher.add").refused(500, "Ongoing reload")] * 3)

        def call(_method, _arguments):
            for refused in answers:
                raise refused
            return "Ok"

        assert kamailio.patiently(Ask("proxy", call), "dispatcher.add") == "Ok"

    def test_but_not_for_ever_nor_for_anything_else(self, monkeypatch):
        monkeypatch.setattr(kamailio, "_RELOADING", 0)
        monkeypatch.setattr(kamailio, "_PAUSE", 0.001)
        for reason in ("Ongoing reload", "Adding dispatcher dst failed"):

            def call(method, _arguments, reason=reason):
                raise Peer("here", method).refused(500, reason)

            with pytest.raises(KamailioRefused, match=reason):
                kamailio.patiently(Ask("proxy", call), "dispatcher.add")


ACLS = {
    "default": {"acls": {"sbc1": {"type": "allow", "network-list-name": "authoritative", "cidr": "192.0.2.8/30"}}},
    "ecallmgr@one": {
        "acls": {
            "carrier": {"type": "allow", "network-list-name": "trusted", "cidr": ["198.51.100.7/32"]},
            "bad": {"type": "deny", "network-list-name": "trusted", "cidr": "198.51.100.8/32"},
            "everybody": {"type": "allow", "network-list-name": "trusted", "cidr": "0.0.0.0/0"},
        }
    },
}
SETS = {"RECORDS": {"SET": {"ID": 1, "TARGETS": {"DEST": {"URI": "sip:192.0.2.80:11000;transport=tcp", "FLAGS": "A"}}}}}
PHONE = {"AoR": "al@x", "Contacts": {"Contact": {"Address": "sip:al@10.0.0.1", "Received": "sip:192.0.2.90:5090"}}}
PHONES = {"Domains": {"Domain": {"AoRs": {"Info": PHONE}}}}


@pytest.mark.parametrize("typed", ["192.0.2.1", "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1]:5060"])
def test_an_address_is_called_as_it_is_typed(typed):
    assert str(arguments._read_source(typed, None)) == typed


class TestBelonging:
    """Whom an address belongs to, before it is turned away."""

    def zone(self, monkeypatch, answers, acl_error=None, **run):
        from kazoo_sup.kazoo.ecallmgr import acls

        monkeypatch.setattr(acls, "_added", lambda _zone: iter(()))
        said: list[str] = []

        def configuration(_category):
            if acl_error:
                raise acl_error
            return ACLS

        def ask(_server, _called):
            def call(method, _arguments):
                answer = answers.get(method, {})
                if isinstance(answer, SupError):
                    raise answer
                return answer

            return call

        settings = ZoneSettings(
            kamailio={"proxy": Server("binrpc:/run/ctl")}, freeswitch={"fs1": Server("esl://192.0.2.70:8021")}
        )
        confirm = lambda deed: said.append(f"? {deed}")  # noqa: E731
        running = Run(Session(), **{"warn": said.append, "confirm": confirm, **run})
        zone = SimpleNamespace(
            name="local",
            settings=settings,
            connections=SimpleNamespace(kamailio=ask),
            configuration=configuration,
            run=running,
            node="sup@here",
        )
        return zone, said

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            (Source("192.0.2.70"), ["the FreeSWITCH server fs1 of the settings"]),
            (Source("192.0.2.80"), ["destination sip:192.0.2.80:11000;transport=tcp in set 1 (media) of proxy"]),
            (Source("192.0.2.9"), ["an allowed SBC (sbc1)"]),
            (Source("198.51.100.7"), ["an allowed carrier (carrier)"]),
            (Source("192.0.2.90"), ["where al@x is registered at proxy"]),
            (Source("192.0.2.90", 5090), ["where al@x is registered at proxy"]),
            (Source("192.0.2.90", 5060), []),
            (Source("198.51.100.8"), []),
            (Source("203.0.113.1"), []),
        ],
    )
    def test_it_is_known_whose_it_is(self, monkeypatch, source, expected):
        zone, _ = self.zone(monkeypatch, {"dispatcher.list": SETS, "ul.dump": PHONES})
        proxies = list(zone.settings.kamailio.items())
        assert belonging.claims(zone, source, proxies) == (expected, [])

    def test_what_cannot_be_learnt_is_told_and_the_rest_is_known(self, monkeypatch):
        unreachable = ServerUnreachable(server="CouchDB", address="here", reason="refused")
        long = Peer("here", "ul.dump").answer_too_large("take another way")
        zone, _ = self.zone(monkeypatch, {"dispatcher.list": SETS, "ul.dump": long}, unreachable)
        found, unknown = belonging.claims(zone, Source("192.0.2.80"), list(zone.settings.kamailio.items()))
        assert len(found) == 1
        assert [each.partition(" (")[0] for each in unknown] == ["the access lists", "the registrations at proxy"]

    def test_it_is_asked_about_before_it_is_turned_away(self, monkeypatch):
        tables = {"htable.listTables": {"name": "block"}, "htable.seti": "Ok", "dispatcher.list": SETS}
        zone, said = self.zone(monkeypatch, tables)
        outcome = commands.ban(zone, Source("192.0.2.80"))
        assert said == [
            "? block 192.0.2.80, which is destination sip:192.0.2.80:11000;transport=tcp in set 1 (media) of proxy"
        ]
        assert list(outcome.lines) == ["proxy: 192.0.2.80 is blocked in block"]
        commands.ban(zone, Source("203.0.113.1"))
        assert len(said) == 1
