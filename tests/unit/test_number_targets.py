"""How numbers are typed, read from files, and listed in Kazoo's columns."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from memory_couchdb import MemoryZone

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.numbers import bulk, columns, lifecycle, listing, phone_number, targets, words
from kazoo_sup.kazoo.numbers.lifecycle import Request, Setting
from kazoo_sup.kazoo.numbers.listing import Wanted
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.targets import Target

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
        assert typed(zone, self.write(tmp_path, f"{ONE}\n{TWO},x\n")) == [Target(ONE, 1), Target(TWO, 2)]

    def test_of_nothing(self, zone, tmp_path):
        assert typed(zone, self.write(tmp_path, "")) == []

    def test_a_column_that_is_none_is_refused_before_anything(self, zone, tmp_path):
        with pytest.raises(ValueError, match="no column 'stat'"):
            targets.read(self.write(tmp_path, f"e164,stat\n{ONE},available\n"), zone)

    def test_tells_what_is_wrong_with_a_line_and_goes_on(self, zone, tmp_path):
        path = self.write(tmp_path, b'e164,state\nabc,\n+14155550100,a,b\n+1415\xff,\n"+1"x,\n+14155550101,aging\n')
        found = typed(zone, path)
        assert [(target.line, bool(target.wrong)) for target in found] == [
            (2, True), (3, True), (4, True), (5, True), (6, False),
        ]  # fmt: skip
        assert "3 cells for 2 columns" in found[1].wrong
        assert "UTF-8" in found[2].wrong

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
        deed = bulk.by_line(zone, Request(), lambda request: request)
        assert deed(Target(ONE, 2, {"account_id": ACCOUNT})).account == ACCOUNT
        with pytest.raises(SupError, match="there is no account"):
            deed(Target(ONE, 3, {"account_id": "2" * 32}))


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
        zone.couchdb.put(database, {"_id": "_design/numbers"})
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
        counts = Counter()
        rows = list(listing.shown(stocked, [Target(ONE), Target("+14155559999")], Setting(), counts))
        assert [row["number"] for row in rows] == [ONE]
        assert counts == {"shown": 1, "failed": 1}
        assert [str(report.error) for report in stocked.reports] == ["there is no number +14155559999"]

    def test_tells_the_past_of_a_number(self, stocked):
        number = phone_number.new(ONE, "reserved").reserved_for("2" * 32).reserved_for(ACCOUNT).assigned(ACCOUNT)
        stocked.couchdb.put("numbers/+1415", number.document())
        rows = list(listing.history(stocked, [Target(ONE)], Setting(), Counter()))
        assert [(row["what"], row["account_name"]) for row in rows] == [
            ("created", None), ("reserved for", None), ("reserved for", "ACME"), ("reserved", "ACME"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (words._state, "sold"),
        (words._feature, "outbound_cnam"),
        (words._public_fields, "[1]"),
        (words._public_fields, "{"),
        (words._public_fields, '{"pvt_state":"aging"}'),
    ],
)
def test_words_that_name_nothing_are_refused(read, text):
    with pytest.raises(ValueError, match="."):
        read(text, None)
