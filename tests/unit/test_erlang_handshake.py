"""The handshake, octet by octet, with both versions; each is the exchange that the protocol's documentation shows."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.transports.erlang.handshake import FLAGS, BadHandshake, Handshake, NameRefused, PeerNotProven

COOKIE = "secret"
OURS, THEIRS = 0x01020304, 0xA0B0C0D0
PEER = b"kazoo_apps@apps1"
OTP_25 = 0xD07DF7FBD
OTP_19 = 0x77FFC


def framed(message, octets=2):
    return len(message).to_bytes(octets, "big") + message


def digest(challenge, cookie=COOKIE):
    return hashlib.md5(f"{cookie}{challenge}".encode()).digest()


def new_challenge(flags=OTP_25, name=PEER):
    return b"N" + struct.pack(">QIIH", flags, THEIRS, 7, len(name)) + name


def old_challenge(flags=OTP_19, name=PEER):
    return b"n" + struct.pack(">HII", 5, flags, THEIRS) + name


def handshake(version=6, **more):
    return Handshake(name="sup_1@h", cookie=COOKIE, version=version, challenge=OURS, creation=9, **more)


def exchanged(ours, *messages, octets=2):
    """Give messages of the peer; return what we send to each."""
    return [ours.receive(framed(message, octets))[0] for message in messages]


class TestVersions:
    def test_6(self):
        ours = handshake()
        assert ours.begin() == framed(b"N" + struct.pack(">QIH", FLAGS, 9, 7) + b"sup_1@h")
        sent = exchanged(ours, b"sok", new_challenge(), b"a" + digest(OURS))
        assert sent == [b"", framed(b"r" + struct.pack(">I", OURS) + digest(THEIRS)), b""]
        assert (ours.done, ours.peer, ours.flags & ~FLAGS) == (True, PEER.decode(), 0)

    def test_5(self):
        ours = handshake(5)
        assert ours.begin() == framed(b"n" + struct.pack(">HI", 5, FLAGS & 0xFFFFFFFF) + b"sup_1@h")
        sent = exchanged(ours, b"sok_simultaneous", old_challenge(), b"a" + digest(OURS))
        assert sent == [b"", framed(b"r" + struct.pack(">I", OURS) + digest(THEIRS)), b""]
        assert ours.done

    def test_5_with_a_peer_that_answers_in_6_is_completed(self):
        ours = handshake(5)
        [_, reply] = exchanged(ours, b"sok", new_challenge())
        complement = b"c" + struct.pack(">II", FLAGS >> 32, 9)
        assert reply == framed(complement) + framed(b"r" + struct.pack(">I", OURS) + digest(THEIRS))

    def test_over_tls_a_length_has_four_octets(self):
        ours = handshake(length_octets=4)
        assert ours.begin()[:5] == b"\0\0\0\x16N"
        assert exchanged(ours, b"sok", new_challenge(), b"a" + digest(OURS), octets=4)[1][:5] == b"\0\0\0\x15r"


class TestPieces:
    @given(st.integers(1, 90), st.binary(max_size=20))
    def test_wherever_it_is_cut_it_means_the_same(self, size, following):
        ours = handshake()
        whole = framed(b"sok") + framed(new_challenge()) + framed(b"a" + digest(OURS)) + following
        sent, rest = b"", b""
        for start in range(0, len(whole), size):
            piece = whole[start : start + size]
            if ours.done:
                rest += piece
                continue
            answer, after = ours.receive(piece)
            sent += answer
            rest += after or b""
        assert sent == framed(b"r" + struct.pack(">I", OURS) + digest(THEIRS))
        assert rest == following


class TestRefusals:
    @pytest.mark.parametrize("status", ["nok", "not_allowed", "named:x"])
    def test_a_name_that_is_not_let_in(self, status):
        with pytest.raises(NameRefused, match=status):
            exchanged(handshake(), b"s" + status.encode())

    def test_a_peer_that_takes_us_for_alive_is_told_to_go_on(self):
        ours = handshake()
        assert exchanged(ours, b"salive", new_challenge(), b"a" + digest(OURS))[0] == framed(b"strue")
        assert ours.done

    def test_a_peer_that_does_not_know_the_cookie(self):
        with pytest.raises(PeerNotProven):
            exchanged(handshake(), b"sok", new_challenge(), b"a" + digest(OURS, "other"))

    def test_a_peer_that_cannot_take_what_we_send(self):
        with pytest.raises(BadHandshake, match="too old"):
            exchanged(handshake(5), b"sok", old_challenge(flags=0))

    @pytest.mark.parametrize("message", [b"x", b"Nabc", b"n", b"N" + bytes(20) + b"\xff"])
    def test_what_is_no_challenge(self, message):
        with pytest.raises(BadHandshake):
            exchanged(handshake(), b"sok", message)

    @given(st.binary(max_size=200))
    def test_no_octets_do_more_than_fail(self, data):
        ours = handshake()
        try:
            ours.receive(data)
        except (BadHandshake, NameRefused, PeerNotProven):
            return
        assert not ours.done
