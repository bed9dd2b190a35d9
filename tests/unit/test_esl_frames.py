from __future__ import annotations

import contextlib
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.transports.esl import Event
from kazoo_sup.transports.esl.frames import BadFrame, Framer, TooLong, event

EVENT = "Content-Length: 12\nContent-Type: text/event-plain\n\nHello: World"
ANSWER = "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
STREAM = (ANSWER + EVENT + "\n" + ANSWER).encode()


def frames(pieces, limit=1000):
    """Return the heads and bodies of what comes in PIECES."""
    framer, found, head, body = Framer(limit), [], None, b""
    for piece in pieces:
        framer.feed(piece)
        while head or (head := framer.head()):
            body += framer.take(head.length - len(body))
            if len(body) < head.length:
                break
            found.append((head.content_type, head.reply, body))
            head, body = None, b""
    return found


WHOLE = frames([STREAM])


def test_heads_and_bodies_are_told_apart():
    reply = ("command/reply", "+OK accepted", b"")
    assert frames([STREAM]) == [reply, ("text/event-plain", "", b"Hello: World"), reply]


@pytest.mark.parametrize("at", range(len(STREAM) + 1))
def test_it_makes_no_difference_where_the_stream_is_split(at: int):
    assert frames([STREAM[:at], STREAM[at:]]) == WHOLE


def test_it_may_come_byte_by_byte():
    assert frames([bytes([byte]) for byte in STREAM]) == WHOLE


def test_carriage_returns_end_lines_too():
    assert frames([STREAM.replace(b"\n", b"\r\n").replace(b"World\r\n", b"World\n")])[0] == WHOLE[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\nConnection: close\n\n", "without a name"),
        (b"\x80\x05: 1\n\n", "without a Content-Type"),
        (b"Content-Type: api/response\nContent-Length: -1\n\n", "not a number"),
        (b"Content-Type: api/response\nContent-Length: 1e3\n\n", "not a number"),
        ("Content-Type: api/response\nContent-Length: ٣\n\n".encode(), "not a number"),
    ],
)
def test_rubbish_is_told_from_frames(data: bytes, reason: str):
    with pytest.raises(BadFrame, match=reason):
        frames([data])


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: api/response\nContent-Length: 1001\n\n",
        b"Content-Type: api/response\nContent-Length: " + 5000 * b"9" + b"\n\n",
        70_000 * b"a",
        b"Content-Type: api/response\nX: " + 70_000 * b"a" + b"\n\n",
    ],
)
def test_what_is_too_long_is_not_waited_for(data: bytes):
    with pytest.raises(TooLong):
        frames([data])


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_whatever_comes_it_is_frames_or_an_error_of_ours(pieces):
    with contextlib.suppress(BadFrame):
        frames(pieces)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.text(st.characters(categories=["Lu", "Ll", "Nd"], include_characters="-_", max_codepoint=127), min_size=1)


VALUES = TEXTS.filter(lambda text: not text.startswith("ARRAY::") and text != "_undef_")


@given(st.dictionaries(NAMES, VALUES, min_size=1), TEXTS)
def test_an_event_is_the_same_in_both_formats(headers, body):
    lines = "".join(f"{name}: {quote(value, safe='')}\n" for name, value in headers.items())
    inner = f"Content-Length: {len(body.encode())}\n\n{body}" if body else "\n"
    length = {"Content-Length": str(len(body.encode()))} if body else {}
    as_json = json.dumps({**headers, **length, **({"_body": body} if body else {})})

    assert event("text/event-plain", (lines + inner).encode()) == event("text/event-json", as_json.encode())


def test_several_values_of_a_header_are_a_list_and_none_is_empty():
    found = event("text/event-plain", b"A: ARRAY::one|:two%20three\nB: _undef_\n\n")
    assert found == {"A": ["one", "two three"], "B": ""}


def test_an_event_prints_as_one_line_of_json():
    shown = str(Event({"Event-Name": "CUSTOM", "_body": "two\nlines"}))
    assert json.loads(shown) == {"Event-Name": "CUSTOM", "_body": "two\nlines"}
    assert "\n" not in shown


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": ', b"\xff", 100_000 * b"["])
def test_an_event_that_is_none_is_an_error_of_ours(body: bytes):
    with pytest.raises(BadFrame):
        event("text/event-json", body)
    with pytest.raises(BadFrame):
        event("text/event-xml", body)
