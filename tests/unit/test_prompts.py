"""System prompts from files (Kazoo kazoo_media_maintenance:import_prompts/2)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from helpers.account_zone import ACCOUNT, PLAIN, account_zone
from helpers.fault_server import answer, hangs_up, stores_then_hangs_up
from helpers.memory_couchdb import digest
from kazoo_sup import terms
from kazoo_sup.errors import ServerRefused, ServerUnreachable, SupError
from kazoo_sup.kazoo.databases.failures import BrokenOff
from kazoo_sup.kazoo.media import prompt_languages, prompts
from kazoo_sup.results import PartlyDone
from kazoo_sup.terms import Atom
from kazoo_sup.texts.prompts import lines as lines_of
from kazoo_sup.texts.prompts import result

DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


@pytest.fixture
def zone(tmp_path):
    return account_zone(tmp_path / "state")


@pytest.fixture
def file(tmp_path):
    """A function that writes an audio file and returns its path as text."""

    def write(name, content=b"RIFF"):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def imported(zone, *files, language="en-us"):
    events = list(prompts.import_files(zone, files, language))
    failed = [(each.file, result(each)) for each in events if isinstance(each, prompts.NotImported)]
    return list(lines_of(events)), failed


class TestPrompt:
    @pytest.mark.parametrize(
        ("name", "language", "identifier"),
        [
            ("vm-enter_pass.wav", "fr-fr", "fr-fr/vm-enter_pass"),
            ("vm-enter_pass.wav", "", "vm-enter_pass"),
            ("silence.wav", "fr-fr", "silence"),
            ("a.b.mp3", "de-de", "de-de/a.b"),
        ],
    )
    def test_its_id_is_its_language_and_name(self, name, language, identifier):
        assert prompts.Prompt(f"/x/{name}", 1, "md5-x", language).id == identifier

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("a.wav", "audio/x-wav"),
            ("a.WAV", "audio/x-wav"),
            ("a.mp3", "audio/mpeg"),
            ("a", "application/octet-stream"),
        ],
    )
    def test_its_type_follows_from_its_ending(self, name, kind):
        assert prompts.Prompt(name, 1, "md5-x", "en-us").content_type == kind

    def test_a_file_is_read_for_its_size_and_digest(self, file):
        found = prompts.read(file("a.wav", b"x" * 3_000_000), "en-us")
        assert (found.length, found.digest) == (3_000_000, digest(b"x" * 3_000_000))


class TestImporting:
    def test_the_document_comes_first_then_its_file_then_the_nodes_are_told_of_both(self, zone, file):
        said, failed = imported(zone, file("hello.wav"), language="FR-fr")
        document = zone.couchdb.all("system_media")["FR-fr/hello"]
        assert (failed, document["language"], document["prompt_id"]) == ([], "fr-fr", "hello")
        assert zone.couchdb.contents["system_media", "FR-fr/hello", "hello.wav"] == b"RIFF"
        assert said[-1] == "  uploaded prompt binary to FR-fr/hello as hello.wav"
        revisions = [event["Rev"] for event in zone.broker.events]
        assert revisions[-1] == zone.couchdb.get("system_media", "FR-fr/hello")["_rev"]
        assert {event["Event-Name"] for event in zone.broker.events} == {"doc_created"}

    def test_what_is_there_just_so_is_left_alone_and_told_of_alike(self, zone, file):
        first = imported(zone, file("hello.wav"))
        written = list(zone.couchdb.written)
        zone.broker.messages.clear()
        assert imported(zone, file("hello.wav")) == first
        assert zone.couchdb.written == written
        assert zone.broker.messages == []

    def test_a_second_run_stores_the_file_that_the_first_did_not(self, zone, file):
        path = file("hello.wav")

        def fail(_database, _identifier):
            raise DOWN

        zone.couchdb.before_attaching.append(fail)
        with pytest.raises(ServerUnreachable):
            imported(zone, path)
        assert "_attachments" not in zone.couchdb.all("system_media")["en-us/hello"]
        zone.couchdb.before_attaching.clear()
        zone.broker.messages.clear()
        imported(zone, path)
        assert zone.couchdb.contents["system_media", "en-us/hello", "hello.wav"] == b"RIFF"
        # What became of the first run's file was not known: its event goes out now.
        assert [event["Event-Name"] for event in zone.broker.events] == ["doc_edited", "doc_created"]

    def test_another_file_takes_the_place_of_one_with_another_ending(self, zone, file):
        imported(zone, file("hello.mp3", b"ID3"))
        imported(zone, file("hello.wav"))
        assert list(zone.couchdb.all("system_media")["en-us/hello"]["_attachments"]) == ["hello.wav"]

    def test_a_new_recording_keeps_its_document_s_time_of_creation(self, zone, file):
        imported(zone, file("hello.wav"))
        stored = zone.couchdb.all("system_media")["en-us/hello"]
        zone.couchdb.put("system_media", {**stored, "pvt_created": 1})
        imported(zone, file("hello.wav", b"RIFF2"))
        found = zone.couchdb.all("system_media")["en-us/hello"]
        assert (found["pvt_created"], found["content_length"]) == (1, 5)
        assert zone.couchdb.contents["system_media", "en-us/hello", "hello.wav"] == b"RIFF2"

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self, zone, file, tmp_path):
        missing = str(tmp_path / "missing.wav")
        said, failed = imported(zone, missing, file("hello.wav"))
        assert said[0] == f"failed to open path '{missing}' for importing: enoent"
        assert failed == [(missing, (Atom("error"), Atom("enoent")))]
        assert "en-us/hello" in zone.couchdb.all("system_media")

    def test_somebody_who_changes_the_document_meanwhile_does_not_keep_the_file_away(self, zone, file):
        def meddle(database, identifier):
            zone.couchdb.before_attaching.clear()
            zone.couchdb.put(database, {**zone.couchdb.get(database, identifier), "tts": True})

        zone.couchdb.before_attaching.append(meddle)
        said, failed = imported(zone, file("hello.wav"))
        assert failed == []
        assert any("conflict when uploading" in line for line in said)
        assert zone.couchdb.contents["system_media", "en-us/hello", "hello.wav"] == b"RIFF"

    def test_one_that_others_keep_changing_is_given_up(self, zone, file):
        def meddle(database, identifier):
            zone.couchdb.put(database, {**zone.couchdb.get(database, identifier), "tts": True})

        zone.couchdb.before_attaching.append(meddle)
        _said, failed = imported(zone, file("hello.wav"))
        assert [result for _file, result in failed] == [(Atom("error"), Atom("retries_exceeded"))]

    def test_a_refused_file_takes_a_new_document_along_but_none_that_was_there(self, zone, file):
        imported(zone, file("old.wav"))

        def refuse(_database, _identifier):
            raise ServerRefused(server="CouchDB", status=413, request="PUT", reason="too large")

        zone.couchdb.before_attaching.append(refuse)
        said, failed = imported(zone, file("new.wav"), file("old.wav", b"other"))
        assert len(failed) == 2
        assert "  removed metadata for en-us/new" in said
        assert set(zone.couchdb.all("system_media")) == {"en-us/old"}

    def test_a_server_that_goes_away_is_told_with_how_far_it_went(self, zone, file):
        paths = [file("a.wav"), file("b.wav")]

        def fail(_database, identifier):
            if identifier == "en-us/b":
                raise DOWN

        zone.couchdb.before_attaching.append(fail)
        with pytest.raises(BrokenOff, match="files done before that: 1"):
            imported(zone, *paths)

    def test_a_dry_run_stores_nothing(self, zone, file):
        zone.rerun(dry_run=True)
        imported(zone, file("hello.wav"))
        assert zone.couchdb.all("system_media") == {}
        assert [(report.action, report.planned) for report in zone.reports] == [("created", True), ("created", True)]


@pytest.mark.parametrize("fault", [hangs_up, stores_then_hangs_up, answer(500, {"error": "timeout"})])
def test_an_upload_whose_answer_is_lost_is_completed_by_the_next_run(server, zone_of, file, fault):
    for database in ("system_media", "system_config", "system_data"):
        server.databases[database] = {}
    path = file("hello.wav")
    server.fails(fault, to="PUT /system_media/en-us%2Fhello/hello.wav")
    with suppress(SupError):
        imported(zone_of(server.url), path)
    assert server.sent("PUT", "hello.wav")
    _said, failed = imported(zone_of(server.url), path)
    assert failed == []
    assert list(server.databases["system_media"]["en-us/hello"]["_attachments"]) == ["hello.wav"]


class TestFolder:
    def test_audio_files_in_their_order(self, file, tmp_path):
        for name in ("b.wav", "a.mp3", "c.txt", ".hidden.wav"):
            file(name)
        assert [path.rpartition("/")[2] for path in prompts.files_in(str(tmp_path))] == ["a.mp3", "b.wav"]

    def test_no_folder_and_no_file_are_refused(self, tmp_path):
        with pytest.raises(prompts.NoPrompts, match="not a directory"):
            prompts.files_in(str(tmp_path / "missing"))
        with pytest.raises(prompts.NoPrompts, match="failed to find media files"):
            prompts.files_in(str(tmp_path))

    def test_failures_are_listed_and_end_the_run_partly_done(self, zone, file, tmp_path):
        files = [file("a.wav"), str(tmp_path / "b.wav")]
        running = lines_of(prompts.import_folder(zone, "/p", files, "en-us"))
        lines = [next(running) for _line in range(8)]
        with pytest.raises(PartlyDone, match="1 of 2 files failed"):
            next(running)
        reason = (Atom("error"), Atom("enoent"))
        assert lines[-1] == terms.formatted("  '~s': ~p", files[1], reason)

    def test_a_file_on_which_the_server_fails_does_not_keep_the_others_out(self, zone, file):
        refused = ServerRefused(server="CouchDB", status=500, request="POST /system_media", reason="badmatch")

        def fails(_database, documents):
            if any(each["_id"].endswith("b") for each in documents):
                raise refused

        zone.couchdb.before_save.append(fails)
        lines = []
        with pytest.raises(PartlyDone, match="1 of 3 files failed"):
            lines.extend(lines_of(prompts.import_folder(zone, "/p", [file(f"{each}.wav") for each in "abc"], "en-us")))
        stored = {name.rpartition("%2F")[2].rpartition("/")[2] for name in zone.couchdb.all("system_media")}
        assert {"a", "c"} <= stored
        assert "b" not in stored


class TestLanguage:
    def test_the_account_s_own_setting_then_its_definition_then_the_cluster_s(self, zone):
        assert prompt_languages.of(zone, ACCOUNT) == "en-us"
        zone.couchdb.put("system_config", {"_id": "media", "default": {"default_language": "DE-de"}})
        zone.rerun()
        assert prompt_languages.of(zone, ACCOUNT) == "de-de"
        zone.couchdb.put(PLAIN, {"_id": ACCOUNT, "language": "fr-FR"})
        assert prompt_languages.of(zone, ACCOUNT) == "fr-fr"
        zone.couchdb.put(PLAIN, {"_id": "configs_media", "default_language": "it-it"})
        assert prompt_languages.of(zone, ACCOUNT) == "it-it"

    def test_accounts_have_none_where_overrides_are_off(self, zone):
        zone.couchdb.put("system_config", {"_id": "media", "default": {"support_account_overrides": False}})
        zone.couchdb.put(PLAIN, {"_id": "configs_media", "default_language": "it-it"})
        assert prompt_languages.of(zone, ACCOUNT) == "en-us"
