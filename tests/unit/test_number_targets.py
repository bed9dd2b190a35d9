"""How numbers are typed, read from files, and listed in Kazoo's columns."""

from __future__ import annotations

import io
import os
import threading

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup.arguments import numbers, targets
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.documents import csv_files
from kazoo_sup.kazoo.numbers import bulk, columns, lifecycle, listing, phone_number
from kazoo_sup.kazoo.numbers.lifecycle import Request, Setting
from kazoo_sup.kazoo.numbers.listing import Wanted
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.targets import Target, Targets

ACCOUNT = "1" * 32
ONE, TWO = "+14155550100", "+14155550101"


def typed(zone, text):
    return list(targets.read(text, zone))


class TestTyped:
    def test_one_number(self, zone):
        assert typed(zone, "(415) 555-0100") == [Target(ONE)]

    def test_a_range(self, zone):
        found = targets.read("4155550100..4155550102", zone)
        assert (found.total, [target.number for target in found]) == (3, [ONE, TWO, "+14155550102"])

    @pytest.mark.parametrize("text", ["abc", "", "4155550101..4155550100", "+1..", "+14155550100..+441555501"])
    def test_what_is_neither_is_refused(self, zone, text):
        with pytest.raises(ValueError, match="is no"):
            targets.read(text, zone)

    @pytest.mark.parametrize("name", ["numbers.txt", "new/numbers", "numbers.CSV", "list.v2.tsv"])
    def test_a_missing_file_of_any_name_is_no_mistyped_number(self, zone, name):
        with pytest.raises(ValueError, match=f"cannot read {name}: No such file"):
            targets.read(name, zone)

    @pytest.mark.parametrize(
        ("cells", "said"), [('"+14155550100', "is not ended by one"), ('"+1"415,x', "no comma follows")]
    )
    def test_quotation_marks_that_do_not_fit_are_told_of(self, zone, tmp_path, cells, said):
        file = tmp_path / "numbers.csv"
        file.write_text(f"e164,state\n+14155550101,available\n{cells}\n")
        assert said in str(typed(zone, str(file))[1].wrong)

    def test_a_file_that_is_closed_on_the_way_ends_in_silence(self):
        content = io.BytesIO(b"e164\n+14155550100\n+14155550101\n")
        lines = csv_files.lines(content)
        next(lines)
        content.close()
        lines.close()

    def test_a_file_that_is_missing_is_told_at_once(self, zone, tmp_path):
        with pytest.raises(ValueError, match="No such file"):
            targets.read(str(tmp_path / "numbers.csv"), zone)


class TestFile:
    def write(self, tmp_path, content):
        path = tmp_path / "numbers.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def test_with_columns(self, zone, tmp_path):
        path = self.write(tmp_path, f"\ufeffe164, state\r\n{ONE},available\r\n\r\n4155550101,\r\n")
        assert typed(zone, path) == [Target(ONE, 2, {"state": "available"}), Target(TWO, 4, {"state": ""})]

    def test_without_columns(self, zone, tmp_path):
        assert typed(zone, self.write(tmp_path, f"{ONE}\n{TWO}\n")) == [Target(ONE, 1), Target(TWO, 2)]

    def test_a_second_column_that_nothing_names_is_wrong(self, zone, tmp_path):
        found = typed(zone, self.write(tmp_path, f"{ONE}\n{TWO},{ACCOUNT}\n"))
        assert [bool(target.wrong) for target in found] == [False, True]

    @pytest.mark.parametrize("heading", ["E164,STATE,Account_ID", "e164 ,State,account id", '"E164",state,ACCOUNT-ID'])
    def test_headings_in_any_case(self, zone, tmp_path, heading):
        [found] = typed(zone, self.write(tmp_path, f"{heading}\n{ONE},RESERVED,{ACCOUNT}\n"))
        assert found == Target(ONE, 2, {"state": "RESERVED", "account_id": ACCOUNT})
        assert columns.request(found.fields, Request()).state == "reserved"

    def test_the_name_of_a_public_field_keeps_its_case(self, zone, tmp_path):
        [found] = typed(zone, self.write(tmp_path, f"E164,OPAQUE.Crm.Id\n{ONE},7\n"))
        assert found.fields == {"opaque.Crm.Id": "7"}

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (f"number,account_id\n{ONE},x\n", "names the column 'e164'"),
            (f"Telephone\n{ONE}\n", "names the column 'e164'"),
            (f"Numbers of ACME,\ne164,state\n{ONE},aging\n", "names the column 'e164'"),
            (f"{ONE},{ACCOUNT},reserved\n", "no heading that names them"),
            (f"e164,state,state\n{ONE},aging,aging\n", "'state' occurs twice"),
            (f"E164,e164\n{ONE},{TWO}\n", "'e164' occurs twice"),
            (f"e164,,state\n{ONE},,aging\n", "column 2 has no name"),
            (f"e164,opaque.pvt_state\n{ONE},aging\n", "names no public field"),
            (f"e164,opaque.\n{ONE},aging\n", "names no public field"),
            (f"e164;state\n{ONE};aging\n", "semicolons"),
            (f"{ONE};{ACCOUNT}\n", "semicolons"),
            (f"e164\tstate\n{ONE}\taging\n", "tabs"),
            (f"sep=;\ne164;state\n{ONE};aging\n", "semicolons"),
            (f"e164,state\n{ONE},aging\n".encode("utf-16"), "UTF-16"),
            (f"e164,state\n{ONE},aging\n".encode("utf-16-le"), "UTF-16"),
            (b"PK\x03\x04\x14\0\x06\0", "xlsx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
            (b"<html><table><tr><td>+14155550100", "HTML"),
            (f"e164,e911.name\n{ONE},Soci\u00e9t\u00e9\n".encode("cp1252"), "line 2 is not UTF-8"),
            (f"e164,state\n{ONE},aging\n1.4155E+10,aging\n", "line 3: e164 is '1.4155E\\+10'.*scientific"),
            ("1.41555501E+10\n1.41555501E+10\n", "scientific"),
            (f"e164,account_id\n{ONE},1.23457E+31\n", "account_id is .*scientific"),
            ("e164\n4155550100.0\n", "fraction"),
            ('e164\n"14,155,550,100"\n', "commas between"),
            ("e164\n########\n", "too narrow"),
            ("e164\nabc\ndef\n", "none of its 2 lines holds a number; line 2"),
        ],
    )
    def test_what_a_spreadsheet_spoils_is_told_in_one_sentence(self, zone, tmp_path, content, why):
        with pytest.raises(ValueError, match=why):
            targets.read(self.write(tmp_path, content), zone)

    @pytest.mark.parametrize(
        "content",
        [
            f"e164,state,,\n{ONE},aging,,\n,,,\n\n,,,\n",
            f"e164,state\n'{ONE},aging\n",
            f'e164,state\n"=""{ONE}""",aging\n',
            f"e164,state\n\u202a{ONE}\u202c,\u00a0aging\u00a0\n",
            "e164,state\n\u00a0(415)\u00a0555-0100,aging\n",
            f"\n\ne164,state\n{ONE},aging\n",
            f"e164,state\r{ONE},aging\r",
            f"sep=,\ne164,state\n{ONE},aging\n",
        ],
    )
    def test_what_a_spreadsheet_only_dresses_up_is_read(self, zone, tmp_path, content):
        [found] = typed(zone, self.write(tmp_path, content))
        assert (found.number, found.fields["state"], found.wrong) == (ONE, "aging", None)

    @pytest.mark.parametrize("digits", ["+1415555\u0660\u0661\u0660\u0660", "\uff0b14155550100"])
    def test_digits_of_other_scripts_are_none(self, zone, digits):
        with pytest.raises(ValueError, match="is not a phone number"):
            targets.read(digits, zone)

    def test_several_in_one_word_are_none(self, zone):
        with pytest.raises(ValueError, match=r"are several: FIRST\.\.LAST is a range"):
            targets.read(f"{ONE},{ONE}", zone)

    def test_of_nothing(self, zone, tmp_path):
        assert typed(zone, self.write(tmp_path, "")) == []
        assert typed(zone, self.write(tmp_path, "e164,state\n,\n")) == []
        assert [each.endswith("holds no number") for each in zone.warnings] == [True, True]

    def test_a_column_that_is_none_is_refused_before_anything(self, zone, tmp_path):
        with pytest.raises(ValueError, match="no column 'stat'"):
            targets.read(self.write(tmp_path, f"e164,stat\n{ONE},available\n"), zone)

    def test_tells_what_is_wrong_with_a_line_and_goes_on(self, zone, tmp_path):
        path = self.write(tmp_path, 'e164,state\nabc,\n+14155550100,a,b\n"+1"x,\n+14155550101,aging\n')
        found = typed(zone, path)
        assert [(target.line, bool(target.wrong)) for target in found] == [(2, True), (3, True), (4, True), (5, False)]
        assert "3 cells for 2 columns" in found[1].wrong

    def test_a_pipe_is_read_like_a_file(self, zone, tmp_path):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_text, args=[f"E164\n{ONE}\n"])
        writer.start()
        assert typed(zone, str(pipe)) == [Target(ONE, 2)]
        writer.join()

    def test_standard_input(self, zone, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{ONE}\n"))
        assert typed(zone, "-") == [Target(ONE, 1)]


FIELDS = {
    "account_id": ACCOUNT, "state": "reserved", "carrier_module": "inventory", "ported_in": "true",
    "cnam.outbound": "ACME", "cnam.inbound": "true", "e911.name": "A", "prepend.enabled": "false",
    "failover.sip": "sip:a@example.com", "opaque.crm.id": "7", "used_by": "callflow", "e911.region": "",
}  # fmt: skip


class TestColumns:
    def test_make_a_request(self):
        assert columns.request(FIELDS, Request()) == Request(
            account=ACCOUNT,
            state="reserved",
            module_name="knm_inventory",
            ported_in=True,
            public={
                "cnam": {"display_name": "ACME", "inbound_lookup": True},
                "e911": {"caller_name": "A"},
                "prepend": {"enabled": False},
                "failover": {"sip": "sip:a@example.com"},
                "crm": {"id": "7"},
            },
        )

    def test_that_are_empty_leave_the_request_as_it_was(self):
        base = Request(ACCOUNT, "aging", "knm_mdn", ported_in=False, public={"a": 1}, overwrite=False)
        assert columns.request(dict.fromkeys(FIELDS, ""), base) == base

    @pytest.mark.parametrize("cells", [{"state": "sold"}, {"ported_in": "yes"}, {"force_outbound": "1"}])
    def test_refuse_what_is_none_of_their_values(self, cells):
        with pytest.raises(ValueError, match=next(iter(cells))):
            columns.request(cells, Request())

    def test_list_what_they_were_made_of(self):
        cells = {name: FIELDS[name] for name in ("cnam.outbound", "cnam.inbound", "account_id", "ported_in")}
        rules = Rules(reseller_denied=())
        deed = lifecycle.create(columns.request(cells, Request()))
        row = columns.row(deed(None, ONE, Setting(rules=lambda _account: rules)), "ACME Inc.")
        assert list(row) == list(columns.LISTED)
        assert {name: row[name] for name in ("e164", "account_name", "cnam.outbound", "cnam.inbound", "ported_in")} == {
            "e164": ONE, "account_name": "ACME Inc.", "cnam.outbound": "ACME", "cnam.inbound": True, "ported_in": True,
        }  # fmt: skip


class TestLines:
    def test_name_accounts_in_any_way(self, zone):
        zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "realm": "a.example.com", "name": "A"})
        deed = bulk.by_line(zone, Targets([], 0), Request(), lambda request: request)
        assert deed(Target(ONE, 2, {"account_id": ACCOUNT})).account == ACCOUNT
        with pytest.raises(SupError, match="there is no account"):
            deed(Target(ONE, 3, {"account_id": "2" * 32}))

    def test_look_once_for_an_account_that_is_not_there(self, zone, monkeypatch):
        asked = []
        monkeypatch.setattr(zone.couchdb, "get", lambda *words: asked.append(words))
        deed = bulk.by_line(zone, Targets([], 0), Request(), lambda request: request)
        for line in (2, 3):
            with pytest.raises(SupError, match=rf"^\{TWO}: there is no account 2"):
                deed(Target(TWO, line, {"account_id": "2" * 32}))
        assert len(asked) == 2, "in the database of accounts and in its own"

    def agreeing(self, zone, tmp_path, *lines, heading="e164,state,account_id,modified"):
        file = tmp_path / "numbers.csv"
        file.write_text("\n".join([heading, *lines]))
        found = targets.read(str(file), zone)
        bulk.by_line(zone, found, Request(state="in_service"), lifecycle.create)
        return [each.line for each in found]

    @pytest.mark.parametrize(
        ("again", "is_refused"),
        [
            (f"{ONE},available,,", True),
            ("(415) 555-0100,AVAILABLE,,", True),
            (f"{ONE},in_service,{ACCOUNT},", True),
            (f"{ONE},,,", False),
            ("4155550100,In_Service,,2026-11-30", False),
            (f"{ONE},sold,,", False),
        ],
    )
    def test_of_one_number_ask_for_the_same(self, zone, tmp_path, again, is_refused):
        zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "name": "A"})
        lines = (f"{TWO},available,,", f"{ONE},in_service,,", "", f"{TWO},available,,", again)
        if not is_refused:
            assert self.agreeing(zone, tmp_path, *lines) == [2, 3, 5, 6]
            return
        with pytest.raises(bulk.Contradictory, match=rf"lines 3 and 6 ask for different things for \{ONE}; nothing"):
            self.agreeing(zone, tmp_path, *lines)

    def test_that_are_wrong_hide_no_others(self, zone, tmp_path):
        with pytest.raises(bulk.Contradictory, match=r"lines 3 and 4 .*, and 1 more likewise"):
            self.agreeing(zone, tmp_path, f"{ONE},sold", f"{ONE},available", f"{ONE},aging", f"{ONE},reserved",
                          heading="e164,state")  # fmt: skip

    def test_name_one_account_in_two_ways(self, zone, tmp_path):
        zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "realm": "a.example.com", "name": "A"})
        assert self.agreeing(zone, tmp_path, f"{ONE},{ACCOUNT}", f"{ONE},A", heading="e164,account_id") == [2, 3]


@pytest.fixture
def stocked(tmp_path):
    """A zone with numbers in two databases and a pool."""
    zone = MemoryZone(tmp_path / "stocked")
    for database in ("accounts", "system_config", "numbers/+1415", "numbers/+4420", "numbers/managed"):
        zone.couchdb.create(database)
    zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "name": "ACME"})
    for name, state, module, account in (
        (ONE, "in_service", "knm_local", ACCOUNT),
        (TWO, "available", "knm_inventory", None),
        ("+14159990100", "available", "knm_managed", None),
        ("+442079460000", "aging", "knm_inventory", None),
    ):
        number = phone_number.new(name, state, module).changed(assigned_to=account)
        zone.couchdb.put(f"numbers/{name[:5]}", number.document())
    zone.couchdb.put("numbers/managed", {"_id": "+18005550100", "pvt_type": "number", "pvt_state": "available"})
    for database in ("numbers/+1415", "numbers/+4420"):
        zone.couchdb.put_views(database, "numbers")
    return zone


class TestListing:
    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (Wanted(), [ONE, TWO, "+14159990100", "+442079460000"]),
            (Wanted(prefix="+1415555"), [ONE, TWO]),
            (Wanted(prefix="+44"), ["+442079460000"]),
            (Wanted(state="available"), [TWO, "+14159990100"]),
            (Wanted(state="available", module_name="knm_inventory"), [TWO]),
            (Wanted(state="available", module_name="knm_managed", prefix="+1415555"), []),
            (Wanted(module_name="knm_inventory"), [TWO, "+442079460000"]),
            (Wanted(account=ACCOUNT), [ONE]),
            (Wanted(account=ACCOUNT, state="reserved"), []),
        ],
    )
    def test_holds_what_is_wanted(self, stocked, wanted, expected):
        assert [row["e164"] for row in listing.dump(stocked, wanted, Setting())] == expected

    def test_names_the_accounts(self, stocked):
        [row] = listing.dump(stocked, Wanted(account=ACCOUNT), Setting())
        assert row["account_name"] == "ACME"

    def test_shows_numbers_and_tells_what_is_missing(self, stocked):
        *rows, report = listing.shown(stocked, [Target(ONE), Target("+14155559999")], Setting())
        assert [row["number"] for row in rows] == [ONE]
        assert report.counts == {"shown": 1, "failed": 1}
        assert [str(report.error) for report in stocked.reports] == ["there is no number +14155559999"]

    def test_tells_the_past_of_a_number(self, stocked):
        number = phone_number.new(ONE, "reserved").reserved_for("2" * 32).reserved_for(ACCOUNT).assigned(ACCOUNT)
        stocked.couchdb.put("numbers/+1415", number.document())
        *rows, _report = listing.history(stocked, [Target(ONE)], Setting())
        assert [(row["what"], row["account_name"]) for row in rows] == [
            ("created", None), ("reserved for", None), ("reserved for", "ACME"), ("reserved", "ACME"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (numbers._state, "sold"),
        (numbers._feature, "outbound_cnam"),
        (numbers._public_fields, "[1]"),
        (numbers._public_fields, "{"),
        (numbers._public_fields, '{"pvt_state":"aging"}'),
    ],
)
def test_words_that_name_nothing_are_refused(read, text):
    with pytest.raises(ValueError, match="."):
        read(text, None)
