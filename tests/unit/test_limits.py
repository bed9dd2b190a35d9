"""What accounts may use and spend: their documents, their resellers', their plans and the zone's settings together."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.billing import ledgers, limits
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.ecallmgr import authorized_calls
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import billing
from kazoo_sup.texts.ecallmgr import authorized_call_lines, authorized_call_table

ACCOUNT, VENDOR = "1" * 32, "2" * 32
DATABASE = plain(account_database(ACCOUNT))


@pytest.fixture
def limited(zone):
    """Give a function that stores the limits of an account, and reads what holds."""
    zone.couchdb.create(DATABASE)
    zone.couchdb.create(plain(account_database(VENDOR)))

    def read(**document):
        zone.couchdb.put(DATABASE, {"_id": "limits", **document})
        return limits.read(zone, ACCOUNT)

    read.zone = zone
    return read


def reader(document, **settings):
    return limits.Reader(document, settings)


class TestReading:
    @pytest.mark.parametrize(
        ("document", "settings", "holds"),
        [
            ({}, {}, -1),
            ({}, {"calls": 7}, 7),
            ({"calls": 5}, {}, 5),
            ({"calls": 5, "pvt_calls": 3}, {}, 3),
            ({"calls": 2, "pvt_calls": 3}, {}, 2),
            ({"calls": -1, "pvt_calls": 3}, {}, 3),
            ({"calls": 5, "pvt_calls": -1}, {}, 5),
            ({"calls": -1}, {"calls": 9}, 9),
        ],
    )
    def test_calls_are_bounded_by_the_reseller(self, document, settings, holds):
        assert reader(document, **settings).tristate("calls") == holds

    @pytest.mark.parametrize(
        ("document", "holds"),
        [
            ({}, 0),
            ({"inbound_trunks": 5}, 5),
            ({"inbound_trunks": 5, "pvt_inbound_trunks": 3}, 3),
            ({"inbound_trunks": 5, "pvt_inbound_trunks": 0}, 0),
            ({"inbound_trunks": 5, "pvt_inbound_trunks": -1}, 5),
            ({"inbound_trunks": -1, "pvt_inbound_trunks": 3}, -1),
        ],
    )
    def test_so_are_trunks(self, document, holds):
        assert reader(document).number("inbound_trunks") == holds

    def test_a_fraction_is_dollars_and_a_whole_number_units(self):
        assert reader({"pvt_max_postpay_amount": 10.5}).units("max_postpay_amount", 0) == 105_000
        assert reader({"pvt_max_postpay_amount": -700}).units("max_postpay_amount", 0) == 700
        assert reader({}, reserve_amount=1.0).units("reserve_amount", 5) == 10_000
        assert reader({}).units("reserve_amount", 5) == 5

    def test_only_prepay_is_for_the_account_to_switch(self):
        document = {"allow_prepay": False, "allow_postpay": True}
        assert not reader(document).flag("allow_prepay", otherwise=True)
        assert not reader(document).flag("allow_postpay", otherwise=False)
        assert reader({"pvt_allow_postpay": True}).flag("allow_postpay", otherwise=False)

    def test_plans_bound_as_the_reseller_does(self, limited):
        zone = limited.zone
        plans = {"silver": {"vendor_id": VENDOR}, "gold": {"vendor_id": VENDOR, "overrides": {"limits": {"calls": 8}}}}
        zone.couchdb.put("services", {"_id": ACCOUNT, "plans": plans})
        silver = {"_id": "silver", "limits": {"calls": 2, "twoway_trunks": 1}, "merge": {"priority": 5}}
        zone.couchdb.put(plain(account_database(VENDOR)), silver, {"_id": "gold", "limits": {"calls": 4}})
        found = limited(twoway_trunks=3)
        assert (found.calls, found.twoway_trunks) == (2, 1)

    def test_bundled_trunks_are_added_unless_there_is_no_limit(self, limited):
        zone = limited.zone
        zone.couchdb.put_views(DATABASE, "devices")
        devices = ({"_id": name, "pvt_type": "device", "enabled": name != "d2"} for name in ("d1", "d2"))
        zone.couchdb.put(DATABASE, *devices)
        found = limited(pvt_bundled_inbound_trunks="devices", inbound_trunks=2)
        assert (found.inbound_trunks, found.trunks("inbound"), found.trunks("outbound")) == (2, 3, 0)
        assert limited(pvt_bundled_inbound_trunks="devices", inbound_trunks=-1).trunks("inbound") == -1


class TestPrinting:
    def cells(self, limited, **document):
        *_head, row, _rule = billing.limits_table([limited(**document)])
        return [cell.strip() for cell in row.split("|")[1:-1]]

    def test_a_row(self, limited, monkeypatch):
        monkeypatch.setattr(ledgers, "balance", lambda _zone, _account, _month: 125_000)
        found = self.cells(limited, calls=1_000_000, pvt_allow_postpay=True, pvt_max_postpay_amount=50.0)
        assert found == [ACCOUNT, "*****", "-1", "0", "0", "0", "0", "0", "12.5", "-50.0"]
        off = self.cells(limited, pvt_enabled=False)
        assert off == [ACCOUNT, *["-"] * 9]
        assert len({len(line) for line in billing.limits_table([limited()])}) == 1

    def test_details_say_what_is_not_known(self, limited):
        lines = list(billing.limits_details(limited(allotments={"toll": {"amount": 60}})))
        assert "  Current Balance        : not known at the moment: db_not_found" in lines
        labels = [line.partition(":")[0].strip() for line in lines]
        kinds = ("Inbound", "Outbound", "Twoway")
        trunks = [f"{bundled}{kind} Trunks" for kind in kinds for bundled in ("", "Bundled ")]
        assert labels[labels.index("Limits") : labels.index("Allotments")] == [
            *("Limits", "Calls Hard Limit", "Resources Hard Limit", *trunks)
        ]
        assert lines[-4:] == ["", f"{'  Name':25}: toll", f"{'  Amount':25}: 60", f"{'  Cycle':25}: monthly"]

    def test_the_balance_is_the_months(self, limited):
        limited.zone.couchdb.create(plain(months.database(ACCOUNT, months.this_month())))
        assert limited().balance == 0


class TestCalls:
    CHANNELS = (
        {"uuid": "a", "other_leg": "b", "account_id": ACCOUNT, "account_billing": "flat_rate", "direction": "inbound"},
        {"uuid": "b", "account_id": ACCOUNT, "account_billing": "per_minute", "direction": "outbound"},
        {"uuid": "c", "account_id": "x", "reseller_id": ACCOUNT, "reseller_billing": "allotment_toll"},
        {"uuid": "d", "account_id": ACCOUNT, "account_billing": "limits_disabled"},
    )

    def test_what_an_account_and_a_reseller_pay_for_is_counted(self):
        *_, row, _rule = authorized_call_table(self.CHANNELS, [ACCOUNT])
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells == [ACCOUNT, "3", "2", "1", "1", "0", "1"]
        assert authorized_calls.payers(self.CHANNELS) == [ACCOUNT, "x"]

    def test_details_of_its_calls(self):
        lines = list(authorized_call_lines(self.CHANNELS, "x"))
        assert f"{'Call ID':25}: c" in lines
        assert f"{'Answered Duration':25}: 0s" in lines
        assert not any("Call ID                  : a" in line for line in lines)
