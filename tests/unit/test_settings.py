from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kazoo_sup import settings
from kazoo_sup.errors import SettingsError
from kazoo_sup.settings import Limits, Settings, Timeouts, Tls, ZoneSettings, loading
from kazoo_sup.transports.server import Server

TWO_ZONES = """
zone: east
zones:
  east:
    couchdb: http://east:one@couch.east.example.com:5984
    amqp: amqp://east:two@rabbit.east.example.com
  west:
    couchdb: http://west:three@couch.west.example.com:5984
    amqp: amqp://west:four@rabbit.west.example.com
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory, and nothing of this machine's own in the places for everybody."""
    monkeypatch.setattr(loading, "PACKAGE_FILE", tmp_path / "etc" / "kazoo-sup" / "sup.yaml")
    monkeypatch.setattr(loading, "SYSTEM_FILE", tmp_path / "etc" / "sup.yaml")
    monkeypatch.setattr(loading, "KAZOO_FILES", (tmp_path / "etc" / "config.ini", tmp_path / "etc" / "core.ini"))
    return tmp_path / "home"


@pytest.fixture
def load(home: Path):
    """A function that loads the settings with HOME and the given variables as the whole environment."""

    def load(config: Path | None = None, zone: str | None = None, node: str = "kazoo_apps", **environ: str) -> Settings:
        return settings.load(config=config, zone=zone, environ={"HOME": str(home), **environ}, node=node)

    return load


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def urls(found: Settings, zone: str | None = None) -> list[str]:
    return [server.uri for server in found.zone(zone).couchdb]


class TestThePackagesFile:
    def test_as_it_is_brought_it_hides_nobody_elses(self, load, tmp_path):
        brought = Path(__file__).parents[2] / "packaging" / "sup.yaml"
        write(tmp_path / "etc" / "kazoo-sup" / "sup.yaml", brought.read_text())
        write(tmp_path / "etc" / "config.ini", '[bigcouch]\nip = "couch.example.com"\nport = 15984\n')
        assert "couch.example.com" in urls(load())[0]

    def test_with_settings_it_goes_before_the_others(self, load, tmp_path):
        write(tmp_path / "etc" / "kazoo-sup" / "sup.yaml", "#ours\n" + TWO_ZONES)
        write(tmp_path / "etc" / "sup.yaml", "zones: {other: {}}\n")
        assert set(load().zones) == {"east", "west"}

    def test_what_it_explains_is_right_once_the_signs_are_taken_away(self, load, tmp_path):
        lines = (Path(__file__).parents[2] / "packaging" / "sup.yaml").read_text().splitlines()
        start = lines.index("#zone: local")
        write(tmp_path / "etc" / "kazoo-sup" / "sup.yaml", "\n".join(line[1:] for line in lines[start:]))
        assert load().zone().couchdb[0].masked == "http://sup:****@127.0.0.1:5984"


class TestBuiltIn:
    def test_defaults_are_kazoos(self, load):
        found = load()

        assert (found.active, list(found.zones)) == ("local", ["local"])
        assert found.zone() == ZoneSettings(
            name="local",
            couchdb=(Server("http://127.0.0.1:5984"),),
            brokers=(Server("amqp://127.0.0.1:5672", "guest", "guest"),),
            couchdb_tls=Tls(None, None, None, True),
            amqp_tls=Tls(None, None, None, True),
            timeouts=Timeouts(5, 60),
            cookie="change_me",
        )
        assert found.zone().amqp == ("amqp://guest:guest@127.0.0.1:5672",)
        assert found.host == os.uname().nodename
        assert found.warnings == ()

    @pytest.mark.parametrize(
        ("environ", "directory"),
        [
            ({"HOME": "/home/ops"}, "/home/ops/.local/state/kazoo-sup"),
            ({"HOME": "/home/ops", "XDG_STATE_HOME": "/var/state"}, "/var/state/kazoo-sup"),
            ({"HOME": "/home/ops", "XDG_STATE_HOME": "relative"}, "/home/ops/.local/state/kazoo-sup"),
            ({"HOME": "/home/ops", "SUP_STATE_DIR": "/srv/sup"}, "/srv/sup"),
            ({"HOME": ""}, "/var/lib/kazoo-sup"),
        ],
    )
    def test_the_state_directory(self, load, environ, directory):
        assert load(**environ).state_dir == Path(directory)


class TestWhichFile:
    def test_the_one_that_is_named_goes_before_all(self, load, home, tmp_path):
        write(home / ".config/kazoo-sup/sup.yaml", "zones: {user: }")
        named = write(tmp_path / "named.yaml", "zones: {named: }")
        other = write(tmp_path / "other.yaml", "zones: {other: }")

        assert load(SUP_CONFIG=str(named)).active == "named"
        assert load(config=other, SUP_CONFIG=str(named)).active == "other"

    def test_the_users_goes_before_the_systems_and_that_before_kazoos(self, load, home, tmp_path):
        write(tmp_path / "etc/core.ini", "[amqp]\nuri = amqp://core.example.com\n")
        assert load().zone().amqp == ("amqp://core.example.com",)
        write(tmp_path / "etc/config.ini", "[amqp]\nuri = amqp://config.example.com\n")
        assert load().zone().amqp == ("amqp://config.example.com",)
        kazoo = write(tmp_path / "kazoo", "[amqp]\nuri = amqp://kazoo.example.com\n")
        assert load(KAZOO_CONFIG=str(kazoo)).zone().amqp == ("amqp://kazoo.example.com",)
        write(tmp_path / "etc/sup.yaml", "zones: {system: }")
        assert load(KAZOO_CONFIG=str(kazoo)).active == "system"
        write(home / ".config/kazoo-sup/sup.yaml", "zones: {user: }")
        assert load().active == "user"
        write(tmp_path / "xdg/kazoo-sup/sup.yaml", "zones: {xdg: }")
        assert load(XDG_CONFIG_HOME=str(tmp_path / "xdg")).active == "xdg"

    def test_a_config_ini_can_be_named(self, load, tmp_path):
        named = write(tmp_path / "named.ini", "[bigcouch]\nip = couch.example.com\n")

        assert urls(load(config=named)) == ["http://couch.example.com:5984"]

    @pytest.mark.parametrize("variable", ["SUP_CONFIG", "KAZOO_CONFIG"])
    def test_one_that_is_named_must_exist(self, load, tmp_path, variable):
        with pytest.raises(SettingsError, match=f"^{tmp_path}/missing: does not exist$"):
            load(**{variable: str(tmp_path / "missing")})

    def test_one_that_cannot_be_read_is_an_error(self, load, tmp_path):
        with pytest.raises(SettingsError, match=f"^{tmp_path}: cannot be read: Is a directory$"):
            load(config=tmp_path)

    def test_the_null_device_is_a_file_without_settings(self, load):
        assert load(SUP_CONFIG="/dev/null").zone() == load().zone()

    def test_all_its_problems_are_told_at_once(self, load, tmp_path):
        named = write(tmp_path / "named.yaml", "zones:\n  east:\n    locked: 7\n    bogus: 1\n")

        with pytest.raises(SettingsError, match=r"named.yaml:3: zones.east.locked must be true or false; .*bogus"):
            load(config=named)

    def test_the_node_chooses_the_section_of_config_ini(self, load, tmp_path):
        named = write(tmp_path / "n.ini", "[kazoo_apps]\ncookie = one\n[ecallmgr]\ncookie = two\n")

        assert load(config=named).zone().cookie == "one"
        assert load(config=named, node="ecallmgr@apps1.example.com").zone().cookie == "two"

    def test_the_cookie_of_a_file_counts_before_that_of_the_environment_as_for_kazoo(self, load, tmp_path):
        ini = write(tmp_path / "n.ini", "[kazoo_apps]\ncookie = one\n[ecallmgr]\nhost = x\n")
        yaml = write(tmp_path / "s.yaml", "zones: {a: {cookie: two}, b: }")
        assert load(config=ini, KAZOO_COOKIE="env").zone().cookie == "one"
        assert load(config=ini, KAZOO_COOKIE="env", node="ecallmgr@x").zone().cookie == "env"
        assert load(config=yaml, zone="a", SUP_ZONE="a", KAZOO_COOKIE="env").zone().cookie == "two"
        assert load(config=yaml, zone="b", SUP_ZONE="b", KAZOO_COOKIE="env").zone().cookie == "env"

    def test_the_host_chooses_the_section_of_config_ini(self, load, tmp_path):
        named = write(tmp_path / "n.ini", "[kazoo_apps]\nhost = apps1.example.com\nzone = east\n")

        assert load(config=named, SUP_HOST="apps2").active == "local"
        found = load(config=named, SUP_HOST="apps1")
        assert (found.active, found.host) == ("east", "apps1")


class TestZones:
    def test_the_file_has_a_default(self, load, tmp_path):
        found = load(config=write(tmp_path / "s.yaml", TWO_ZONES))

        assert (found.active, list(found.zones)) == ("east", ["east", "west"])
        assert found.zone("west").name == "west"

    def test_the_variable_goes_before_the_file_and_the_command_line_before_both(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", TWO_ZONES)

        assert load(config=config, SUP_ZONE="west").active == "west"
        assert load(config=config, SUP_ZONE="west", zone="east").active == "east"

    def test_several_without_a_default_need_a_name(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", "zones: {east: , west: }")
        several = r"several zones \(east, west\); name one with -z, SUP_ZONE or"

        found = load(config=config)
        with pytest.raises(SettingsError, match=several):
            found.zone()
        assert list(found.zones) == ["east", "west"]
        assert load(config=config, zone="west").active == "west"
        with pytest.raises(SettingsError, match=several):
            load(config=config, SUP_COUCHDB_URL="http://c.example.com")

    def test_one_is_chosen_by_the_command_line_and_by_the_environment_only(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", "zone: east\nzones: {east: , west: }")

        assert not load(config=config).chosen
        assert load(config=config, zone="west").chosen
        assert load(config=config, SUP_ZONE="west").chosen

    def test_one_that_is_not_there_is_an_error_with_the_nearest(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", TWO_ZONES)

        with pytest.raises(SettingsError, match=r"^--zone: there is no zone 'eats'; did you mean east"):
            load(config=config, zone="eats")
        with pytest.raises(SettingsError, match=r"^environment SUP_ZONE: there is no zone 'x'; there is east, west$"):
            load(config=config, SUP_ZONE="x")
        with pytest.raises(SettingsError, match=r"^zone: there is no zone 'wets'; did you mean west"):
            load(config=config).zone("wets")

    def test_without_a_file_the_variable_names_the_one_there_is(self, load):
        assert load(SUP_ZONE="east", SUP_COUCHDB_URL="http://c.example.com").active == "east"
        assert load(KAZOO_ZONE="east").active == "east"
        with pytest.raises(SettingsError, match="there is no zone 'east'; there is local"):
            load(zone="east")


class TestLab:
    TEXT = "zones: {lab: {couchdb: 'http://127.0.0.1:15984', amqp: []}}"

    def test_it_is_found_when_there_is_nothing_else(self, load, home):
        write(home / ".config/kazoo-sup/lab.yaml", self.TEXT)

        assert (load().active, urls(load())) == ("lab", ["http://127.0.0.1:15984"])

    @pytest.mark.parametrize("variable", ["SUP_COUCHDB_URL", "SUP_AMQP_URL"])
    def test_it_is_left_alone_when_the_environment_names_servers(self, load, home, variable):
        write(home / ".config/kazoo-sup/lab.yaml", self.TEXT)
        scheme = "http" if "COUCH" in variable else "amqp"

        assert load(**{variable: f"{scheme}://c.example.com"}).active == "local"

    def test_it_is_there_by_name_beside_another_file(self, load, home, tmp_path):
        write(home / ".config/kazoo-sup/lab.yaml", self.TEXT)
        config = write(tmp_path / "s.yaml", TWO_ZONES)

        assert urls(load(config=config, zone="lab")) == ["http://127.0.0.1:15984"]
        assert load(config=config, SUP_ZONE="lab").active == "lab"
        assert "lab" not in load(config=config).zones

    def test_it_never_gets_the_url_that_was_exported_for_another_cluster(self, load, home, tmp_path):
        write(home / ".config/kazoo-sup/lab.yaml", self.TEXT)
        one = write(tmp_path / "s.yaml", "zones: {east: }")

        for config in None, one:
            found = load(config=config, zone="lab", SUP_COUCHDB_URL="http://c.example.com", SUP_AMQP_URL="amqp://b")
            assert urls(found) == ["http://127.0.0.1:15984"]
            assert found.zone().amqp == ()

    def test_without_one_there_is_no_such_zone(self, load):
        with pytest.raises(SettingsError, match="there is no zone 'lab'"):
            load(zone="lab")


class TestEnvironment:
    def test_credentials_are_taken_out_of_the_url(self, load):
        (server,) = load(SUP_COUCHDB_URL="https://o%40p:s%2Fe@couch.example.com:6984/").zone().couchdb

        assert (server.url, server.username, server.password) == ("https://couch.example.com:6984", "o@p", "s/e")

    def test_several_urls_stand_between_commas(self, load):
        found = load(
            SUP_COUCHDB_URL="http://one.example.com:5984, http://two.example.com:5984",
            SUP_AMQP_URL="amqp://a:p%2Cw@one.example.com/v,amqps://two.example.com",
        )

        assert urls(found) == ["http://one.example.com:5984", "http://two.example.com:5984"]
        assert found.zone().amqp == ("amqp://a:p%2Cw@one.example.com/v", "amqps://two.example.com")

    def test_an_empty_broker_is_none_and_other_empty_variables_are_unset(self, load):
        found = load(SUP_AMQP_URL="", SUP_COUCHDB_URL="", SUP_ZONE="", SUP_CONFIG="", SUP_READ_TIMEOUT="")

        assert found.zone().amqp == ()
        assert urls(found) == ["http://127.0.0.1:5984"]

    def test_user_and_password_go_to_every_coordinator(self, load, tmp_path):
        config = write(
            tmp_path / "s.yaml", "zones: {east: {couchdb: ['http://one.example.com', 'http://two.example.com']}}"
        )

        found = load(config=config, SUP_COUCHDB_USER="sup", SUP_COUCHDB_PASSWORD="p/w")

        assert urls(found) == ["http://sup:p%2Fw@one.example.com", "http://sup:p%2Fw@two.example.com"]
        assert found.origins["zones.east.couchdb"] == (
            f"{tmp_path}/s.yaml:1, environment SUP_COUCHDB_USER, SUP_COUCHDB_PASSWORD"
        )

    def test_a_password_file_is_read_when_somebody_connects(self, load, tmp_path):
        found = load(SUP_COUCHDB_USER="sup", SUP_COUCHDB_PASSWORD_FILE=str(tmp_path / "secret"))

        write(tmp_path / "secret", "hunter2\n")
        assert found.zone().couchdb[0].password == "hunter2"

    def test_a_url_replaces_the_files_servers_with_their_credentials(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", TWO_ZONES)

        assert urls(load(config=config, SUP_COUCHDB_URL="http://c.example.com")) == ["http://c.example.com"]

    def test_it_describes_one_zone_and_no_other(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", TWO_ZONES)

        found = load(config=config, SUP_COUCHDB_URL="http://c.example.com", SUP_READ_TIMEOUT="3")

        assert urls(found, "west") == ["http://west:three@couch.west.example.com:5984"]
        assert found.zone("west").timeouts == Timeouts()
        assert urls(load(config=config, zone="west", SUP_COUCHDB_URL="http://c.example.com")) == urls(found, "west")
        chosen = load(config=config, SUP_ZONE="west", SUP_COUCHDB_URL="http://c.example.com")
        assert (urls(chosen), chosen.active) == (["http://c.example.com"], "west")

    def test_tls_and_timeouts(self, load):
        zone = load(
            SUP_CA_FILE="/tls/ca.pem",
            SUP_CERT_FILE="~/sup.pem",
            SUP_KEY_FILE="/tls/sup.key",
            SUP_TLS_VERIFY="no",
            SUP_CONNECT_TIMEOUT="1.5",
            SUP_READ_TIMEOUT="90",
            SUP_LIMIT_MEGABYTES="0.5",
            SUP_LIMIT_SECONDS="20",
        ).zone()

        assert zone.couchdb_tls == zone.amqp_tls
        assert zone.amqp_tls == Tls(Path("/tls/ca.pem"), Path("~/sup.pem").expanduser(), Path("/tls/sup.key"), False)
        assert zone.timeouts == Timeouts(1.5, 90)
        assert zone.limits == Limits(0.5, 20)

    def test_limits_of_a_file(self, load, tmp_path):
        limits = "zones: {one: {limits: {megabytes: 8, seconds: 9}}, two: }"
        found = load(config=write(tmp_path / "s.yaml", limits), zone="one")
        assert (found.zone().limits, found.zone("two").limits) == (Limits(8, 9), Limits(64, 300))
        with pytest.raises(SettingsError, match="limits.megabytes must be a number of megabytes above 0"):
            load(config=write(tmp_path / "s.yaml", limits.replace("8", "0")), zone="one")

    def test_the_rest(self, load):
        found = load(
            SUP_RABBITMQ_API="http://m:hunter2@rabbit.example.com:15672",
            SUP_SCHEMAS_DIR="/schemas",
            SUP_HOST="apps1.example.com",
            KAZOO_COOKIE="monster",
        )

        assert found.zone().rabbitmq_api == Server("http://rabbit.example.com:15672", "m", "hunter2")
        assert found.zone().schemas_dir == Path("/schemas")
        assert found.host == "apps1.example.com"
        assert found.zone().cookie == "monster"

    @pytest.mark.parametrize(
        ("environ", "message"),
        [
            ({"SUP_COUCHDB_URL": "sup:hunter2@c"}, "environment SUP_COUCHDB_URL: must be a URL that begins with http"),
            ({"SUP_AMQP_URL": "http://hunter2"}, "environment SUP_AMQP_URL: must be a URL that begins with amqp"),
            ({"SUP_READ_TIMEOUT": "soon"}, "environment SUP_READ_TIMEOUT: must be a number of seconds above 0"),
            (
                {"SUP_READ_TIMEOUT": "9" * 200},
                "SUP_READ_TIMEOUT: must be a number of seconds above 0, and not above 100000000",
            ),
            ({"SUP_TLS_VERIFY": "maybe"}, "environment SUP_TLS_VERIFY: must be true or false"),
            ({"SUP_COUCHDB_PASSWORD": "hunter2"}, "there is a password but no user name; set SUP_COUCHDB_USER"),
            (
                {"SUP_COUCHDB_USER": "u", "SUP_COUCHDB_PASSWORD": "hunter2", "SUP_COUCHDB_PASSWORD_FILE": "/hunter2"},
                "a password and a password file are both given; give one",
            ),
        ],
    )
    def test_what_cannot_be_used_is_named_and_not_shown(self, load, environ, message):
        with pytest.raises(SettingsError) as refused:
            load(**environ)

        assert message in str(refused.value)
        assert "hunter2" not in str(refused.value)


class TestCheck:
    def test_a_good_file_has_no_problems(self, tmp_path):
        assert settings.check(write(tmp_path / "s.yaml", TWO_ZONES)) == []
        assert settings.check(write(tmp_path / "c.ini", "[log]\nfile = error\n")) == []

    def test_all_problems_come_with_the_files_that_are_missing(self, tmp_path):
        path = write(tmp_path / "s.yaml", "bogus: 1\nzones:\n  east:\n    schemas_dir: none\n    locked: 7\n")

        assert [str(problem) for problem in settings.check(path)] == [
            f"{path}:1: there is no setting 'bogus'",
            f"{path}:5: zones.east.locked must be true or false",
            f"{path}:4: zones.east.schemas_dir names {tmp_path}/none, which does not exist",
        ]

    def test_a_missing_file_is_a_problem(self, tmp_path):
        assert [str(each) for each in settings.check(tmp_path / "s.yaml")] == [f"{tmp_path}/s.yaml: does not exist"]


class TestDescribe:
    def test_every_setting_with_its_origin_and_no_secret(self, load, tmp_path):
        config = write(
            tmp_path / "s.yaml",
            "zones:\n  east:\n    couchdb: http://sup:hunter2@c.example.com\n    cookie: hunter2\n"
            "    freeswitch:\n      fs1.example.com:\n        url: esl://fs1.example.com:8021\n"
            f"        password_command: touch {tmp_path}/ran\n",
        )

        rows = {
            name: (value, origin) for name, value, origin in settings.describe(load(config=config, SUP_AMQP_URL=""))
        }

        assert rows["zone"] == ("east", f"{config}:2")
        assert rows["zones.east.couchdb"] == ("http://sup:****@c.example.com", f"{config}:3")
        assert rows["zones.east.cookie"] == ("****", f"{config}:4")
        assert rows["zones.east.freeswitch.fs1.example.com"] == ("esl://:****@fs1.example.com:8021", f"{config}:6")
        assert rows["zones.east.amqp"] == ("", "environment SUP_AMQP_URL")
        assert rows["zones.east.timeouts.read"] == ("60", "built-in default")
        assert rows["zones.east.couchdb_tls.verify"] == ("true", "built-in default")
        assert not (tmp_path / "ran").exists()
        assert "hunter2" not in str(rows)

    def test_kazoos_own_file_is_named_with_its_section(self, load, tmp_path):
        config = write(
            tmp_path / "c.ini", "[bigcouch]\nport = 15984\n[zone]\nname = east\nuri = amqp://b.example.com\n"
        )

        rows = {name: (value, origin) for name, value, origin in settings.describe(load(config=config, zone="east"))}

        assert rows["zone"] == ("east", "--zone")
        assert rows["zones.east.couchdb"] == ("http://127.0.0.1:15984", f"{config} [bigcouch]")
        assert rows["zones.east.amqp"] == ("amqp://b.example.com", f"{config} [zone]")


def test_no_repr_shows_a_secret(load, tmp_path):
    config = write(
        tmp_path / "s.yaml",
        "zones:\n  east:\n    couchdb: http://sup:hunter2@c.example.com\n"
        "    amqp: amqp://sup:hunter2@b.example.com\n    cookie: hunter2\n",
    )

    assert "hunter2" not in repr(load(config=config))


def test_a_secret_others_can_read_is_in_the_warnings(load, tmp_path):
    config = write(tmp_path / "s.yaml", TWO_ZONES)
    config.chmod(0o644)

    assert [warning.partition(" (")[0] for warning in load(config=config).warnings] == [
        f"{config} holds a secret and others can read it"
    ]


class TestExample:
    @pytest.fixture
    def uncommented(self, tmp_path: Path) -> Path:
        """The example with every setting in force."""
        return write(
            tmp_path / "s.yaml", re.sub(r"^( *)#(?=[a-z]| {2,}[-a-z])", r"\1", settings.example(), flags=re.MULTILINE)
        )

    def test_as_it_comes_it_says_what_is_built_in(self, load, tmp_path):
        config = write(tmp_path / "s.yaml", settings.example())

        assert settings.check(config) == []
        assert load(config=config).zones == load().zones

    def test_it_names_every_setting(self, load, uncommented):
        found = load(config=uncommented)

        origins = {name: origin for name, _, origin in settings.describe(found) if name.startswith("zones.local.")}
        assert {name.split(".")[2] for name in origins} == {
            "amqp" if each == "brokers" else each for each in ZoneSettings._fields
        } - {"name"}
        assert [name for name, origin in origins.items() if not origin.startswith(str(uncommented))] == []
        assert found.origins["host"].startswith(str(uncommented))
        assert found.origins["state_dir"].startswith(str(uncommented))

    def test_with_every_setting_in_force_only_its_files_are_missing(self, uncommented):
        problems = settings.check(uncommented)

        assert problems
        assert all(str(problem).endswith(", which does not exist") for problem in problems)

    def test_it_names_every_variable(self):
        sources = Path(settings.__file__).parent
        read = {
            name
            for module in ("environment.py", "__init__.py")
            for name in re.findall(r"(?:SUP|KAZOO)_[A-Z_]+", (sources / module).read_text())
        }

        named = set(re.findall(r"(?:SUP|KAZOO)_[A-Z_]+", settings.example()))

        assert read - named <= {"SUP_CONFIG", "KAZOO_CONFIG", "KAZOO_ZONE", "KAZOO_FILES"}


def test_nothing_heavy_is_imported_without_a_file(home: Path):
    code = (
        "import sys; from pathlib import Path; from kazoo_sup.settings import loading as settings; "
        "settings.PACKAGE_FILE = settings.SYSTEM_FILE = Path('/nonexistent'); settings.KAZOO_FILES = (); "
        "settings.load(environ={'SUP_COUCHDB_URL': 'http://u:p@c'}); print(*sorted(sys.modules))"
    )
    home.mkdir()

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)

    heavy = {"yaml", "socket", "ssl", "subprocess", "urllib.request", "http.client", "difflib", "requests", "rich"}
    assert heavy & set(done.stdout.split()) == set()
