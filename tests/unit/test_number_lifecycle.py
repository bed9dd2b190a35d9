"""What may be done to a number, by whom, and what it is afterwards."""

from __future__ import annotations

import pytest

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.numbers import lifecycle, phone_number, states
from kazoo_sup.kazoo.numbers.lifecycle import NoSuchNumber, NumberExists, Policy, Request, Setting
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.states import (
    AGING,
    ALL,
    AVAILABLE,
    DELETED,
    DISCOVERY,
    IN_SERVICE,
    PORT_IN,
    RELEASED,
    RESERVED,
    Authority,
    Forbidden,
    InvalidTransition,
    NoAccountGiven,
)

NUMBER = "+14155550100"
MASTER, RESELLER, CHILD, STRANGER = ("0" * 32, "1" * 32, "2" * 32, "3" * 32)
TREES = {MASTER: (), RESELLER: (MASTER,), CHILD: (MASTER, RESELLER), STRANGER: (MASTER,)}
SETTING = Setting()


def number(state, account=None, module="knm_inventory", **more):
    found = phone_number.new(NUMBER, state, module).changed(assigned_to=account, **more)
    return phone_number.read(found.document())


def acting_for(account, **more):
    return Setting(authority=Authority(account, ancestors=TREES.__getitem__, **more))


ALLOWED = {
    (IN_SERVICE, IN_SERVICE), (DISCOVERY, IN_SERVICE), (PORT_IN, IN_SERVICE), (AVAILABLE, IN_SERVICE),
    (AGING, IN_SERVICE), (RESERVED, IN_SERVICE), (RESERVED, RESERVED), (DISCOVERY, RESERVED),
    (AVAILABLE, RESERVED), (IN_SERVICE, RESERVED), (AVAILABLE, AVAILABLE), (AGING, AGING), (RELEASED, AGING),
    (AVAILABLE, AGING), (PORT_IN, PORT_IN),
}  # fmt: skip


class TestTransitions:
    @pytest.mark.parametrize("target", ALL)
    @pytest.mark.parametrize("state", ALL)
    def test_are_those_of_the_state_machine(self, state, target):
        if (state, target) in ALLOWED:
            assert states.moved(number(state), target, CHILD).state == target
        else:
            with pytest.raises(InvalidTransition):
                states.moved(number(state), target, CHILD)

    def test_assign_the_number(self):
        moved = states.moved(number(AVAILABLE), IN_SERVICE, CHILD)
        assert (moved.assigned_to, moved.state) == (CHILD, IN_SERVICE)

    def test_need_an_account(self):
        with pytest.raises(NoAccountGiven):
            states.moved(number(AVAILABLE), IN_SERVICE, None)

    def test_to_where_it_is_change_nothing(self):
        found = number(IN_SERVICE, CHILD)
        assert states.moved(found, IN_SERVICE, CHILD) is found
        found = number(RESERVED, CHILD)
        assert states.moved(found, RESERVED, CHILD) is found

    def test_keep_a_history_of_reservations(self):
        reserved = states.moved(number(RESERVED, RESELLER, reserve_history=(RESELLER,)), RESERVED, CHILD)
        assert reserved.reserve_history == (CHILD, RESELLER)

    def test_of_an_mdn_end_in_service(self):
        assert states.moved(number(IN_SERVICE, CHILD, "knm_mdn"), IN_SERVICE, RESELLER).assigned_to == RESELLER
        for state, target in ((IN_SERVICE, RESERVED), (AVAILABLE, IN_SERVICE), (AVAILABLE, AGING)):
            with pytest.raises(InvalidTransition):
                states.moved(number(state, None, "knm_mdn"), target, CHILD)

    def test_from_discovery_take_the_number_from_its_carrier(self):
        found = number(DISCOVERY)
        assert states.is_acquired(found, states.moved(found, IN_SERVICE, CHILD))
        assert not states.is_acquired(number(AVAILABLE), states.moved(number(AVAILABLE), IN_SERVICE, CHILD))


class TestWhoMay:
    def test_take_a_number_of_its_own_or_below(self):
        for account in (CHILD, RESELLER):
            assert lifecycle.move(Request(RESELLER))(number(IN_SERVICE, CHILD), NUMBER, acting_for(account)).assigned_to

    @pytest.mark.parametrize("account", [STRANGER, CHILD])
    def test_not_take_anothers(self, account):
        with pytest.raises(Forbidden):
            lifecycle.move(Request(account))(number(IN_SERVICE, RESELLER), NUMBER, acting_for(account))

    def test_take_what_is_available(self):
        assert lifecycle.move(Request(STRANGER))(number(AVAILABLE), NUMBER, acting_for(STRANGER)).state == IN_SERVICE

    def test_put_in_service_what_an_account_above_has_reserved(self):
        reserved = number(RESERVED, RESELLER, reserve_history=(RESELLER,))
        assert lifecycle.move(Request(CHILD))(reserved, NUMBER, acting_for(CHILD)).assigned_to == CHILD
        with pytest.raises(Forbidden):
            lifecycle.move(Request(STRANGER))(reserved, NUMBER, acting_for(STRANGER))

    def test_create(self):
        deed = lifecycle.create(Request(CHILD))
        with pytest.raises(Forbidden):
            deed(None, NUMBER, acting_for(CHILD))
        assert deed(None, NUMBER, acting_for(CHILD, additions=True)).state == IN_SERVICE
        with pytest.raises(Forbidden):
            lifecycle.create(Request(CHILD, AGING))(None, NUMBER, acting_for(CHILD, additions=True))
        assert lifecycle.create(Request(CHILD, PORT_IN))(None, NUMBER, acting_for(CHILD)).state == PORT_IN

    def test_delete_is_only_for_the_system_and_its_admins(self):
        with pytest.raises(Forbidden):
            lifecycle.delete(number(IN_SERVICE, CHILD), NUMBER, acting_for(CHILD))
        found = lifecycle.delete(number(IN_SERVICE, CHILD), NUMBER, acting_for(MASTER, superduper=True))
        assert found.state == DELETED


class TestCreate:
    def test_gives_a_number_with_the_settings_carrier(self):
        setting = Setting(Policy(default_module="knm_managed"))
        found = lifecycle.create(Request(CHILD))(None, NUMBER, setting)
        assert (found.state, found.assigned_to, found.module_name) == (IN_SERVICE, CHILD, "knm_managed")

    def test_of_a_ported_number_takes_the_carrier_for_ported_ones(self):
        setting = Setting(Policy(port_in_module="knm_inventory"))
        found = lifecycle.create(Request(CHILD, ported_in=True))(None, NUMBER, setting)
        assert (found.state, found.ported_in, found.module_name) == (IN_SERVICE, True, "knm_inventory")

    @pytest.mark.parametrize("state", [AVAILABLE, AGING, PORT_IN])
    def test_takes_a_number_that_is_free(self, state):
        assert lifecycle.create(Request(CHILD))(number(state), NUMBER, SETTING).assigned_to == CHILD

    @pytest.mark.parametrize("state", [IN_SERVICE, RESERVED])
    def test_refuses_a_number_that_is_not(self, state):
        with pytest.raises(NumberExists, match=f"it is {state} and belongs to account {RESELLER}"):
            lifecycle.create(Request(CHILD))(number(state, RESELLER), NUMBER, SETTING)

    def test_leaves_a_number_alone_that_is_there_just_so(self):
        found = number(IN_SERVICE, CHILD, public={"note": "x"})
        for request in (Request(CHILD), Request(CHILD, public={"note": "x"}), Request(CHILD, IN_SERVICE)):
            assert lifecycle.create(request)(found, NUMBER, SETTING) is found
        for request in (Request(CHILD, public={}), Request(CHILD, module_name="knm_local"), Request(RESELLER)):
            with pytest.raises(NumberExists):
                lifecycle.create(request)(found, NUMBER, SETTING)

    def test_available_numbers_need_no_account(self):
        found = lifecycle.create(Request(state=AVAILABLE, public={"note": "x"}))(None, NUMBER, SETTING)
        assert (found.assigned_to, found.public) == (None, {"note": "x"})

    def test_reserved_ones_begin_a_history(self):
        assert lifecycle.create(Request(CHILD, RESERVED))(None, NUMBER, SETTING).reserve_history == (CHILD,)


class TestRelease:
    def test_gives_it_back_to_who_reserved_it_before(self):
        found = number(IN_SERVICE, CHILD, reserve_history=(CHILD, RESELLER))
        released = lifecycle.release()(found, NUMBER, SETTING)
        assert (released.state, released.assigned_to, released.reserve_history) == (RESERVED, RESELLER, (RESELLER,))
        assert not lifecycle.is_disconnected(found, released)

    def test_to_nobody_makes_it_available_and_empties_it(self):
        found = number(IN_SERVICE, CHILD, public={"prepend": {"enabled": True}}, features={"prepend": {}})
        released = lifecycle.release()(found, NUMBER, SETTING)
        assert (released.state, released.assigned_to, released.features, released.public) == (AVAILABLE, None, {}, {})
        assert released.previously_assigned_to == CHILD
        assert lifecycle.is_disconnected(found, released)

    @pytest.mark.parametrize(
        ("module", "policy", "state"),
        [
            ("knm_local", Policy(), DELETED),
            ("knm_mdn", Policy(), DELETED),
            ("knm_inventory", Policy(should_permanently_delete=True), DELETED),
            ("knm_inventory", Policy(should_age=True), AGING),
            ("knm_inventory", Policy(released_state=RELEASED, should_age=True), RELEASED),
        ],
    )
    def test_then_follows_carrier_and_settings(self, module, policy, state):
        assert lifecycle.release()(number(IN_SERVICE, CHILD, module), NUMBER, Setting(policy)).state == state

    @pytest.mark.parametrize("state", [AVAILABLE, AGING])
    def test_what_is_released_already_stays_as_it_is(self, state):
        before = number(state)
        assert lifecycle.release()(before, NUMBER, SETTING) is before

    def test_is_refused_for_what_nobody_has(self):
        with pytest.raises(InvalidTransition):
            lifecycle.release()(number(DISCOVERY), NUMBER, SETTING)

    def test_for_one_account_leaves_those_of_others_alone(self):
        found = number(RESERVED, RESELLER, reserve_history=(RESELLER,))
        assert lifecycle.release(CHILD)(found, NUMBER, SETTING) is found
        assert lifecycle.release(RESELLER)(found, NUMBER, SETTING).assigned_to is None

    def test_of_a_local_number_is_never_refused(self):
        assert lifecycle.release()(number(AVAILABLE, None, "knm_local"), NUMBER, SETTING).state == DELETED


def test_recycling_is_for_aging_numbers():
    assert lifecycle.recycle(number(AGING), NUMBER, SETTING).state == AVAILABLE
    found = number(AVAILABLE)
    assert lifecycle.recycle(found, NUMBER, SETTING) is found
    with pytest.raises(InvalidTransition):
        lifecycle.recycle(number(IN_SERVICE, CHILD), NUMBER, SETTING)


def test_updates_lay_public_fields_over_those_there_are_or_replace_them():
    found = number(IN_SERVICE, CHILD, public={"note": {"a": 1, "b": 2}, "kept": 1})
    merged = lifecycle.update(Request(public={"note": {"b": 3}}, overwrite=False))(found, NUMBER, SETTING)
    assert merged.public == {"note": {"a": 1, "b": 3}, "kept": 1}
    replaced = lifecycle.update(Request(public={"note": {"b": 3}}))(found, NUMBER, SETTING)
    assert replaced.public == {"note": {"b": 3}}


@pytest.mark.parametrize(
    "deed",
    [
        lifecycle.move(Request(CHILD)),
        lifecycle.reserve(Request(CHILD)),
        lifecycle.update(Request()),
        lifecycle.release(),
        lifecycle.delete,
        lifecycle.recycle,
        lifecycle.change_state(AGING),
    ],
)
def test_only_create_makes_a_number_of_nothing(deed):
    with pytest.raises(NoSuchNumber):
        deed(None, NUMBER, SETTING)


def test_rules_are_those_of_the_account_that_the_number_belongs_to_then():
    asked = []

    def rules(account):
        asked.append(account)
        return Rules()

    lifecycle.move(Request(CHILD))(number(AVAILABLE), NUMBER, Setting(rules=rules))
    assert asked == [CHILD]


def test_errors_are_the_tools_own():
    for error in (NoSuchNumber, NumberExists, Forbidden, InvalidTransition, NoAccountGiven):
        assert issubclass(error, SupError)
