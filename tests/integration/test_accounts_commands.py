"""crossbar_maintenance on accounts and apps, end to end: the real program against real servers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pty
import re
import signal
import subprocess
from urllib.parse import quote

import pytest
import requests

from helpers.bus_listener import Listener
from helpers.real_servers import SUP, until
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.settings.resources import config_directory

pytestmark = pytest.mark.integration

TIMEOUT = 600
CROSSBAR = "crossbar_maintenance"
SUB = "0123456789abcdef0123456789abcdef"
CREATE = (CROSSBAR, "create_account", "Sub", "sub.example.com", "admin")


@pytest.fixture
def empty(couchdb_url):
    """An empty CouchDB: what was there is deleted, as `couchdb_url` is nobody's but the tests'."""
    for name in get(couchdb_url, "_all_dbs"):
        if not name.startswith("_"):
            requests.delete(f"{couchdb_url}/{quote(name, safe='')}", timeout=TIMEOUT).raise_for_status()
    return couchdb_url


@pytest.fixture
def run(sup, empty):
    """Return `sup` pointed at the empty CouchDB, with files of schemas and without a broker."""
    servers = {"SUP_COUCHDB_URL": empty, "SUP_AMQP_URL": "", "SUP_SCHEMAS_DIR": str(config_directory() / "schemas")}
    return lambda *words, env=None, **more: sup(*words, env={**servers, **(env or {})}, **more)


def get(url, *path, **query):
    place = "/".join(quote(each, safe="") for each in path)
    answer = requests.get(f"{url}/{place}", params=query, timeout=TIMEOUT)
    return answer.json() if answer.ok else None


def rows(url, database, view, key):
    design, name = view.split("/")
    place = f"{url}/{quote(database, safe='')}/_design/{design}/_view/{name}"
    return requests.get(place, params={"key": json.dumps(key), "reduce": "false"}, timeout=TIMEOUT).json()["rows"]


class TestOnAnEmptyCluster:
    def test_the_first_account_is_created_and_its_user_found_wherever_kazoo_looks(self, run, empty):
        done = run(CROSSBAR, "create_account", "Acme", "acme.example.com", "Admin", "s3cret")
        assert (done.code, done.stdout.splitlines()[-1]) == (0, "ok"), done.stderr
        account, user = re.findall(r"'([0-9a-f]{32})'", done.stdout)
        database = f"account/{account[:2]}/{account[2:4]}/{account[4:]}"
        md5 = hashlib.md5(b"admin:s3cret", usedforsecurity=False).hexdigest()
        sha1 = hashlib.sha1(b"admin:s3cret", usedforsecurity=False).hexdigest()
        for view, key in (
            ("users/creds_by_md5", md5),
            ("users/creds_by_sha", sha1),
            ("users/list_by_username", "admin"),
            ("users/list_by_id", user),
            ("users/crossbar_listing", user),
            ("search/search_by_name", ["user", "accountadmin"]),
            ("maintenance/listing_by_type", "user"),
        ):
            assert [row["id"] for row in rows(empty, database, view, key)] == [user], view
        for view, key in (("listing_by_realm", "acme.example.com"), ("listing_by_name", "acme")):
            assert [row["id"] for row in rows(empty, "accounts", f"accounts/{view}", key)] == [account]
        counted = requests.get(
            f"{empty}/{quote(database, safe='')}/_design/services/_view/quantify?group=true", timeout=TIMEOUT
        ).json()["rows"]
        assert counted == [{"key": ["users", "admin"], "value": 1}]

    def test_a_second_one_lies_below_it_and_can_be_found_and_switched(self, run, empty):
        run(CROSSBAR, "create_account", "Acme", "acme.example.com", "admin", "s3cret")
        assert run(*CREATE, "pass", SUB).code == 0
        found = run(CROSSBAR, "find_account_by_name", "SUB!")
        assert (found.code, found.stdout.splitlines()[-1]) == (2, f'{{ok,<<"{SUB}">>}}')
        assert run(CROSSBAR, "disable_account", SUB)[:2] == (0, "ok\n")
        assert "  Enabled: false" in run(CROSSBAR, "find_account_by_realm", "SUB.example.com").stdout
        definitions = [get(empty, place, SUB) for place in ("accounts", f"account/{SUB[:2]}/{SUB[2:4]}/{SUB[4:]}")]
        assert [each["pvt_enabled"] for each in definitions] == [False, False]
        assert len(definitions[0]["pvt_tree"]) == 1

    def test_without_schema_files_those_of_the_program_are_stored_and_it_is_said(self, run, empty):
        done = run(*CREATE, "pass", env={"SUP_SCHEMAS_DIR": ""})
        assert (done.code, done.stdout.splitlines()[-1]) == (0, "ok")
        assert "no schema users is stored or in a file: that of kazoo-sup itself is stored" in done.stderr
        assert get(empty, "system_schemas", "users")["provider"] == "kazoo-sup"


class TestPasswords:
    @pytest.mark.parametrize(
        ("words", "more"),
        [
            (("-", SUB, "u"), {"input": "from afar\n"}),
            (("-", SUB, "u"), {"env": {"SUP_PASSWORD": "from afar"}}),
            (("-", SUB, "u", "--password-file", "@FILE@"), {"env": {"SUP_PASSWORD": "another"}}),
            (("from afar", SUB, "u"), {"env": {"SUP_PASSWORD": "another"}}),
        ],
    )
    def test_come_from_where_they_are_said_to(self, run, empty, tmp_path, words, more):
        file = tmp_path / "password"
        file.write_text("from afar\nsecond line\n")
        done = run(*CREATE, *(word.replace("@FILE@", str(file)) for word in words), **more)
        assert done.code == 0, done.stdout + done.stderr
        user = get(empty, f"account/{SUB[:2]}/{SUB[2:4]}/{SUB[4:]}", "u")
        assert user["pvt_md5_auth"] == hashlib.md5(b"admin:from afar", usedforsecurity=False).hexdigest()
        assert "from afar" not in done.stdout + done.stderr

    def test_are_asked_for_twice_at_a_terminal_and_not_echoed(self, empty, environment):
        ours, theirs = pty.openpty()
        servers = {"SUP_COUCHDB_URL": empty, "SUP_AMQP_URL": "", "SUP_SCHEMAS_DIR": str(config_directory() / "schemas")}
        process = subprocess.Popen(
            [SUP, *CREATE, "-", SUB, "u"],
            env={**environment, **servers},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        said = b""
        for question in (b"Password: ", b"again: "):  # the last space comes when what was typed before was dropped
            while question not in said:
                said += os.read(ours, 1000)
            os.write(ours, b"from afar\n")
        with contextlib.suppress(OSError):  # EIO: the program has ended
            while more := os.read(ours, 1000):
                said += more
        os.close(ours)
        assert process.wait(TIMEOUT) == 0, said
        assert b"from afar" not in said
        user = get(empty, f"account/{SUB[:2]}/{SUB[2:4]}/{SUB[4:]}", "u")
        assert user["pvt_md5_auth"] == hashlib.md5(b"admin:from afar", usedforsecurity=False).hexdigest()

    def test_one_that_was_typed_is_not_shown_again(self, run):
        done = run("-v", *CREATE, "t0psecret")
        assert done.code == 0
        assert "create_account(Sub, sub.example.com, admin, ****)" in done.stdout
        assert "t0psecret" not in done.stdout + done.stderr

    @pytest.mark.parametrize("words", [("-",), ("-", "--password-file", "/nosuch"), ("",)])
    def test_without_one_nothing_is_created(self, run, empty, words):
        done = run(*CREATE, *words)
        assert done.code in (1, 2, 3)
        assert "Traceback" not in done.stderr
        assert not [name for name in get(empty, "_all_dbs") if name.startswith("account/")]


class TestCutOff:
    """An account that is cut off on its way leaves nothing, and nodes hear that its databases are gone."""

    @pytest.fixture
    def settled(self, run, empty, amqp_url):
        run(CROSSBAR, "create_account", "Acme", "acme.example.com", "admin", "s3cret")
        return self.contents(empty)

    @staticmethod
    def contents(url):
        """Return all documents but for the revisions of those that were changed and changed back."""
        found = {}
        for name in get(url, "_all_dbs"):
            if not name.startswith("_"):
                listed = get(url, name, "_all_docs", include_docs="true")["rows"]
                found[name] = {
                    row["id"]: {key: each for key, each in row["doc"].items() if key != "_rev"} for row in listed
                }
        return found

    @pytest.mark.parametrize("octets", [15_000, 35_000, 45_000, 52_000])
    def test_by_an_interruption(self, run, empty, settled, environment, amqp_url, octets):
        events = Listener(amqp_url, key="#")
        with TcpProxy.before(empty) as proxy:
            proxy.freeze_after(octets)
            servers = {"SUP_COUCHDB_URL": proxy.url(empty), "SUP_AMQP_URL": amqp_url}
            process = subprocess.Popen(
                [SUP, *CREATE, "pass", SUB],
                env={**environment, **servers},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            until(lambda: proxy.frozen, "the run to be stuck")
            process.send_signal(signal.SIGINT)
            proxy.thaw()
            out, err = process.communicate(timeout=TIMEOUT)
        heard = [each.key for each in events.heard()]
        events.close()
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err
        assert self.contents(empty) == settled
        created = {key for key in heard if key.startswith("db_created") and SUB[4:] in key}
        assert {key.replace("db_created", "db_deleted") for key in created} <= set(heard)

    def test_by_a_server_that_goes_away_and_what_is_left_is_named(self, run, empty, settled):
        with TcpProxy.before(empty) as proxy:
            proxy.cut_after(45_000)
            env = {"SUP_COUCHDB_URL": proxy.url(empty), "SUP_CONNECT_TIMEOUT": "5"}
            done = run(*CREATE, "pass", SUB, env=env)
        assert done.code != 0
        assert "Traceback" not in done.stderr
        assert self.contents(empty) != settled
        assert f"of account {SUB} could not be removed" in done.stderr


class TestApps:
    @pytest.fixture
    def folder(self, tmp_path):
        app = tmp_path / "apps" / "voip" / "metadata"
        for name, content in (("icon/a.png", b"\x89PNG-icon"), ("screenshots/b.png", b"\x89PNG-shot")):
            file = app / name
            file.parent.mkdir(parents=True)
            file.write_bytes(content)
        said = {"name": "voip", "icon": "a.png", "screenshots": ["b.png"], "i18n": {"en-US": {"label": "PBX"}}}
        (app / "app.json").write_text(json.dumps(said))
        return tmp_path / "apps"

    @pytest.fixture
    def master(self, at, cluster):
        requests.put(f"{cluster}/system_schemas/app", json={"type": "object", "required": ["name"]}, timeout=TIMEOUT)
        return f"account/{ACCOUNT[:2]}/{ACCOUNT[2:4]}/{ACCOUNT[4:]}"

    def test_are_installed_with_their_images_shown_and_edited(self, at, cluster, folder, master):
        done = at(CROSSBAR, "init_apps", str(folder), "http://api.example.com")
        assert (done.code, done.stdout.splitlines()[-1]) == (0, "ok"), done.stderr
        identifier = re.search(r"as doc (\w+)", done.stdout)[1]
        for name, content in (("a.png", b"\x89PNG-icon"), ("b.png", b"\x89PNG-shot")):
            url = f"{cluster}/{quote(master, safe='')}/{identifier}/{name}"
            answer = requests.get(url, timeout=TIMEOUT)
            assert (answer.content, answer.headers["Content-Type"]) == (content, "image/png")
        assert at(CROSSBAR, "apps").stdout.startswith("App voip\n")
        assert 'label: "Phone"' in at(CROSSBAR, "set_app_label", identifier, "Phone").stdout
        before = get(cluster, master, identifier)
        assert at(CROSSBAR, "init_app", str(folder / "voip")).code == 0
        assert get(cluster, master, identifier) == before
        assert at(CROSSBAR, "app", "nosuch")[:2] == (0, "unknown app\n")

    def test_one_that_fails_among_others_ends_partly_done(self, at, folder, master):
        broken = folder / "broken" / "metadata"
        broken.mkdir(parents=True)
        (broken / "app.json").write_text("{")
        done = at(CROSSBAR, "init_apps", str(folder))
        assert done.code == 5
        assert "failed to find metadata" in done.stdout
        assert "saved app voip" in done.stdout


def test_a_reader_who_goes_away_leaves_no_half_of_an_account(run, empty, environment):
    assert run(*CREATE, "s3cretpass").code == 0
    before = get(empty, "_all_dbs")
    words = ["-f", "json", CROSSBAR, "create_account", "Other", "other.example.com", "admin", "s3cretpass"]
    with TcpProxy.before(empty) as proxy:
        proxy.freeze_after(56_000)  # when some of it is made and told of, and more is to come
        env = {**environment, "SUP_COUCHDB_URL": proxy.url(empty), "SUP_AMQP_URL": "", "PYTHONUNBUFFERED": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen([SUP, *words], env=env, **pipes) as process:
            while '"action": "created"' not in process.stdout.readline():
                assert process.poll() is None
            until(lambda: proxy.frozen, "the run to be stuck")
            process.stdout.close()
            proxy.thaw()
            told = process.stderr.read()
            assert process.wait(TIMEOUT) == 141
    assert "nothing is left of account" in told
    assert get(empty, "_all_dbs") == before
