from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kazoo_sup.errors import SettingsError
from kazoo_sup.settings import Journaling, check, load, sup_yaml, yaml_marks
from kazoo_sup.settings.sources import Source


@pytest.fixture
def read(tmp_path: Path):
    """A function that reads the settings in a sup.yaml of the given text."""

    def read(text: str | bytes, *, mode: int = 0o600, **environ: str) -> Source:
        path = tmp_path / "sup.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return sup_yaml.settings(path, environ=environ)

    return read


@pytest.fixture
def problems(read, tmp_path: Path):
    """A function that returns the problems of a sup.yaml of the given text, without the directory."""

    def problems(text: str | bytes) -> list[str]:
        return [str(each).removeprefix(f"{tmp_path}/") for each in read(text).problems]

    return problems


def of_zone(source: Source, *key: str) -> Any:
    assert source.problems == []
    return source.values["zones", "east", *key][0]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n"])
def test_a_file_may_be_empty(read, text):
    assert vars(read(text)) == vars(Source())


def test_a_zone_may_have_nothing_of_its_own(read):
    assert read("zones:\n  east:\n").zones == ["east"]


@pytest.mark.parametrize(
    "couchdb",
    [
        "'http://sup:hunter2@one.example.com:5984'",
        "['http://sup:hunter2@one.example.com:5984']",
        "{url: 'http://one.example.com:5984', username: sup, password: hunter2}",
        "{url: ['http://one.example.com:5984'], username: sup, password: hunter2}",
        "{url: 'http://sup@one.example.com:5984', password: hunter2}",
    ],
)
def test_a_server_can_be_written_in_several_ways(read, couchdb):
    (server,) = of_zone(read(f"zones:\n  east:\n    couchdb: {couchdb}\n"), "couchdb")

    assert (server.url, server.username, server.password) == ("http://one.example.com:5984", "sup", "hunter2")


def test_credentials_beside_several_urls_are_for_all(read):
    couchdb = "{url: ['http://one.example.com', 'http://two.example.com'], username: sup, password: hunter2}"

    servers = of_zone(read(f"zones: {{east: {{couchdb: {couchdb}}}}}"), "couchdb")

    assert [server.uri for server in servers] == [
        "http://sup:hunter2@one.example.com",
        "http://sup:hunter2@two.example.com",
    ]


def test_an_empty_list_means_no_broker(read):
    assert of_zone(read("zones: {east: {amqp: []}}"), "amqp") == ()


def test_text_is_taken_as_it_is_written(read):
    source = read("zones:\n  no:\n  east:\n    couchdb: {url: 'http://c.example.com', username: yes, password: 0123}\n")

    (server,) = of_zone(source, "couchdb")
    assert (server.username, server.password) == ("yes", "0123")
    assert source.zones == ["no", "east"]


def test_paths_start_at_the_directory_of_the_file(read, tmp_path: Path):
    source = read("state_dir: state\nzones: {east: {couchdb_tls: {ca_file: tls/ca.pem, verify: no}, schemas_dir: /s}}")

    assert source.values["state_dir",][0] == tmp_path / "state"
    assert of_zone(source, "couchdb_tls", "ca_file") == tmp_path / "tls" / "ca.pem"
    assert of_zone(source, "couchdb_tls", "verify") is False
    assert of_zone(source, "schemas_dir") == Path("/s")


def test_files_that_must_exist_are_listed_with_their_line(read, tmp_path: Path):
    source = read(
        "zones:\n  east:\n    couchdb:\n      url: http://sup@c.example.com\n      password_file: secret\n"
        "    amqp_tls:\n      key_file: sup.key\n"
    )

    assert source.files == [
        (f"{tmp_path}/sup.yaml:5", "zones.east.couchdb.password_file", tmp_path / "secret"),
        (f"{tmp_path}/sup.yaml:7", "zones.east.amqp_tls.key_file", tmp_path / "sup.key"),
    ]


def test_every_setting_knows_its_line(read, tmp_path: Path):
    source = read("zone: east\nzones:\n  east:\n    timeouts:\n      connect: 1.5\n      read: 30\n")

    assert source.values == {
        ("zone",): ("east", f"{tmp_path}/sup.yaml:1"),
        ("zones", "east"): ("east", f"{tmp_path}/sup.yaml:3"),
        ("zones", "east", "timeouts", "connect"): (1.5, f"{tmp_path}/sup.yaml:5"),
        ("zones", "east", "timeouts", "read"): (30.0, f"{tmp_path}/sup.yaml:6"),
    }


class TestPasswordsKeptElsewhere:
    @staticmethod
    def server(source: Source) -> Any:
        return of_zone(source, "freeswitch", "fs1")

    @staticmethod
    def with_command(command: str) -> str:
        return f"zones: {{east: {{freeswitch: {{fs1: {{url: 'esl://f.example.com', password_command: {command}}}}}}}}}"

    def test_in_a_file_beside_this_one(self, read, tmp_path: Path):
        (tmp_path / "secret").write_text("hunter2\n")

        source = read("zones: {east: {freeswitch: {fs1: {url: 'esl://fs1.example.com:8021', password_file: secret}}}}")

        assert self.server(source).uri == "esl://:hunter2@fs1.example.com:8021"

    def test_in_the_environment(self, read):
        text = "zones: {east: {freeswitch: {fs1: {url: 'esl://fs1.example.com:8021', password_env: FS1}}}}"

        assert self.server(read(text, FS1="hunter2")).password == "hunter2"
        with pytest.raises(SettingsError, match=r"sup.yaml:1: the environment variable FS1 is not set$"):
            _ = self.server(read(text)).password

    @pytest.mark.parametrize(
        "command", [f"{sys.executable} -c 'print(\"hunter2\")'", [sys.executable, "-c", "print('hunter2')"]]
    )
    def test_with_a_command(self, read, command):
        source = read(self.with_command(json.dumps(command)))

        assert self.server(source).password == "hunter2"

    def test_reading_the_settings_runs_nothing(self, read, tmp_path: Path):
        mark = tmp_path / "ran"

        server = self.server(read(self.with_command(f"touch {mark}")))

        assert (server.masked, mark.exists()) == ("esl://:****@f.example.com", False)
        with pytest.raises(SettingsError, match="gave an empty first line"):
            _ = server.password
        assert mark.exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("zonse: {}\n", "sup.yaml:1: there is no setting 'zonse'; did you mean zone"),
        (
            "zones:\n  east:\n    couchdb:\n      url: http://c\n      pasword: x\n",
            "sup.yaml:5: there is no setting 'zones.east.couchdb.pasword'; did you mean password",
        ),
        ("zones:\n  east:\n    bogus: 1\n", "sup.yaml:3: there is no setting 'zones.east.bogus'"),
        ("- one\n", "sup.yaml:1: the file must be lines of name: value, indented"),
        ("zones: east\n", "sup.yaml:1: zones must be lines of name: value, indented"),
        ("zones:\n", "sup.yaml:1: zones is empty"),
        ("zone:\n  - east\n", "sup.yaml:1: zone must be text"),
        ("zone: ~\n", "sup.yaml:1: zone is empty"),
        ("zone: ''\n", "sup.yaml:1: zone is empty"),
        ("zone: eats\nzones: {east: , west: }\n", "sup.yaml:1: zone: there is no zone 'eats'; did you mean east"),
        ("? [a]\n: b\n", "sup.yaml:1: the file has a name that is not text"),
        ("zones:\n  east:\n    timeouts: {read: soon}\n", "sup.yaml:3: zones.east.timeouts.read must be a number of"),
        ("zones:\n  east:\n    timeouts: {read: 0}\n", "sup.yaml:3: zones.east.timeouts.read must be a number of"),
        ("zones:\n  east:\n    timeouts: {read: .inf}\n", "sup.yaml:3: zones.east.timeouts.read must be a number of"),
        ("zones:\n  east:\n    locked: maybe\n", "sup.yaml:3: zones.east.locked must be true or false"),
        ("zones:\n  east:\n    kazoo_nodes: [apps1]\n", "sup.yaml:3: zones.east.kazoo_nodes must be name@host"),
        ("zones:\n  east:\n    couchdb: []\n", "sup.yaml:3: zones.east.couchdb must have a URL"),
        ("zones:\n  east:\n    couchdb: {username: sup}\n", "sup.yaml:3: zones.east.couchdb has no url"),
        (
            "zones:\n  east:\n    couchdb: ftp://c\n",
            "sup.yaml:3: zones.east.couchdb must be a URL that begins with http",
        ),
        ("zones:\n  east:\n    couchdb: [{url: http://c}]\n", "sup.yaml:3: zones.east.couchdb must be text"),
        (
            "zones:\n  east:\n    rabbitmq_api: [http://a, http://b]\n",
            "sup.yaml:3: zones.east.rabbitmq_api must be one URL",
        ),
        (
            "zones:\n  east:\n    amqp: {url: amqp://a, username: u, password: hunter2, password_env: P}\n",
            "sup.yaml:3: zones.east.amqp has password and password_env; give exactly one of them",
        ),
        (
            "zones:\n  east:\n    amqp: {url: 'amqp://u:hunter2@a', password: hunter2}\n",
            "sup.yaml:3: zones.east.amqp has a password both in its URL and beside it; give one",
        ),
        (
            "zones:\n  east:\n    amqp: {url: 'amqp://u:hunter2@a', username: u}\n",
            "sup.yaml:3: zones.east.amqp has a user name both in its URL and beside it; give one",
        ),
        (
            "zones:\n  east:\n    amqp: {url: amqp://a, password: hunter2}\n",
            "sup.yaml:3: zones.east.amqp has a password but no user name",
        ),
        (
            "zones:\n  east:\n    amqp: {url: amqp://a, username: u, password: }\n",
            "sup.yaml:3: zones.east.amqp has a password that is empty",
        ),
        (
            "zones:\n  east:\n    amqp: {url: amqp://a, username: u, password: !hunter2 x}\n",
            "sup.yaml:3: zones.east.amqp has a password that must be text; what begins with ! needs quotes",
        ),
        (
            "zones:\n  east:\n    amqp: {url: amqp://a, username: u, password_command: 'pass \"kazoo'}\n",
            "sup.yaml:3: zones.east.amqp has a password_command that has a quote that is not closed",
        ),
        ("zone: east\nzones: {east: }\nzone: west\n", "sup.yaml:3: zone is given twice, on line 1 and here"),
        ("zones:\n  east: {}\n  east: {}\n", "sup.yaml:3: zones.east is given twice, on line 2 and here"),
        (
            "zones:\n  east: &e\n    <<: *e\n",
            "sup.yaml:2: zones.east merges (<<) what is not a mapping, or is too deep",
        ),
    ],
)
def test_a_problem_is_told_with_its_line_and_no_secret(problems, text, problem):
    (found,) = problems(text)

    assert found.startswith(problem)
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("zone: [east\n", r"sup.yaml:\d: is not YAML: "),
        ("\tzone: east\n", "sup.yaml:1: is not YAML: .*"),
        ("zone: east\nzone2: *hunter2\n", "sup.yaml:2: is not YAML: found undefined alias"),
        ("zone: east\npassword: !h!hunter2 x\n", "sup.yaml:2: is not YAML: .*"),
        ("password: hunter2: x\n", "sup.yaml:1: is not YAML: mapping values are not allowed"),
        ('password: "hunter2\n', r"sup.yaml:\d: is not YAML: "),
        (
            "zone: a\n---\nzone: hunter2\n",
            "sup.yaml:2: is not YAML: expected a single document in the stream, but found another",
        ),
        (b"zone: \xff\n", "sup.yaml: is not YAML: it has a character that YAML forbids"),
    ],
)
@pytest.mark.parametrize("loader", sorted({"CSafeLoader", "SafeLoader"} & set(dir(yaml))))
def test_what_is_not_yaml_is_told_with_its_line_and_no_secret(problems, monkeypatch, loader, text, problem):
    monkeypatch.setattr(yaml_marks, "_Loader", getattr(yaml, loader))

    (found,) = problems(text)

    assert "hunter2" not in found
    assert re.match(problem, found), found


def test_all_problems_come_in_one_go(problems):
    text = "zone: 1\nbogus: 1\nzones:\n  east:\n    locked: 7\n    couchdb: nowhere\n    timeouts:\n      read: -1\n"

    assert [problem.split()[0] for problem in problems(text)] == [
        "sup.yaml:2:",
        "sup.yaml:5:",
        "sup.yaml:6:",
        "sup.yaml:8:",
        "sup.yaml:1:",
    ]


def test_zones_can_share_settings_by_anchors_and_merges(read):
    source = read(
        "zones:\n  west: &common\n    couchdb: &couchdb http://c.example.com\n    locked: true\n"
        "    timeouts: {read: 5}\n"
        "  east:\n    <<: *common\n    locked: false\n  north:\n    couchdb: *couchdb\n"
    )

    assert of_zone(source, "locked") is False
    assert of_zone(source, "timeouts", "read") == 5
    assert of_zone(source, "couchdb") == source.values["zones", "north", "couchdb"][0]


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o644, True), (0o604, True)])
def test_a_secret_that_others_can_read_is_warned_of(read, mode, warned):
    source = read("zones: {east: {couchdb: 'http://sup:hunter2@c.example.com'}}", mode=mode)

    assert bool(source.warnings) is warned
    assert "hunter2" not in "".join(source.warnings)


def test_the_group_of_a_file_counts_unless_root_chose_it(read):
    source = read("zones: {east: {cookie: hunter2}}", mode=0o640)

    assert bool(source.warnings) is (os.geteuid() != 0)


@pytest.mark.parametrize(
    "zone", ["{couchdb: 'http://c.example.com'}", "{amqp: 'amqp://guest:guest@b.example.com'}", "{cookie: change_me}"]
)
def test_a_file_without_a_secret_may_be_read_by_all(read, zone):
    assert read(f"zones: {{east: {zone}}}", mode=0o644).warnings == []


def test_a_kamailio_may_have_several_addresses_which_share_credentials(read):
    source = read(
        "zones:\n  east:\n    kamailio:\n"
        "      one: [binrpc:/run/ctl, 'http://one.example.com/RPC']\n"
        "      two: {url: ['http://a/RPC', 'http://b/RPC'], username: sup, password: hunter2}\n"
    )
    one, two = of_zone(source, "kamailio", "one"), of_zone(source, "kamailio", "two")
    assert [one.url, *(each.url for each in one.others)] == ["binrpc:/run/ctl", "http://one.example.com/RPC"]
    assert [each.password for each in (two, *two.others)] == ["hunter2", "hunter2"]
    assert two.masked == "http://sup:****@a/RPC, http://sup:****@b/RPC"
    assert source.holds_secret


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("journal: required\n", Journaling(mode="required")),
        ("journal: off\n", Journaling(mode="off")),
        ("journal: {mode: on, days: 90, run_megabytes: 12}\n", Journaling("on", 90, 1000, 12)),
        ("", Journaling()),
    ],
)
def test_how_the_journal_is_kept(tmp_path, text, expected):
    file = tmp_path / "sup.yaml"
    file.write_text(text + "zones: {local: }\n")
    file.chmod(0o600)
    assert load(config=file, environ={}).journal == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("journal: perhaps", "must be on, off or required"),
        ("journal: {days: 0}", "must be a number of days above 0"),
        ("journal: {megabytes: no}", "must be a number of megabytes above 0"),
        ("journal: {day: 1}", "there is no setting 'journal.day'"),
    ],
)
def test_what_is_wrong_with_the_journal_is_told(tmp_path, text, reason):
    file = tmp_path / "sup.yaml"
    file.write_text(f"{text}\nzones: {{local: }}\n")
    [problem] = check(file, environ={})
    assert reason in str(problem)
