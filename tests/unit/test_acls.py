from __future__ import annotations

import pytest

from kazoo_sup.kazoo.bus import resolver
from kazoo_sup.kazoo.ecallmgr import acls, ecallmgr
from kazoo_sup.texts.ecallmgr import acl_table

NODE = "ecallmgr@apps1.example.com"


def acl(cidr, kind="allow", network_list=acls.SBCS, **more):
    return {"type": kind, acls.LIST: network_list, "cidr": cidr, **more}


@pytest.fixture
def known(monkeypatch):
    """Have the resolver know two host names."""
    names = {"one.example.org": ["192.0.2.1"], "two.example.org": ["192.0.2.2", "192.0.2.3"]}
    monkeypatch.setattr(resolver, "_addresses", lambda name: names.get(name, []))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.0/24", ["192.0.2.0/24"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("192.0.2.1:5060", ["192.0.2.1"]),
        ("2001:db8::/32", ["2001:db8::/32"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
        ("[2001:db8::1]:5060", ["2001:db8::1"]),
        ("one.example.org:5060", ["192.0.2.1"]),
        ("two.example.org", ["192.0.2.2", "192.0.2.3"]),
        ("192.0.2.1/24", []),
        ("300.0.0.1", []),
        ("nobody.example.org", []),
        ("", []),
    ],
)
def test_addresses_are_read_as_kazoo_reads_them(known, text, found):
    assert ecallmgr.addresses(text) == found


@pytest.mark.parametrize(
    ("text", "cidr"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("a.b", "a.b"),
    ],
)
def test_a_plain_address_becomes_a_network_of_one(text, cidr):
    assert acls.to_cidr(text) == cidr


class TestMaps:
    def put(self, zone, **sections):
        zone.couchdb.put(
            "system_config", {"_id": "ecallmgr", **{name: {"acls": each} for name, each in sections.items()}}
        )

    def test_a_node_sees_its_own_map_else_its_zone_s_else_the_default_one(self, zone):
        document = {"_id": "ecallmgr", "default": {"acls": {"d": acl("192.0.2.1/32")}}}
        zone.couchdb.put("system_config", document)
        assert list(acls.configured(zone, NODE)) == ["d"]
        zone.rerun()
        zone.couchdb.put("system_config", {**document, "local": {"acls": {"z": acl("192.0.2.1/32")}}})
        assert list(acls.configured(zone, NODE)) == ["z"]
        zone.rerun()
        zone.couchdb.put("system_config", {**document, NODE: {"acls": {"n": acl("192.0.2.1/32")}}})
        assert list(acls.configured(zone, NODE)) == ["n"]
        assert list(acls.configured(zone, "default")) == ["d"]

    def test_a_new_entry_takes_the_whole_map_into_the_node_s_section(self, zone):
        self.put(zone, default={"d": acl("host.example.org")})
        acls.store(zone, "n", acl("192.0.2.1/32"), section=NODE, always=True, seen_by=NODE)
        stored = zone.couchdb.all("system_config")["ecallmgr"]
        assert stored[NODE]["acls"] == {"d": acl("host.example.org"), "n": acl("192.0.2.1/32")}
        assert stored["default"]["acls"] == {"d": acl("host.example.org")}

    def test_what_somebody_else_adds_in_between_is_kept(self, zone):
        self.put(zone, default={})
        intruders = [{"theirs": acl("192.0.2.9/32")}]

        def intrude(database, documents):
            if intruders:
                self.put(zone, default=intruders.pop())

        zone.couchdb.before_save.append(intrude)
        acls.store(zone, "ours", acl("192.0.2.1/32"), section="default", always=True, seen_by="default")
        assert set(zone.couchdb.all("system_config")["ecallmgr"]["default"]["acls"]) == {"theirs", "ours"}

    def test_an_entry_is_removed_where_it_is(self, zone):
        self.put(zone, default={"a": acl("192.0.2.1/32"), "b": acl("192.0.2.2/32")})
        acls.store(zone, "a", None, section=NODE, always=False, seen_by=NODE)
        stored = zone.couchdb.all("system_config")["ecallmgr"]
        assert list(stored["default"]["acls"]) == ["b"]
        assert NODE not in stored

    def test_host_names_are_resolved_and_devices_and_carriers_come_to_it(self, zone, known):
        self.put(zone, default={"two": acl("two.example.org"), "bad": acl("nobody.example.org")})
        for database in ("offnet", "sip_auth"):
            zone.couchdb.create(database)
            zone.couchdb.put_views(database, "resources")
        zone.couchdb.put_views("sip_auth", "credentials")
        gateways = [{"server": "one.example.org", "enabled": True}, {"server": "192.0.2.66", "enabled": False}]
        carrier = {"_id": "carrier", "pvt_type": "resource", "enabled": True, "inbound_ips": ["192.0.2.7;x"]}
        zone.couchdb.put("offnet", {**carrier, "gateways": gateways})
        device = {"_id": "device", "pvt_type": "device", "pvt_account_id": "a" * 32}
        zone.couchdb.put("sip_auth", {**device, "sip": {"method": "ip", "ip": "192.0.2.8"}})
        found = acls.effective(zone, NODE)
        assert {name: each["cidr"] for name, each in found.items()} == {
            "two": ["192.0.2.2/32", "192.0.2.3/32"],
            "bad": "nobody.example.org",
            "192.0.2.7": "192.0.2.7/32",
            "192.0.2.1": "192.0.2.1/32",
            "192.0.2.8": "192.0.2.8/32",
        }
        assert found["192.0.2.8"]["authorizing_type"] == "device"
        assert found["192.0.2.7"]["authorizing_id"] == "carrier"
        assert [each for each in acls.doubts(found) if each.startswith("bad")] != []

    def test_missing_views_are_told_and_the_rest_is_shown(self, zone):
        self.put(zone, default={"a": acl("192.0.2.1/32")})
        assert list(acls.effective(zone, NODE)) == ["a"]
        assert len(zone.warnings) == 3


class TestVerdicts:
    def test_the_narrowest_network_decides(self):
        found = {
            "wide": acl("192.0.2.0/24"),
            "narrow": acl("192.0.2.128/25", "deny"),
            "one": acl(["192.0.2.200/32", "198.51.100.1/32"]),
            "other": acl("203.0.113.0/24", network_list=acls.CARRIERS),
            "all": acl("0.0.0.0/0"),
            "six": acl("2001:db8::/32"),
            "without a mask": acl("2001:db9::1"),
        }
        verdicts = {
            "192.0.2.1": True,
            "192.0.2.129": False,
            "192.0.2.200": True,
            "198.51.100.1": True,
            "203.0.113.1": False,
            "10.0.0.1": False,
            "2001:db8::1": True,
            "2001:db9::1": False,
        }
        assert {address: acls.accepts(found, acls.SBCS, address) for address in verdicts} == verdicts

    def test_of_equal_networks_the_first_one_decides(self):
        for first, second in (("allow", "deny"), ("deny", "allow")):
            found = {"a": acl("192.0.2.0/24", first), "b": acl("192.0.2.0/24", second)}
            assert acls.accepts(found, acls.SBCS, "192.0.2.1") is (first == "allow")


class TestDoubts:
    @pytest.mark.parametrize(
        ("entries", "said"),
        [
            ({"a": acl("192.0.2.0/24")}, None),
            ({"a": acl("nowhere/99")}, "neither a CIDR nor a host name"),
            ({"a": acl([])}, "neither a CIDR nor a host name"),
            ({"a": acl("192.0.2.1/24")}, "it means 192.0.2.0/24"),
            ({"a": acl("0.0.0.0/0")}, "has no effect"),
            ({"a": acl("2001:db8::1")}, "a: 2001:db8::1 has no effect"),
            ({"a": acl("2001:db8::1/128")}, None),
            ({"a": acl("192.0.2.0/24"), "b": acl("192.0.2.1/32", "deny")}, "b: 192.0.2.1/32 (deny) lies within a"),
            ({"b": acl("192.0.2.1/32", "deny"), "a": acl("192.0.2.0/24")}, "b: 192.0.2.1/32 (deny) lies within a"),
            ({"a": acl("192.0.2.0/24"), "b": acl("192.0.2.0/24", "deny")}, "b: 192.0.2.0/24 is shadowed by a"),
            ({"a": acl("192.0.2.0/24"), "b": acl("192.0.2.1/32")}, None),
            ({"a": acl("192.0.2.0/24"), "b": acl("192.0.2.1/32", "deny", acls.CARRIERS)}, None),
            ({"a": acl("192.0.2.0/24"), "b": acl("2001:db8::/32", "deny")}, None),
        ],
    )
    def test_what_is_odd_is_told(self, entries, said):
        found = list(acls.doubts(entries))
        assert len(found) == (0 if said is None else 1)
        assert said is None or said in found[0]

    def test_about_one_entry_what_it_repeats_is_told_too_and_nothing_else(self):
        entries = {
            "a": acl("192.0.2.0/24"),
            "b": acl("192.0.2.1/32"),
            "c": acl("198.51.100.0/24"),
            "d": acl("198.51.100.1/32", "deny"),
        }
        assert list(acls.doubts(entries, "b")) == ["b: 192.0.2.1/32 is in a, 192.0.2.0/24 (allow), already"]

    def test_whatever_is_stored_as_the_access_list(self):
        entries = {"a": acl("192.0.2.0/24", network_list=["x"]), "b": acl("192.0.2.1/32", "deny", {"y": 1})}
        assert list(acls.doubts(entries)) == []


def test_the_table_shows_a_list_s_last_entry_first_and_cuts_what_has_no_room():
    entries = {
        "a" * 40: acl("192.0.2.1/32"),
        "b": acl(["192.0.2.2/32", "192.0.2.3/32"]),
        "c": acl("192.0.2.4/32", network_list=acls.CARRIERS, account_id="x"),
    }
    lines = list(acl_table(entries))
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    assert [row[0] for row in cells] == ["Name", "b", "a" * 30, "c"]
    assert cells[1][1] == "192.0.2.2/32,192.0"
    assert (cells[3][4], cells[3][5], cells[1][4]) == ("system_config", "x", "system_config")
    assert len(list(acl_table(entries, acls.CARRIERS))) == 5
