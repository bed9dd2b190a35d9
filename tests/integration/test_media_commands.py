"""Media, callflow, webhooks, fax and voicemail maintenance: the real program, its own views in a real view server."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import requests

from kazoo_sup import terms
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.terms import Atom

pytestmark = pytest.mark.integration

TIMEOUT = 600
REALM = "lab.example.com"
MONTH = f"{ACCOUNT_DATABASE}-202411"
MADE = 63_900_000_000


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "prompts"
    made.mkdir()
    for name in ("vm-enter_pass.wav", "cf-disabled_menu.mp3"):
        (made / name).write_bytes(name.encode() * 100)
    return made


def _escaped(database):
    return quote(database.replace("%2F", "/"), safe="")


class TestPrompts:
    COMMAND = ("kazoo_media_maintenance", "import_prompts")

    def test_a_folder_is_imported_with_its_audio_and_a_second_run_changes_nothing(self, at, stored, folder):
        done = at(*self.COMMAND, str(folder), "fr-fr")
        assert done.code == 0
        assert done.stdout.endswith("importing went successfully\nok\n")
        assert stored("system_media", "fr-fr/vm-enter_pass", "vm-enter_pass.wav") == b"vm-enter_pass.wav" * 100
        before = stored("system_media", "fr-fr/vm-enter_pass")
        assert before["_attachments"]["vm-enter_pass.wav"]["content_type"] == "audio/x-wav"
        assert at(*self.COMMAND, str(folder), "fr-fr").stdout == done.stdout
        assert stored("system_media", "fr-fr/vm-enter_pass") == before

    def test_what_is_missing_after_a_run_that_was_cut_off_is_brought(self, at, stored, folder, cluster):
        at(*self.COMMAND, str(folder))
        document = stored("system_media", "en-us/vm-enter_pass")
        kept = {key: each for key, each in document.items() if key != "_attachments"}
        url = f"{cluster}/system_media/en-us%2Fvm-enter_pass"
        requests.put(url, json=kept, timeout=TIMEOUT).raise_for_status()
        assert stored("system_media", "en-us/vm-enter_pass", "vm-enter_pass.wav") is None
        assert at(*self.COMMAND, str(folder)).code == 0
        assert stored("system_media", "en-us/vm-enter_pass", "vm-enter_pass.wav") is not None

    def test_what_cannot_be_read_ends_partly_done(self, at, folder):
        (folder / "a.wav").mkdir()
        done = at(*self.COMMAND, str(folder))
        assert done.code == 5
        reason = (Atom("error"), Atom("eisdir"))
        assert terms.formatted("  '~s': ~p", f"{folder}/a.wav", reason) + "\n" in done.stdout

    def test_a_dry_run_stores_nothing(self, at, stored, folder):
        assert at("--dry-run", *self.COMMAND, str(folder)).code == 0
        assert stored("system_media", "en-us/vm-enter_pass") is None

    @pytest.mark.parametrize("name", ["/nowhere", "/dev/null"])
    def test_no_folder_is_refused(self, at, name):
        done = at(*self.COMMAND, name)
        assert (done.code, done.stdout) == (1, "")


class TestCallflow:
    @pytest.fixture(autouse=True)
    def _device(self, put):
        sip = {"username": "Desk", "password": "geheim", "method": "password"}
        put(ACCOUNT_DATABASE, {"_id": "d1", "pvt_type": "device", "name": "Desk", "sip": sip})
        trunk = {"auth_realm": REALM}, [{"auth": {"auth_user": "pbx", "auth_method": "password"}}]
        put(ACCOUNT_DATABASE, {"_id": "t1", "pvt_type": "sys_info", "account": trunk[0], "servers": trunk[1]})

    def test_restrictions_are_set_and_listed(self, at, stored):
        assert at("callflow_maintenance", "device_classifier_deny", "caribbean", f"desk@{REALM}").code == 0
        assert at("trunkstore_maintenance", "classifier_deny", "caribbean", f"pbx@{REALM}").stdout.endswith(
            "Success\nok\n"
        )
        assert at("callflow_maintenance", "account_set_classifier_deny", "caribbean", "lab").code == 0
        for database, identifier in ((ACCOUNT_DATABASE, "d1"), (ACCOUNT_DATABASE, "t1"), ("accounts", ACCOUNT)):
            assert stored(database, identifier)["call_restriction"] == {"caribbean": {"action": "deny"}}
        listed = at("callflow_maintenance", "list_account_restrictions", "Lab").stdout
        assert listed.count('Classifier <<"caribbean">>:\t\t action <<"deny">>') == 3

    def test_all_accounts_are_restricted_from_one_on(self, at, stored):
        words = ("callflow_maintenance", "all_accounts_set_classifier_deny", "caribbean")
        done = at(*words, "--from", ACCOUNT)
        assert (done.code, done.stdout.count("switched to action 'deny'\n")) == (0, 1)
        assert stored("accounts", ACCOUNT)["call_restriction"] == {"caribbean": {"action": "deny"}}
        assert at(*words, "--from", "f" * 32).code == 1

    def test_an_endpoint_is_shown_without_its_password(self, at):
        done = at("callflow_maintenance", "lookup_endpoint", f"Desk@{REALM}")
        assert done.code == 0
        assert '{<<"Endpoint-ID">>,<<"d1">>}' in done.stdout
        assert "geheim" not in done.stdout

    @pytest.mark.parametrize(
        "words",
        [
            ("device_classifier_deny", "moon", f"desk@{REALM}"),
            ("device_classifier_deny", "caribbean", f"nobody@{REALM}"),
            ("account_set_classifier_deny", "caribbean", "nobody"),
            ("lookup_endpoint", "desk"),
            ("migrate_menus", "nobody"),
        ],
    )
    def test_what_is_wrong_is_told_in_one_line(self, at, words):
        done = at("callflow_maintenance", *words)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1


def test_webhooks_are_switched_on_again(at, put, stored):
    hook = {"pvt_type": "webhook", "pvt_account_id": ACCOUNT, "hook": "channel_create", "uri": "http://x.example.com"}
    put("webhooks", {"_id": "w1", **hook, "enabled": False, "pvt_disabled_message": "too many failures"})
    assert at("webhooks_maintenance", "hooks_configured").stdout == "no webhooks configured\nok\n"
    assert at("webhooks_maintenance", "enable_account_hooks", ACCOUNT).stdout == "re-enabled 1 hooks\nIDs: w1\nok\n"
    assert stored("webhooks", "w1")["enabled"] is True
    assert "found 1 webhooks" in at("webhooks_maintenance", "hooks_configured", ACCOUNT).stdout


class TestFaxes:
    @pytest.fixture(autouse=True)
    def _jobs(self, put):
        fax = {"pvt_type": "fax", "pvt_account_id": ACCOUNT, "pvt_created": MADE, "pvt_modified": MADE}
        put("faxes", {"_id": "j1", **fax, "pvt_job_status": "pending", "attempts": 0, "retries": 3, "faxbox_id": "f1"})
        put("faxes", {"_id": "j2", **fax, "pvt_job_status": "processing", "pvt_job_node": "kazoo_apps@one"})
        put("faxes", {"_id": "j3", **fax, "pvt_job_status": "completed"})

    @pytest.mark.parametrize(
        ("words", "job"),
        [
            (("pending_jobs",), "j1"),
            (("active_jobs",), "j2"),
            (("account_jobs", ACCOUNT), "j1"),
            (("account_jobs", ACCOUNT, "completed"), "j3"),
            (("faxbox_jobs", "f1"), "j1"),
        ],
    )
    def test_jobs_are_listed(self, at, words, job):
        lines = at("fax_maintenance", *words).stdout.splitlines()
        assert len(lines) == 5
        assert job in lines[3]

    def test_a_job_is_given_another_state(self, at, stored):
        assert at("fax_maintenance", "update_job", "j1", "failed").code == 0
        assert at("fax_maintenance", "update_job", "j1", "failed").code == 2
        assert at("fax_maintenance", "restart_job", "j1").stdout == ""
        assert stored("faxes", "j1")["pvt_job_status"] == "pending"
        assert at("fax_maintenance", "restart_job", "none").code == 3

    def test_outbound_faxes_move_to_their_month(self, at, stored):
        done = at("fax_maintenance", "migrate")
        assert done.code == 0
        assert done.stdout.endswith("finished crawling faxes db\nok\n")
        assert stored(MONTH, "202411-j3")["folder"] == "outbox"
        assert stored("faxes", "j3") is None


def test_voicemail_moves_to_its_month_and_what_is_lost_is_made_up(at, put, stored):
    put(MONTH, {"_id": "202411-lost", "pvt_type": "mailbox_message", "_attachments": _audio()})
    put(ACCOUNT_DATABASE, {"_id": "b1", "pvt_type": "vmbox", "messages": [{"media_id": "m1", "timestamp": MADE}]})
    done = at("kazoo_voicemail_maintenance", "migrate")
    assert done.code == 0
    assert "Total succeeded: 1\n" in done.stdout
    assert stored(MONTH, "202411-m1")["pvt_previous_id"] == "m1"
    assert stored(ACCOUNT_DATABASE, "b1")["messages"] == []
    assert at("kazoo_voicemail_maintenance", "recover_messages_month", "2024", "11").code == 0
    assert stored(MONTH, "202411-lost")["metadata"]["folder"] == "new"


def test_credentials_are_read_from_standard_input(at, stored):
    done = at("pusher_maintenance", "add_firebase_app", "com.acme.app", input="key\n")
    assert done.code == 0
    assert stored("system_config", "pusher")["com.acme.app"]["firebase"] == {"api_key": "key"}


@pytest.mark.parametrize(
    "words",
    [
        ("webhooks_maintenance", "failure_status"),
        ("trunkstore_maintenance", "clear_old_calls"),
        ("callflow_maintenance", "call_count"),
        ("edr_maintenance", "restart_backend", "x"),
    ],
)
def test_what_only_a_node_knows_is_refused(at, words):
    done = at(*words)
    assert (done.code, done.stdout) == (3, "")
    assert done.stderr.startswith("sup: only a running node can ")


def _audio():
    return {"a.mp3": {"content_type": "audio/mpeg", "data": "SUQz"}}
