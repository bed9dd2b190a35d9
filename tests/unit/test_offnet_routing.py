"""Resources as stepswitch reads them, the endpoints a number is sent to, and how both are printed."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.numbers.classification import CLASSIFIERS, classify
from kazoo_sup.kazoo.offnet import resources, routing
from kazoo_sup.texts import offnet
from kazoo_sup.transports.server import MASK

NUMBER = "+14155550199"


def document(name="acme", /, **more):
    gateway = {"server": "192.0.2.10", "username": "us", "password": "hidden"}
    return {
        "_id": name,
        "_rev": "1-a",
        "name": name.upper(),
        "rules": [r"^\+1(\d{10})$"],
        "gateways": [gateway],
        **more,
    }


def read(*documents, **settings):
    return resources.from_documents(documents, settings.get, CLASSIFIERS)


def call(number=NUMBER, **more):
    return routing.Call(number, number, classify(number), "local", **more)


def routes(*documents, number=NUMBER, **more):
    return [each["Route"] for each in routing.endpoints(read(*documents), call(number, **more))]


class TestReading:
    def test_what_is_disabled_is_left_out(self):
        off = {"server": "192.0.2.11", "enabled": False}
        (found,) = read(document("off", enabled=False), document(gateways=[{"server": "192.0.2.10"}, off]))
        assert (found.id, [each.server for each in found.gateways]) == ("acme", ["192.0.2.10"])

    def test_the_zones_settings_fill_in_what_is_not_said(self):
        settings = {
            "default_weight": 7,
            "default_prefix": "9",
            "default_codecs": ["PCMU"],
            "default_bypass_media": True,
        }
        (found,) = read(document(), **settings)
        (gateway,) = found.gateways
        assert (found.weight, gateway.codecs, gateway.prefix) == (7, ["PCMU"], "9")

    @pytest.mark.parametrize(("said", "counts"), [(0, 1), (50, 50), (200, 100), ("12", 12), ("cheap", 3)])
    def test_weights_are_from_1_to_100(self, said, counts):
        assert read(document(weight_cost=said))[0].weight == counts

    def test_the_last_rule_is_tried_first_and_one_that_is_none_is_passed_over(self):
        (found,) = read(document(rules=["^1", "(", "^2"]))
        assert [rule.source for rule in found.rules] == ["^2", "^1"]
        (problem,) = resources.unreadable(found)
        assert str(problem).startswith("rules of resource acme: '(' is not an expression: ")

    def test_a_resource_with_classifiers_is_one_for_each_that_the_zone_has(self):
        own = {"tollfree_us": {"weight_cost": 9, "prefix": "8"}, "emergency": {"enabled": False}, "lunar": {}}
        emergency, tollfree = read(document(classifiers=own))
        assert (tollfree.id, tollfree.name) == ("acme-tollfree_us", "ACME - tollfree_us")
        assert (tollfree.weight, tollfree.raw_rules) == (9, [CLASSIFIERS["tollfree_us"]["regex"]])
        assert tollfree.gateways[0].prefix == "8"
        assert (emergency.is_emergency, emergency.is_classifier_enabled, tollfree.is_emergency) == (True, False, False)

    def test_headers_for_calls_that_come_in_are_not_for_those_that_go_out(self):
        headers = {"X-All": "1", "in": {"X-In": "2"}, "out": {"X-Out": "3"}}
        (found,) = read(document(gateways=[{"server": "h", "custom_sip_headers": headers}]))
        assert found.gateways[0].sip_headers == {"X-All": "1", "X-Out": "3"}

    @pytest.mark.parametrize(
        "privacy",
        [
            {"caller_id_options": {"outbound_privacy": "full"}},
            {"privacy": {"hide_name": True}},
            {"privacy_mode": "hide_name"},
        ],
    )
    def test_who_hides_the_callers_name(self, privacy):
        assert read(document(**privacy))[0].hides_name
        assert not read(document())[0].hides_name


class TestMatching:
    @pytest.mark.parametrize(
        ("rules", "part"),
        [
            ([r"^\+1\d+$"], NUMBER),
            ([r"^\+1(\d{10})$"], "4155550199"),
            ([r"^\+1(\d{3})(\d{7})$"], "5550199"),
            ([r"^\+(1)?(44)?"], "1"),
            ([r"^\+44", r"^\+1415(.*)$"], "5550199"),
            ([r"^\+44"], None),
            ([], None),
        ],
    )
    def test_the_longest_group_counts(self, rules, part):
        assert routing.matched(resources.compiled(rules), NUMBER) == part


class TestEndpoints:
    def test_the_cheapest_comes_first_and_of_equals_the_first_by_name(self):
        found = routing.endpoints(
            read(document("a", weight_cost=9), document("b", weight_cost=2), document("c", weight_cost=2)), call()
        )
        assert [each["Name"] for each in found] == ["B", "C", "A"]

    def test_gateways_stay_in_their_order_with_what_is_dialled_there(self):
        gateways = [{"server": "one", "port": 5080, "prefix": "9"}, {"server": "two", "port": 5060, "suffix": "#"}]
        assert routes(document(gateways=gateways)) == ["sip:94155550199@one:5080", "sip:4155550199#@two"]

    def test_a_route_takes_the_place_of_what_would_be_dialled(self):
        assert routes(document(gateways=[{"server": "one", "route": "sip:fixed@there"}])) == ["sip:fixed@there"]

    def test_a_classifier_takes_its_numbers_from_those_that_go_by_rules(self):
        by_class = document("b", classifiers={"did_us": {"prefix": "7"}})
        assert routes(document("a"), by_class) == ["sip:74155550199@192.0.2.10"]
        off = document("b", classifiers={"did_us": {"enabled": False}})
        assert routes(document("a"), off) == []

    def test_what_requires_flags_is_left_out(self):
        assert routes(document(require_flags=True)) == []

    def test_rules_for_the_caller_take_the_callers_number(self):
        chosen = document(cid_rules=[r"^\+1415"])
        assert routes(chosen) == routes(chosen, caller_id="+442071234567") == []
        assert routes(chosen, caller_id="+14155550100")

    def test_the_from_header_takes_the_first_realm_there_is(self):
        gateway = {"server": "h", "format_from_uri": True, "realm": "gateway.example.com"}
        (endpoint,) = routing.endpoints(read(document(gateways=[gateway])), call())
        assert endpoint["Custom-Channel-Vars"]["From-URI-Realm"] == "gateway.example.com"
        (endpoint,) = routing.endpoints(read(document(gateways=[gateway], from_uri_realm="r.example.com")), call())
        assert endpoint["Custom-Channel-Vars"]["From-URI-Realm"] == "r.example.com"
        (endpoint,) = routing.endpoints(read(document(gateways=[gateway], from_account_realm=True)), call())
        assert endpoint["Custom-Channel-Vars"]["From-Account-Realm"] is True
        (endpoint,) = routing.endpoints(read(document(gateways=[{**gateway, "realm": None}])), call())
        assert endpoint["Custom-Channel-Vars"]["Format-From-URI"] is False

    def test_parameters_of_the_invite(self):
        parameters = {"static": ["npdi"], "dynamic": ["zone", {"key": "zone", "tag": "z"}, "custom_sip_headers.x"]}
        (endpoint,) = routing.endpoints(
            read(document(gateways=[{"server": "h", "invite_parameters": parameters}])), call()
        )
        assert endpoint["SIP-Invite-Parameters"] == ["npdi", "z=local", "local"]

    def test_dedicated_addresses_are_proxies(self):
        own = document(Proxies={"east": "198.51.100.7", "west": "198.51.100.8"}, **{"Is-Global": False})
        found = routing.endpoints(read(own), call())
        assert [(each["Proxy-Zone"], each["Proxy-IP"]) for each in found] == [
            ("east", "198.51.100.7"),
            ("west", "198.51.100.8"),
        ]
        assert found[0]["Custom-Channel-Vars"]["Global-Resource"] == "false"

    def test_an_emergency_resource_says_so(self):
        (endpoint,) = routing.endpoints(read(document(rules=["^911$"], emergency=True)), call("911"))
        assert endpoint["Custom-Channel-Vars"]["Emergency-Resource"] == "true"


class TestCaller:
    @pytest.mark.parametrize(("address", "realm"), [("192.0.2.10", None), ("sip.acme.example", "sip.acme.example")])
    def test_by_server_and_by_realm(self, address, realm):
        gateways = [{"server": "192.0.2.10"}, {"server": "192.0.2.11", "realm": "sip.acme.example"}]
        found = routing.caller(read(document("other"), document(gateways=gateways)), address, realm)
        assert found is not None
        assert found[0].id == "acme"

    def test_one_that_is_bound_to_a_port_is_not_found_without_it(self):
        gateways = [{"server": "192.0.2.10", "force_port": True}]
        assert routing.caller(read(document(gateways=gateways)), "192.0.2.10", None) is None
        assert routing.caller(read(document(gateways=[{}])), "192.0.2.12", None) is None


class TestPrinting:
    def test_lists_come_last_three_to_a_row_and_the_last_list_first(self):
        lines = list(offnet.block({"Name": "ACME", "Flags": ["a", "b", "c", "d"], "Weight": 3, "Rules": ["^1"]}))
        assert lines[:3] == ["Name               : ACME", "Weight             : 3", "Rules"]
        assert lines[3] == f"    | {'^1':20} | {'':20} | {'':20}|"
        assert lines[4:] == [
            "Flags",
            f"    | {'a':20} | {'b':20} | {'c':20}|",
            f"    | {'d':20} | {'':20} | {'':20}|",
        ]

    def test_empty_lists_are_left_out_and_objects_are_json(self):
        facts = {"Codecs": [], "Formatters": {"from": {"strip": 1}}}
        assert list(offnet.block(facts)) == ['Formatters         : {"from":{"strip":1}}']

    def test_long_names_are_cut_as_in_kazoo(self):
        (endpoint,) = routing.endpoints(read(document()), call())
        lines = list(offnet.block(offnet.without_password(endpoint)))
        assert "Endpoint-Progress-T: 8" in lines
        assert "    E164-Destinatio: +14155550199" in lines
        assert lines.index("Custom-Channel-Vars") > lines.index("Name               : ACME")

    def test_passwords_are_not_shown(self):
        (found,) = read(document())
        (endpoint,) = routing.endpoints([found], call())
        shown = [*offnet.block(offnet.without_password(endpoint))]
        shown += [offnet.field(*each) for each in offnet.gateway_facts(found, found.gateways[0]).items()]
        assert endpoint["Auth-Password"] == "hidden"
        assert not any("hidden" in line for line in shown)
        assert sum(MASK in line for line in shown) == 2
