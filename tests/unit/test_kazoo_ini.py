from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from kazoo_sup.errors import SettingsError
from kazoo_sup.settings import kazoo_ini
from kazoo_sup.settings.kazoo_ini import Node

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.settings.sources import Source

APPS1 = "apps1.example.com"


def entries(text: str | bytes) -> list[tuple[str, list[tuple[str, str]]]]:
    content = text.encode() if isinstance(text, str) else text
    return [
        (section.name, [(entry.key, entry.value) for entry in section.entries])
        for section in kazoo_ini.parse(content, "config.ini")
    ]


def value(written: str) -> str:
    return entries(f"[bigcouch]\npassword = {written}\n")[0][1][0][1]


def node(text: str, host: str = APPS1, zone: str = "local") -> Node:
    return Node(kazoo_ini.parse(text.encode(), "config.ini"), host, zone)


@pytest.fixture
def read(tmp_path: Path):
    """A function that reads the settings in a config.ini of the given text."""

    def read(text: str, *, host: str = APPS1, node: str = "kazoo_apps", mode: int = 0o600, **environ: str) -> Source:
        path = tmp_path / "config.ini"
        path.write_text(text)
        path.chmod(mode)
        return kazoo_ini.settings(path, host=host, node=node, environ=environ)

    return read


def zone_value(source: Source, zone: str, *key: str) -> Any:
    return source.values["zones", zone, *key][0]


def brokers(source: Source, zone: str) -> list[str]:
    return [server.uri for server in zone_value(source, zone, "amqp")]


class TestSyntax:
    def test_sections_and_keys_repeat_in_order(self):
        text = "[zone]\nname = east\nuri = one\nuri = two\n[amqp]\nuri = three\n[zone]\nname = west\n"

        assert entries(text) == [
            ("zone", [("name", "east"), ("uri", "one"), ("uri", "two")]),
            ("amqp", [("uri", "three")]),
            ("zone", [("name", "west")]),
        ]

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("plain", "plain"),
            ("two words  ", "two words"),
            ("word ; comment", "word"),
            ("word;comment", "word"),
            ("p#w", "p#w"),
            ("p #w", "p #w"),
            ('"quoted"', "quoted"),
            ('"quoted"; comment', "quoted"),
            ('"quoted" ; comment', "quoted"),
            ('"semi;colon # and = [x]"', "semi;colon # and = [x]"),
            ('" spaces "', " spaces "),
            ('"in"side"', 'in"side'),
            ('"from first" ; to "last"', 'from first" ; to "last'),
            ("amqp://b:1/v?heartbeat=5", "amqp://b:1/v?heartbeat=5"),
            ("p[w", "p[w"),
            ("'single'", "'single'"),
            (r'"back\slash"', r"back\slash"),
            ('""', ""),
            ("", ""),
            ("0123", "0123"),
        ],
    )
    def test_values(self, written: str, read: str):
        assert value(written) == read

    def test_comments_and_blank_lines_say_nothing(self):
        text = "; first = line\n# second = line\n\n[log]; its = comment\n  ; [indented]\n\tsyslog = info\n;\n"

        assert entries(text) == [("log", [("syslog", "info")])]

    def test_section_names_may_have_spaces_and_settings_behind_them(self):
        assert entries("[ my section ] key = value\n[empty]\n") == [("my section", [("key", "value")]), ("empty", [])]

    def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(self):
        assert entries(b'\xef\xbb\xbf[a]\r\nk = v\r\nq = "w"\r\n') == [("a", [("k", "v"), ("q", "w")])]

    def test_text_that_is_not_utf_8_is_latin_1(self):
        assert entries(b"; \xe9\n[a]\nk = \xe9\n") == [("a", [("k", "é")])]

    @pytest.mark.parametrize(
        ("text", "line", "reason"),
        [
            ("[log]\nsyslog\n", 2, "is neither"),
            ("[log]\nsyslog ; = info\n", 2, "is neither"),
            (",; sample\n", 1, "is neither"),
            ("\nkey = value\n", 2, "'key' stands before the first"),
            ("[a]\nk = v\n[b\n", 3, "a section needs a name"),
            ("[]\n", 1, "a section needs a name"),
            ('[a]\nk = "v\n', 2, "does not end with a quote"),
            ('[a]\nk = "v" w\n', 2, "does not end with a quote"),
        ],
    )
    def test_a_line_that_is_not_understood_is_named(self, text: str, line: int, reason: str):
        with pytest.raises(SettingsError, match=rf"^config.ini:{line}: .*{reason}"):
            entries(text)


class TestWhichSectionsCount:
    TEXT = """
[log]
file = general
[log]
file = east
zone = east
[log]
file = apps1
host = "apps1.example.com"
[log]
file = apps2
host = apps2.example.com
zone = east
[log]
file = general too
"""

    @pytest.mark.parametrize(
        ("host", "zone", "files"),
        [
            (APPS1, "local", ["apps1"]),
            (APPS1, "east", ["apps1"]),
            ("apps3.example.com", "east", ["east"]),
            ("apps3.example.com", "west", ["general", "general too"]),
        ],
    )
    def test_the_hosts_own_goes_before_the_zones_and_that_before_the_general_ones(self, host, zone, files):
        assert [entry.value for entry in node(self.TEXT, host, zone).entries("log", "file")] == files


class TestZone:
    def test_the_nodes_own_section_names_it(self, read):
        text = (
            "[kazoo_apps]\nhost = apps2.example.com\nzone = west\n[kazoo_apps]\nhost = apps1.example.com\nzone = east\n"
        )

        assert read(text).values["zone",][0] == "east"
        assert read(text, node="ecallmgr").values["zone",][0] == "local"

    def test_without_a_host_line_it_is_ignored_as_kazoo_ignores_it(self, read):
        assert read("[kazoo_apps]\nzone = east\n").values["zone",] == ("local", "built-in default")

    def test_the_variable_goes_before_the_file(self, read):
        source = read("[kazoo_apps]\nhost = apps1.example.com\nzone = east\n", KAZOO_ZONE="west")

        assert source.values["zone",] == ("west", "environment KAZOO_ZONE")
        assert source.zones == ["west"]

    def test_a_short_host_name_stands_for_the_full_one_that_begins_with_it(self, read):
        source = read("[kazoo_apps]\nhost = apps1.example.com\nzone = east\n", host="apps1")

        assert source.values["zone",][0] == "east"
        assert source.values["host",][0] == APPS1

    def test_a_short_host_name_that_fits_two_is_a_problem(self, read):
        source = read("[kazoo_apps]\nhost = apps1.example.com\n[kazoo_apps]\nhost = apps1.example.org\n", host="apps1")

        (problem,) = map(str, source.problems)
        assert "has sections for apps1.example.com and apps1.example.org" in problem
        assert problem.endswith("this host is only known as apps1; set SUP_HOST")

    def test_a_warning_says_that_the_zones_of_the_file_are_not_this_hosts(self, read):
        warning = read("[zone]\nname = east\nuri = amqp://b.example.com\n").homeless

        assert "has the zones east but not local" in warning


class TestBrokers:
    ZONES = """
[zone]
name = "east"
amqp_uri = "amqp://guest:guest@b.example.com:5672"
amqp_uri = "amqp://guest:guest@a.example.com:5672"
amqp_uri = "amqp://guest:guest@b.example.com:5672"
[zone]
name = west
uri = "amqp://guest:guest@w.example.com:5672"
[amqp]
uri = "amqp://guest:guest@amqp.example.com:5672"
[kazoo_apps]
host = "apps1.example.com"
zone = east
"""

    def test_every_zone_of_the_file_has_its_own_in_kazoos_order(self, read):
        source = read(self.ZONES)

        assert source.zones == ["east", "west"]
        assert brokers(source, "east") == [
            "amqp://guest:guest@a.example.com:5672",
            "amqp://guest:guest@b.example.com:5672",
        ]
        assert brokers(source, "west") == ["amqp://guest:guest@w.example.com:5672"]
        assert source.values["zones", "east", "amqp"][1].endswith("config.ini [zone]")

    def test_a_zone_without_any_has_those_of_the_amqp_section(self, read):
        source = read(self.ZONES, KAZOO_ZONE="north")

        assert source.zones == ["north", "east", "west"]
        assert brokers(source, "north") == ["amqp://guest:guest@amqp.example.com:5672"]
        assert source.values["zones", "north", "amqp"][1].endswith("config.ini [amqp]")

    def test_without_zones_there_is_one_with_those_of_the_amqp_section(self, read):
        source = read("[amqp]\nuri = amqp://guest:guest@127.0.0.1:5672\n")

        assert source.zones == ["local"]
        assert brokers(source, "local") == ["amqp://guest:guest@127.0.0.1:5672"]

    def test_without_either_nothing_is_set(self, read):
        assert ("zones", "local", "amqp") not in read("[log]\nfile = error\n").values

    def test_a_zone_named_local_is_every_nodes_own(self, read):
        source = read("[zone]\nname = local\nuri = amqp://l\n[zone]\nname = east\nuri = amqp://e\n", KAZOO_ZONE="east")

        assert brokers(source, "east") == ["amqp://e", "amqp://l"]

    def test_a_uri_that_is_none_is_a_problem_of_its_line_and_not_shown(self, read):
        source = read("[amqp]\nuri = guest:hunter2@127.0.0.1\n")

        (problem,) = map(str, source.problems)
        assert "config.ini:2: uri must be a URL that begins with amqp:// or amqps://" in problem
        assert "hunter2" not in problem


class TestCouchdb:
    def test_the_bigcouch_section_serves_all_zones(self, read):
        text = '[bigcouch]\nip = "127.0.0.1"\nport = 15984\nusername = kazoo\npassword = "p%40 w"\n' + TestBrokers.ZONES

        source = read(text)

        for zone in source.zones:
            (server,) = zone_value(source, zone, "couchdb")
            assert (server.url, server.username, server.password) == ("http://127.0.0.1:15984", "kazoo", "p%40 w")
        assert source.values["zones", "west", "couchdb"][1].endswith("config.ini [bigcouch]")

    def test_the_data_section_names_another_one(self, read):
        text = "[bigcouch]\nip = one.example.com\n[data]\nconfig = other\n[other]\nip = two.example.com\n"

        (server,) = zone_value(read(text), "local", "couchdb")
        assert server.url == "http://two.example.com:5984"

    def test_the_last_section_without_host_and_zone_counts(self, read):
        text = "[bigcouch]\nip = one.example.com\n[bigcouch]\nip = two.example.com\nip = three.example.com\n"

        (server,) = zone_value(read(text), "local", "couchdb")
        assert server.url == "http://three.example.com:5984"

    def test_a_section_for_this_zone_hides_the_general_one_as_in_kazoo(self, read):
        text = "[bigcouch]\nip = one.example.com\n[bigcouch]\nip = two.example.com\nzone = local\n"

        assert ("zones", "local", "couchdb") not in read(text).values

    @pytest.mark.parametrize(
        ("lines", "url"),
        [
            ("port = 443", "https://127.0.0.1:443"),
            ("is_ssl = true\nport = 6984", "https://127.0.0.1:6984"),
            ('ip = "2001:db8::1"', "http://[2001:db8::1]:5984"),
            ("port = 15984", "http://127.0.0.1:15984"),
        ],
    )
    def test_addresses(self, read, lines, url):
        (server,) = zone_value(read(f"[bigcouch]\n{lines}\n"), "local", "couchdb")

        assert server.url == url

    def test_a_password_without_a_user_name_is_not_used(self, read):
        (server,) = zone_value(read("[bigcouch]\npassword = hunter2\n"), "local", "couchdb")

        assert (server.username, server.password) == (None, None)

    def test_its_clients_timeouts_are_milliseconds(self, read):
        source = read("[bigcouch]\nport = 5984\nconnect_timeout = 500\nrecv_timeout = 20000\n")

        assert zone_value(source, "local", "timeouts", "connect") == 0.5
        assert zone_value(source, "local", "timeouts", "read") == 20

    def test_an_address_that_is_none_is_a_problem(self, read):
        (problem,) = map(str, read("[bigcouch]\nport = many\n").problems)

        assert problem.endswith("config.ini [bigcouch]: ip '127.0.0.1' and port 'many' are not the address of a server")

    def test_another_database_driver_is_a_problem(self, read):
        source = read("[data]\nconfig = fixtures\n[fixtures]\ndriver = kazoo_fixturedb\n")

        assert "with the driver kazoo_fixturedb, not in CouchDB" in str(source.problems[0])


def test_the_cookie_is_that_of_the_nodes_own_section(read):
    source = read("[kazoo_apps]\ncookie = one\n[ecallmgr]\ncookie = two\n", node="ecallmgr")

    assert zone_value(source, "local", "cookie") == "two"


@pytest.mark.parametrize(
    ("lines", "locked"), [("lock_system_config = true", True), ("lock_system_config = false", False)]
)
def test_system_config_is_locked_by_kazoo_apps_whatever_the_node(read, lines, locked):
    source = read(f"[kazoo_apps]\n{lines}\n", node="ecallmgr")

    assert source.values.get(("zones", "local", "locked"), (False, ""))[0] is locked


class TestExposedSecrets:
    STOCK = '[amqp]\nuri = "amqp://guest:guest@127.0.0.1:5672"\n[kazoo_apps]\ncookie = change_me\n'

    def test_the_file_as_kazoo_ships_it_holds_none(self, read):
        assert read(self.STOCK, mode=0o644).warnings == []

    @pytest.mark.parametrize(
        "text",
        [
            "[bigcouch]\nusername = kazoo\npassword = hunter2\n",
            "[amqp]\nuri = amqp://kazoo:hunter2@127.0.0.1\n",
            "[kazoo_apps]\ncookie = hunter2\n",
        ],
    )
    def test_a_secret_that_everybody_can_read_is_warned_of(self, read, text):
        (warning,) = read(text, mode=0o644).warnings

        assert "holds a secret and others can read it (mode 0644); chmod 06" in warning
        assert "hunter2" not in warning
        assert read(text, mode=0o600).warnings == []


def test_a_file_that_is_not_there_or_not_understood_is_a_problem(tmp_path: Path):
    missing = kazoo_ini.settings(tmp_path / "config.ini", host=APPS1, node="kazoo_apps", environ={})
    (tmp_path / "bad.ini").write_text("what?\n")
    bad = kazoo_ini.settings(tmp_path / "bad.ini", host=APPS1, node="kazoo_apps", environ={})

    assert str(missing.problems[0]) == f"{tmp_path}/config.ini: does not exist"
    assert str(bad.problems[0]).startswith(f"{tmp_path}/bad.ini:1: ")


def test_a_file_of_another_user_says_whose_it_is(tmp_path: Path):
    path = tmp_path / "config.ini"
    path.write_text("[log]\nfile = error\n")
    path.chmod(0)
    tmp_path.chmod(0o755)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        source = kazoo_ini.settings(path, host=APPS1, node="kazoo_apps", environ={})
    finally:
        os.seteuid(user)

    assert str(source.problems[0]).startswith(f"{path}: cannot be read by this user")
