"""`sup number` run twice, on numbers that are not there, in shapes of old, and with carrier modules of any name."""

from __future__ import annotations

import json

import pytest

from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

FIRST = "+14155550000"
AREA = "numbers/+1415"


@pytest.fixture
def file(tmp_path):
    """Give a function that writes a CSV file and returns its name."""

    def write(*lines):
        path = tmp_path / "numbers.csv"
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    return write


class TestMadeAgain:
    """A run that was completed is made again: what is done already is counted, and nothing fails."""

    def counts(self, done):
        return done.code, json.loads(done.stdout)["counts"]

    @pytest.mark.parametrize("carrier", ["local", "inventory"])
    def test_releasing(self, at, carrier):
        numbers = f"{FIRST}..+14155550002"
        assert at("number", "create", numbers, ACCOUNT, "--carrier", carrier).code == 0
        assert at("number", "release", numbers, ACCOUNT).code == 0
        for words in ((numbers, ACCOUNT), (numbers,)):
            assert self.counts(at("-f", "json", "number", "release", *words)) == (0, {"unchanged": 3})

    @pytest.mark.parametrize(
        "words",
        [
            ("create", FIRST, ACCOUNT),
            ("port_in", FIRST, ACCOUNT),
            ("move", FIRST, ACCOUNT),
            ("reserve", FIRST, ACCOUNT),
            ("delete", FIRST),
            ("remove_feature", FIRST, "prepend"),
            ("set_feature", FIRST, "prepend", '{"enabled":true,"name":"ACME"}'),
        ],
        ids=lambda words: words[0],
    )
    def test_other_deeds(self, at, words):
        if words[0] not in ("create", "port_in"):
            at("number", "create", FIRST, ACCOUNT)
        assert at("-y", "number", *words).code == 0
        code, counts = self.counts(at("-y", "-f", "json", "number", *words))
        assert (code, set(counts)) == (0, {"unchanged"})

    @pytest.mark.parametrize("verb", ["age", "recycle"])
    def test_aging(self, at, verb):
        at("number", "create", FIRST, "--state", "available", "--carrier", "inventory")
        at("number", "age", FIRST)
        assert at("number", verb, FIRST).code == 0
        assert self.counts(at("-f", "json", "number", verb, FIRST)) == (0, {"unchanged": 1})

    def test_importing_what_features_and_a_carrier_were_asked_of(self, at, file):
        named = file(
            "e164,account_id,carrier_module,carrier_name,prepend.enabled,prepend.name",
            f"{FIRST},lab.example.com,inventory,,true,ACME",
            "+14155550001,lab.example.com,,wnm_other,,",
        )
        assert at("number", "import", named).code == 0
        code, counts = self.counts(at("-f", "json", "number", "import", named))
        assert (code, set(counts)) == (0, {"unchanged"})


@pytest.mark.parametrize(
    "words", [("release",), ("delete",), ("age",), ("recycle",), ("reserve", ACCOUNT)], ids=lambda words: words[0]
)
def test_nothing_is_said_to_be_well_of_a_number_that_was_never_there(at, words):
    verb, *more = words
    code, out, err = at("-y", "number", verb, FIRST, *more)
    assert (code, out) == (3, "")
    assert f"there is no number {FIRST}" in err
    answer = json.loads(at("-y", "-f", "json", "number", verb, FIRST, *more).stdout)
    assert (answer["result"], answer["status"]) == (None, "error")


@pytest.mark.parametrize("verb", ["show", "history"])
def test_what_is_missing_from_a_listing_is_no_row_of_it(at, verb):
    at("number", "create", FIRST, ACCOUNT)
    done = at("-f", "json", "number", verb, f"{FIRST}..+14155550002")
    answer = json.loads(done.stdout)
    assert (done.code, answer["status"], answer["counts"]) == (5, "partial", {"shown": 1, "failed": 2})
    assert {row["number"] for row in answer["rows"]} == {FIRST}
    assert [change["action"] for change in answer["changes"]] == ["failed", "failed"]


class TestOldShapes:
    """Numbers that Kazoo 3.22 and Monster UI have stored."""

    @pytest.fixture
    def old(self, at, put):
        at("number", "create", "+14155550009", ACCOUNT)
        shapes = {
            "+14155550001": {"pvt_number_state": "in_service", "pvt_features": []},
            "+14155550002": {"pvt_state": "in_service", "pvt_created": "undefined", "pvt_modified": "undefined"},
            "+14155550003": {"pvt_state": "in_service", "pvt_module_name": "wnm_local"},
            "+14155550004": {"pvt_state": "in_service", "pvt_module_name": None},
        }
        base = {"pvt_type": "number", "pvt_module_name": "knm_local", "pvt_assigned_to": ACCOUNT}
        times = {"pvt_modified": 63_637_990_853, "pvt_created": 63_637_990_840}
        for number, fields in shapes.items():
            put(AREA, {"_id": number, **base, **times, **fields})
        return [*shapes, "+14155550009"]

    def listed(self, at, *words):
        done = at("-f", "json", "number", *words)
        assert done.code == 0, done
        return json.loads(done.stdout)["rows"]

    @pytest.mark.parametrize(
        "words",
        [
            ("dump",),
            ("dump", "--state", "in_service"),
            ("dump", "--carrier", "local"),
            ("dump", "--carrier", "wnm_local", "--state", "in_service"),
            ("list", ACCOUNT),
            ("list", ACCOUNT, "--carrier", "local"),
            ("search", "+1415", "--state", "in_service"),
        ],
        ids=" ".join,
    )
    def test_every_listing_has_them(self, at, old, words):
        assert sorted(row["e164"] for row in self.listed(at, *words)) == old

    def test_times_are_those_that_are_stored(self, at, old):
        rows = {row["e164"]: (row["created"], row["modified"]) for row in self.listed(at, "dump")}
        assert rows[old[0]] == (63_637_990_840, 63_637_990_853)
        assert rows[old[1]] == (None, None)


class TestCarrierModules:
    def test_a_name_of_old_is_read_as_todays(self, at, stored, file):
        named = file(
            "e164,carrier_module,state", "+14155550001,wnm_bandwidth,available", "+14155550002,wnm_other,available"
        )
        assert at("number", "import", named).code == 0
        names = [stored(AREA, f"+1415555000{each}")["pvt_module_name"] for each in (1, 2)]
        assert names == ["knm_bandwidth2", "knm_other"]

    def test_one_that_is_none_is_refused_with_its_line(self, at, stored, file):
        named = file(
            "e164,carrier_module,state",
            "+14155550001,telnxy,available",
            "+14155550002,knm_nosuch,available",
            "+14155550003,telnyx,available",
        )
        code, _out, err = at("number", "import", named)
        assert code == 5
        assert "line 2" in err
        assert "line 3" in err
        assert "knm_telnyx" in err
        assert [bool(stored(AREA, f"+1415555000{each}")) for each in (1, 2, 3)] == [False, False, True]

    def test_one_of_the_settings_that_is_none_is_refused(self, at, put, stored):
        put("system_config", {"_id": "tasks.numbers", "default": {"import_defaults_to_carrier": "knm_nosuch"}})
        code, out, err = at("number", "import", FIRST, ACCOUNT)
        assert (code, out) == (3, "")
        assert "knm_nosuch" in err
        assert stored(AREA, FIRST) is None

    def test_as_an_argument(self, at):
        code, _out, err = at("number", "create", FIRST, ACCOUNT, "--carrier", "telnxy")
        assert code == 1
        assert "knm_telnyx" in err

    @pytest.mark.parametrize(
        "words", [("convert_carrier_module", "knm_local"), ("convert_carrier_module_number", FIRST)]
    )
    def test_converting_to_one_that_is_none_is_not_well(self, at, words):
        at("number", "create", FIRST, ACCOUNT)
        code, out, err = at("kazoo_number_manager_maintenance", *words, "telnxy")
        assert code == 1
        assert out.splitlines()[-1] == "Bad carrier module: telnxy"
        assert "knm_telnyx" in err
