"""Faxes converted by programs, which here are small scripts (Kazoo kz_fax_converter)."""

from __future__ import annotations

import pytest

from helpers.account_zone import account_zone
from kazoo_sup.kazoo.documents.mime_types import PDF, TIFF
from kazoo_sup.kazoo.faxes import fax_attachments, fax_conversion
from kazoo_sup.kazoo.faxes.fax_conversion import ConversionFailed, Converter, ToolFailed
from kazoo_sup.texts import faxes

TIFFINFO = """\
TIFF Directory at offset 0x8
  Image Width: 1728 Image Length: 2200
  Resolution: 204, 196 pixels/inch
  Compression Scheme: CCITT Group 4
  Page Number: 0-2
  Image Width: 1 Image Length: 1
  Page Number: 1-2
"""
COPY = "cp $FROM $TO"


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A function that puts a program in the path, a shell script."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")

    def put(name, script):
        path = directory / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    put("tiffinfo", f"cat <<'EOF'\n{TIFFINFO}EOF")
    return put


@pytest.fixture
def zone(tmp_path, tools):
    """A zone whose commands only copy."""
    zone = account_zone(tmp_path / "state")
    commands = {key: COPY for key in fax_conversion.COMMANDS if not key.startswith("validate")}
    valid = {"validate_pdf_command": "test -s $FILE", "validate_tiff_command": "test -s $FILE"}
    zone.couchdb.put("system_config", {"_id": "kazoo_convert", "default": {"fax": {**commands, **valid}}})
    return zone


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "my fax.tiff"
    path.write_bytes(b"II*")
    return path


class TestWays:
    @pytest.mark.parametrize(
        ("kind", "target", "steps"),
        [
            (TIFF, TIFF, ["tiff"]),
            (PDF, PDF, []),
            ("image/png", TIFF, ["convert_image_command"]),
            (PDF, TIFF, ["convert_pdf_command"]),
            (TIFF, PDF, ["convert_tiff_command"]),
            ("application/msword", PDF, ["convert_openoffice_command"]),
            ("application/msword", TIFF, ["convert_openoffice_command", "convert_pdf_command"]),
            ("image/png", PDF, None),
            ("audio/mpeg", TIFF, None),
        ],
    )
    def test_from_one_type_to_another(self, kind, target, steps):
        assert fax_conversion.route(kind, target) == steps

    @pytest.mark.parametrize(
        ("found", "command"),
        [
            ({}, None),
            ({"res_x": 0}, "resample_image_command"),
            ({"res_x": 300}, "resample_image_command"),
            ({"length": 3000}, "large_tiff_command"),
            ({"width": 2000}, "large_tiff_command"),
            ({"width": 800}, "small_tiff_command"),
            ({"scheme": "LZW"}, "convert_image_command"),
            ({"has_pages": False}, "convert_image_command"),
        ],
    )
    def test_what_a_tiff_needs_to_be_a_fax(self, found, command):
        fax = {"width": 1728, "length": 2200, "res_x": 204, "res_y": 196, "scheme": "CCITT Group 4", "has_pages": True}
        assert fax_conversion.tiff_command({**fax, **found})[0] == command

    def test_tiffinfo_is_read_up_to_the_first_page(self):
        assert fax_conversion.parse_information(TIFFINFO) == {
            "has_pages": True,
            "width": 1728,
            "length": 2200,
            "res_x": 204,
            "res_y": 196,
            "scheme": "CCITT Group 4",
        }


class TestConverting:
    def test_names_with_blanks_are_no_obstacle_and_nothing_is_left(self, zone, source):
        with Converter(zone) as converter:
            made = converter.convert(source, PDF)
            assert made.read_bytes() == b"II*"
            assert made.parent.stat().st_mode & 0o077 == 0
        assert not made.parent.exists()
        assert source.exists()

    def test_a_program_that_fails_or_takes_too_long_is_told(self, zone, source):
        settings = zone.couchdb.all("system_config")["kazoo_convert"]["default"]["fax"]
        for change in ({"convert_tiff_command": "exit 1"}, {"convert_tiff_command": "sleep 60"}):
            changed = {**settings, **change, "convert_command_timeout": 200}
            zone.couchdb.put("system_config", {"_id": "kazoo_convert", "default": {"fax": changed}})
            zone.rerun()
            with Converter(zone) as converter, pytest.raises(ConversionFailed, match="convert command failed"):
                converter.convert(source, PDF)

    def test_an_empty_file_is_none(self, zone, source):
        source.write_bytes(b"")
        with Converter(zone) as converter, pytest.raises(ConversionFailed, match="file validation failed"):
            converter.convert(source, PDF)

    def test_office_documents_may_be_ruled_out(self, zone, tmp_path):
        document = tmp_path / "a.docx"
        document.write_bytes(b"PK")
        with Converter(zone) as converter:
            assert converter.convert(document, PDF).read_bytes() == b"PK"
        zone.couchdb.put("system_config", {"_id": "kazoo_convert", "default": {"fax": {"enable_openoffice": False}}})
        zone.rerun()
        with Converter(zone) as converter, pytest.raises(ConversionFailed, match="unsupported"):
            converter.convert(document, PDF)

    def test_metadata_counts_the_pages_of_a_tiff(self, source, tools):
        found = fax_conversion.metadata(source)
        assert found == {"page_count": 2, "size": 3, "mimetype": TIFF, "filetype": "tiff"}
        tools("tiffinfo", "echo bad file >&2; exit 1")
        assert fax_conversion.metadata(source)["page_count"] == 0
        with pytest.raises(ToolFailed, match="Command failed with 1 error: bad file"):
            fax_conversion.information(source)

    def test_programs_are_named_with_their_versions(self, zone, tools):
        tools("cp", "echo copy 9.4")
        lines = list(faxes.versions(fax_conversion.versions(zone)))
        assert lines[lines.index("\tcopy 9.4") - 1].endswith("/bin/cp:")
        zone.couchdb.put("system_config", {"_id": "kazoo_convert", "default": {"fax": {}}})
        zone.rerun()
        missing = list(faxes.versions(fax_conversion.versions(zone)))
        assert missing[missing.index("* tiff2pdf:") + 1] == "\tERROR! missing executable"


class TestAttaching:
    def test_the_original_what_is_sent_and_what_is_shown(self, zone, source):
        zone.couchdb.put("faxes", {"_id": "j1", "pvt_type": "fax"})
        fax_attachments.attach(zone, zone.couchdb.get("faxes", "j1"), source)
        stored = zone.couchdb.all("faxes")["j1"]
        assert list(stored["_attachments"]) == ["original_file.tiff", "fax_file.tiff", "pdf_file.pdf"]
        assert (stored["pvt_pages"], stored["pvt_size"]) == (2, 3)

    def test_only_the_original_where_nothing_else_is_to_be_stored(self, zone, source):
        off = {"store_fax_tiff": False, "store_fax_pdf": False}
        zone.couchdb.put("system_config", {"_id": "fax", "default": off})
        zone.couchdb.put("faxes", {"_id": "j1", "pvt_type": "fax"})
        fax_attachments.attach(zone, zone.couchdb.get("faxes", "j1"), source)
        assert list(zone.couchdb.all("faxes")["j1"]["_attachments"]) == ["original_file.tiff"]

    def test_nothing_is_stored_of_what_cannot_be_converted(self, zone, tmp_path):
        song = tmp_path / "a.mp3"
        song.write_bytes(b"ID3")
        zone.couchdb.put("faxes", {"_id": "j1", "pvt_type": "fax"})
        with pytest.raises(ConversionFailed):
            fax_attachments.attach(zone, zone.couchdb.get("faxes", "j1"), song)
        assert zone.couchdb.all("faxes")["j1"] == {"_id": "j1", "pvt_type": "fax"}
