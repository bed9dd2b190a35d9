from __future__ import annotations

import contextlib
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.esl_server import EslServer, channel
from kazoo_sup.kazoo.freeswitch import gateways, listings, replies
from kazoo_sup.kazoo.freeswitch.replies import Unclear

TWO = [channel(1), channel(2, cid_name='Ä "}]} \\ \u2028\x01', application_data="]}")]


def listing(rows, **changed):
    return json.dumps({"row_count": len(rows), "rows": rows, **changed}, separators=(",", ":")).encode()


def read(data: bytes, size: int = 65_536):
    return list(
        listings.rows(
            (data[at : at + size] for at in range(0, len(data), size)),
        )
    )


@pytest.mark.parametrize("size", [1, 2, 7, 100, 65_536])
def test_rows_are_the_same_however_they_come(size: int):
    assert read(listing(TWO), size) == TWO
    assert read(json.dumps({"row_count": 2, "rows": TWO}, indent=1, ensure_ascii=False).encode() + b"\n", size) == TWO


@pytest.mark.parametrize("empty", [b'{"row_count": 0}\n', b'{"row_count":0,"rows":[]}'])
def test_there_may_be_no_rows(empty: bytes):
    assert read(empty, 1) == read(empty) == []


def test_rows_come_before_the_listing_ends():
    def pieces():
        yield listing(TWO)[: len(listing(TWO)) - 20]
        raise Unclear("the end was asked for")

    assert next(listings.rows(pieces())) == TWO[0]


@pytest.mark.parametrize("length", range(1, len(listing(TWO)), 13))
def test_a_listing_that_breaks_off_is_an_error(length: int):
    with pytest.raises(Unclear):
        read(listing(TWO)[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"0 total.",
        b"[]",
        b'{"rows":[]}',
        b'{"row_count":2,"rows":{}}',
        b'{"row_count":1,"rows":[1]}',
        b'{"row_count":1,"rows":[{]}',
        b'{"row_count":1}',
        listing(TWO, row_count=1),
        listing(TWO, row_count=3),
        b'{"row_count":1,"rows":[' + 100_000 * b"[",
        b'{"row_count":9999999999999999,"rows":[]}',
    ],
)
def test_what_is_no_listing_is_an_error(data: bytes):
    with pytest.raises(Unclear):
        read(data)


def test_a_row_without_an_end_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(listings, "ROW_LIMIT", 1000)

    def endless():
        yield b'{"row_count":1,"rows":[{"a":"'
        while True:
            yield 100 * b"x"

    with pytest.raises(Unclear, match="longer than 1000 characters"):
        list(listings.rows(endless()))


def test_a_long_listing_takes_no_more_memory_than_a_short_one():
    row = json.dumps(channel(1)).encode()

    def pieces():
        yield b'{"row_count":20000,"rows":['
        for number in range(20_000):
            yield (b"," if number else b"") + row
        yield b"]}"

    tracemalloc.start()
    count = sum(1 for _ in listings.rows(pieces()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 2**20


@given(st.binary(max_size=200), st.integers(1, 50))
def test_whatever_comes_it_is_rows_or_an_error_of_ours(data: bytes, size: int):
    for beginning in (b"", b'{"row_count":2,"rows":['):
        with contextlib.suppress(Unclear):
            read(beginning + data, size)


def test_members_of_conferences():
    with EslServer() as server:
        server.run("originate loopback/1 &conference(3000@default)")
        server.run("conference 3000 mute 1")
        (member,) = listings.members(server.run("conference xml_list"))
    assert {**member, "uuid": "", "join_time": ""} == {
        "conference": "3000",
        "id": "1",
        "uuid": "",
        "caller_id_name": "Anna & Bob",
        "caller_id_number": "1001",
        "join_time": "",
        "muted": True,
        "flags": ["can_hear"],
    }


def test_a_recording_is_no_member():
    recording = '<members><member type="recording_node"/></members>'
    answer = f'<conferences><conference name="a">{recording}</conference></conferences>'
    assert list(listings.members(answer)) == []


@pytest.mark.parametrize(
    "answer", ["", "+OK No active conferences.", "<conferences>", "<a/>", "a\0b", '<!DOCTYPE a [<!ENTITY b "c">]><a/>']
)
def test_what_is_no_list_of_conferences_is_an_error(answer: str):
    with pytest.raises(Unclear):
        list(listings.members(answer))


def test_a_record_is_one_object():
    assert listings.record('{"a":"b"}') == {"a": "b"}
    with pytest.raises(Unclear):
        listings.record("a: b")


def test_a_registration_ends_in_so_many_seconds():
    row = {"reg_user": "1000", "expires": "1700000090"}
    assert listings.registration(row, 1_700_000_000.9) == {
        "reg_user": "1000",
        "expires": 90,
        "expires_at": 1_700_000_090,
    }
    for odd in ({}, {"expires": ""}, {"expires": None}, {"expires": "soon"}, {"expires": "9" * 200}):
        assert listings.registration(odd, 0)["expires"] is None


def test_a_record_or_a_list_of_conferences_beyond_measure_is_not_read(monkeypatch):
    monkeypatch.setattr(listings, "ROW_LIMIT", 100)
    monkeypatch.setattr(replies, "WHOLE_LIMIT", 100)
    with pytest.raises(Unclear, match="longer than 100 characters"):
        listings.record(json.dumps({"a": "b" * 100}))
    with pytest.raises(Unclear, match="longer than 100 characters"):
        listings.conferences(f"<conferences>{' ' * 100}</conferences>")
    for read in (replies.table, replies.fields, gateways.of_xml):
        with pytest.raises(Unclear, match="longer than 100 characters"):
            read("a\tb\n" * 100)
