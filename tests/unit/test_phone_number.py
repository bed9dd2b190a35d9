"""A number's document: read, brought up to date, changed and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.kazoo.numbers import phone_number
from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber

NUMBER = "+14155550100"
ONE, OTHER = "1" * 32, "2" * 32
STORED = {
    "_id": NUMBER,
    "_rev": "1-a",
    "pvt_db_name": "numbers%2F%2B1415",
    "pvt_state": "in_service",
    "pvt_ported_in": False,
    "pvt_module_name": "knm_local",
    "pvt_modified": 63_900_000_000,
    "pvt_created": 63_800_000_000,
    "pvt_type": "number",
    "my_field": "mine",
    "pvt_assigned_to": ONE,
    "pvt_features": {"local": {}},
}


def without(*keys, **more):
    return {key: value for key, value in {**STORED, **more}.items() if key not in keys}


class TestReading:
    def test_and_writing_gives_the_same_document(self):
        number = phone_number.read(STORED)
        assert not number.dirty
        assert number.document() == without("_rev")
        assert list(number.document()) == list(without("_rev"))

    @pytest.mark.parametrize(
        ("stored", "module"),
        [("wnm_inventory", "knm_inventory"), ("knm_bandwidth", "knm_bandwidth2"), ("undefined", "knm_local")],
    )
    def test_renames_old_carrier_modules(self, stored, module):
        number = phone_number.read(without(pvt_module_name=stored))
        assert (number.module_name, number.dirty) == (module, True)

    def test_a_document_without_a_carrier_module_has_the_systems(self):
        number = phone_number.read(without("pvt_module_name"), "knm_inventory")
        assert (number.module_name, number.features, number.dirty) == ("knm_inventory", {}, True)

    def test_takes_the_state_from_where_it_was_kept_before(self):
        number = phone_number.read(without("pvt_state", pvt_number_state="reserved"))
        assert (number.state, number.dirty) == ("reserved", True)
        assert "pvt_number_state" not in number.document()

    def test_turns_a_list_of_features_into_objects(self):
        document = without(
            pvt_features=["outbound_cnam", "inbound_lookup", "dash_e911", "failover", "force_outbound"],
            cnam={"display_name": "ACME"},
            dash_e911={"postal_code": "94103"},
            failover={"sip": "sip:x@example.com"},
            force_outbound=True,
        )
        number = phone_number.read(document)
        assert number.features == {
            "outbound_cnam": {"display_name": "ACME"},
            "inbound_cnam": {"inbound_lookup": True},
            "e911": {"postal_code": "94103"},
            "failover": {"sip": "sip:x@example.com"},
            "force_outbound": True,
            "local": {},
        }
        assert number.dirty
        assert number.public["e911"] == {"postal_code": "94103"}

    def test_leaves_out_what_is_no_public_field(self):
        number = phone_number.read(without(id="x", used_by="y", pvt_used_by="callflow"))
        assert (number.public, number.used_by) == ({"my_field": "mine"}, "callflow")

    def test_drops_repetitions_from_the_history(self):
        assert phone_number.read(without(pvt_reserve_history=[ONE, ONE, OTHER])).reserve_history == (ONE, OTHER)


class TestChanging:
    def test_to_what_it_is_already_changes_nothing(self):
        number = phone_number.read(STORED)
        assert number.changed(state="in_service", public={"my_field": "mine"}) is number
        assert number.assigned(ONE) is number
        assert number.carried_by("knm_local") is number

    def test_keeps_the_time_of_the_change(self):
        number = phone_number.read(STORED).changed(state="reserved")
        assert number.modified > STORED["pvt_modified"]
        assert (number.created, number.dirty) == (STORED["pvt_created"], True)

    def test_the_account_remembers_the_one_before_and_frees_the_application(self):
        number = phone_number.read(without(pvt_used_by="callflow")).assigned(OTHER)
        assert (number.assigned_to, number.previously_assigned_to, number.used_by) == (OTHER, ONE, None)
        assert number.assigned(None).assigned(ONE).previously_assigned_to == OTHER

    def test_the_carrier_takes_the_feature_local_along(self):
        number = phone_number.read(STORED)
        assert number.carried_by("knm_inventory").features == {}
        assert number.carried_by("knm_inventory").carried_by("knm_mdn").features == {"local": {}}

    def test_true_and_one_are_not_the_same(self):
        number = phone_number.read(without(pvt_features={"local": {}, "force_outbound": 1}))
        assert number.with_feature("force_outbound", True).dirty


documents = st.fixed_dictionaries(
    {"_id": st.just(NUMBER), "pvt_state": st.sampled_from(["in_service", "available", "aging"])},
    optional={
        "pvt_module_name": st.sampled_from(["knm_local", "knm_mdn", "wnm_local", "knm_bandwidth", "undefined", None]),
        "pvt_features": st.one_of(
            st.dictionaries(st.sampled_from(["local", "dash_e911", "prepend", "cnam"]), st.just({"a": 1})),
            st.lists(st.sampled_from(["prepend", "ringback", "dash_e911", "inbound_lookup"])),
        ),
        "pvt_reserve_history": st.lists(st.sampled_from([ONE, OTHER])),
        "dash_e911": st.just({"postal_code": "1"}),
        "prepend": st.just({"enabled": True}),
        "pvt_modified": st.integers(1, 10),
        "pvt_created": st.integers(1, 10),
        "pvt_assigned_to": st.sampled_from([ONE, None]),
    },
)


@given(documents)
def test_what_was_brought_up_to_date_once_stays_so(document):
    once: PhoneNumber = phone_number.read(document)
    again = phone_number.read(once.document())
    assert not again.dirty
    assert again.document() == once.document()
