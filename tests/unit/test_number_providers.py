"""Which features a number may have, and what their providers make of its public fields."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.numbers import features, phone_number, providers
from kazoo_sup.kazoo.numbers.providers import FeatureRefused, NeedsProvider, Rules, UnknownCarrierName

ACCOUNT = "1" * 32
CNAM = ("cnam", "inbound_cnam", "outbound_cnam")


def number(public=None, *, module="knm_inventory", state="in_service", account=ACCOUNT, **more):
    found = phone_number.new("+14155550100", state, module)
    return found.changed(public=public or {}, assigned_to=account, used_by="callflow", **more)


class TestAvailable:
    def test_for_a_foreign_number_is_nearly_all(self):
        expected = sorted({*features.ALL} - {"failover", "sms", "mms"})
        assert Rules().available(number()) == expected

    def test_failover_is_for_trunks(self):
        assert "failover" in Rules().available(number().changed(used_by="trunkstore"))

    def test_a_local_number_has_no_features_that_cost(self):
        found = Rules().available(number(module="knm_local"))
        assert not {*found} & {*features.EXTERNAL}
        assert {*CNAM} <= {*Rules(local_override=True).available(number(module="knm_local"))}

    def test_nor_has_one_of_nobody(self):
        assert not {*Rules().available(number(account=None))} & {*features.EXTERNAL}

    def test_the_numbers_own_lists_go_before_the_resellers_before_the_systems(self):
        rules = Rules(system_allowed=("prepend", "cnam"), reseller_allowed=("ringback",), reseller_denied=("cnam",))
        assert rules.available(number()) == ["ringback"]
        assert rules.available(number(features_allowed=("cnam",), features_denied=("prepend",))) == ["cnam"]
        assert Rules(system_allowed=("cnam",)).available(number()) == ["cnam"]

    def test_old_names_of_providers_count_for_their_feature(self):
        rules = Rules(system_allowed=("wnm_cnam_notifier", "knm_dash_e911", "knm_prepend"))
        assert rules.available(number()) == ["cnam", "e911", "prepend"]

    def test_only_admins_rename_the_carrier(self):
        assert "carrier_name" not in Rules(is_admin=False).available(number())

    def test_messages_need_a_carrier_that_carries_them(self):
        rules = Rules(has_im=lambda module, kind: (module, kind) == ("knm_inventory", "sms"))
        assert {"sms", "mms"} & {*rules.available(number())} == {"sms"}
        assert "sms" not in rules.available(number(state="reserved"))


class TestSaving:
    def test_switches_on_what_is_asked_for(self):
        public = {
            "prepend": {"enabled": True, "name": "ACME"},
            "force_outbound": True,
            "cnam": {"display_name": "ACME", "inbound_lookup": True},
        }
        assert providers.saved(number(public), Rules()).features == {
            "prepend": {"enabled": True, "name": "ACME"},
            "force_outbound": True,
            "outbound_cnam": {"display_name": "ACME"},
            "inbound_cnam": {"inbound_lookup": True},
        }

    def test_switches_off_what_is_no_longer_asked_for(self):
        found = number(features={"prepend": {"enabled": True}, "outbound_cnam": {"display_name": "A"}})
        assert providers.saved(found, Rules()).features == {}

    def test_a_number_that_is_not_in_service_has_no_kazoo_features(self):
        found = number({"prepend": {"enabled": True}}, state="available", features={"prepend": {"enabled": True}})
        assert providers.saved(found, Rules()).features == {}

    def test_prepend_that_is_not_enabled_is_off(self):
        assert providers.saved(number({"prepend": {"name": "ACME"}}), Rules()).features == {}

    def test_refuses_what_is_not_allowed(self):
        with pytest.raises(FeatureRefused, match="cnam"):
            providers.saved(number({"cnam": {"display_name": "A"}}, module="knm_local"), Rules())
        with pytest.raises(FeatureRefused, match="prepend"):
            providers.saved(number({"prepend": {}}, features_denied=("prepend",)), Rules())

    def test_changes_nothing_that_is_as_it_shall_be(self):
        once = providers.saved(number({"prepend": {"enabled": True, "name": "ACME"}}), Rules())
        assert providers.saved(once, Rules()) is once

    def test_leaves_an_address_alone_that_its_service_knows(self):
        address = {"postal_code": "94103"}
        found = number({"e911": address}, features={"e911": address})
        assert providers.saved(found, Rules()).features == {"e911": address}
        elsewhere = Rules(e911_provider="knm_other_e911")
        with pytest.raises(NeedsProvider, match="knm_other_e911"):
            providers.saved(number({"e911": {"postal_code": "94104"}}, features={"e911": address}), elsewhere)

    def test_an_admin_names_another_carrier(self):
        rules = Rules(carriers=("knm_local", "knm_inventory"))
        found = providers.saved(number({"carrier_name": "local", "cnam": {"display_name": "A"}}), rules)
        assert (found.module_name, found.public) == ("knm_local", {})
        with pytest.raises(UnknownCarrierName, match="knm_nope"):
            providers.saved(number({"carrier_name": "nope"}), rules)


class TestDeleting:
    def test_takes_all_features_away(self):
        found = number(
            {"prepend": {"enabled": True}}, features={"prepend": {}, "inbound_cnam": {}, "force_outbound": 1}
        )
        assert providers.deleted(found, Rules()).features == {}

    def test_is_refused_while_a_service_keeps_an_address(self):
        elsewhere = Rules(e911_provider="knm_other_e911")
        with pytest.raises(NeedsProvider):
            providers.deleted(number(features={"e911": {"postal_code": "94103"}}), elsewhere)
