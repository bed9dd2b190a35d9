from __future__ import annotations

import pytest

from kazoo_sup.changes.masking import without_credentials, without_secrets
from kazoo_sup.kazoo.haproxy.sessions import errors, sessions


def test_a_session_is_shown_with_both_its_ends_and_our_own_is_not():
    lines = [
        "0x55d3: proto=tcpv4 src=192.0.2.9:5000 fe=couch be=couch srv=db1 ts=00 age=1m2s rq[f=1h,rx=] exp=1s",
        "0x55d4: proto=tcpv4 src=192.0.2.9:5001 fe=couch be=<NONE> srv=<none> age=0s",
        "0x55d5: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> age=0s",
    ]
    one, two = sessions(lines)
    assert one == {
        "session": "0x55d3",
        "source": "192.0.2.9:5000",
        "frontend": "couch",
        "backend": "couch",
        "server": "db1",
        "age": "1m2s",
        "protocol": "tcpv4",
    }
    assert (two["backend"], two["server"]) == (None, None)


CAPTURED = """\
Total events captured on [24/Nov/2026:10:45:39.229] : 2

[24/Nov/2026:10:45:39.079] frontend couch (#3): invalid request
  backend <NONE> (#-1), server <NONE> (#-1), event #1, src 192.0.2.9:44988
  buffer starts at 0 (including 0 out), 16307 free,
  len 77, wraps at 16336, error at position 27

  00000  GET / HTTP/1.1\\r\\n
  00016  Authorization: Basic
  00036+ c2VjcmV0\\r\\n
  00050  Host: x\\r\\n

[24/Nov/2026:10:46:00.000] backend couch (#4) : invalid response
  src 2001:db8::9, session #54, frontend couch (#1), server db1 (#1)
  response length 213 bytes, error at position 16:

  00000  HTTP/1.0 200 OK\\r\\n
  00016  header/bizarre:blah\\r\\n
""".splitlines()


def test_a_captured_error_is_shown_with_its_line():
    request, response = errors(CAPTURED)
    assert (request["proxy"], request["kind"], request["source"], request["position"]) == (
        "couch",
        "request",
        "192.0.2.9:44988",
        27,
    )
    assert request["backend"] is None
    assert (response["kind"], response["source"], response["server"]) == ("response", "2001:db8::9", "db1")
    assert response["line"] == "header/bizarre:blah\\r\\n"


def test_a_captured_password_is_not_shown():
    request, _ = errors(CAPTURED)
    assert request["line"] == "Authorization: ****"
    assert "c2VjcmV0" not in str(request)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("X-Auth-Token: abc", "X-Auth-Token: ****"),
        ("set-cookie: AuthSession=abc", "set-cookie: ****"),
        ("GET /v2/x?auth_token=abc HTTP/1.1", "GET /v2/x?auth_token= ****"),
        ("Proxy-Authorization : Basic abc", "Proxy-Authorization : ****"),
        ("X-Api-Key: abc", "X-Api-Key: ****"),
        ("password=abc", "password= ****"),
        ("Location: http://u:abc@db1/", "Location: http://****@db1/"),
        ("Host: db1", "Host: db1"),
    ],
)
def test_what_follows_the_name_of_a_secret_is_masked(line: str, shown: str):
    assert without_secrets(line) == shown


SECRET = "b3A6aHVudGVyMg=="


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization Basic {SECRET}\\r\\n",
        f"Auth orization: Basic {SECRET}\\r\\n",
        f"Auth\\x00orization: {SECRET}\\r\\n",
        f"Author\\tization: Negotiate {SECRET}",
        f"authorisation {SECRET}",
        f"Autorization: basic {SECRET}",
        f"X: Bearer {SECRET}",
        f"{SECRET}",
        f"Coo kie: session={SECRET}",
        f"pass word {SECRET}",
        f"GET / HTTP/1.1 x {SECRET}\\r\\n",
        f"X-Auth Token {SECRET}",
    ],
)
def test_a_token_is_masked_however_the_header_is_broken(line: str):
    shown = without_secrets(line)
    assert SECRET.rstrip("=") not in shown
    assert "****" in shown


@pytest.mark.parametrize(
    "token", ["eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln", "0123456789abcdef" * 4, "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ"]
)
def test_what_looks_like_a_token_is_masked_wherever_it_stands(token: str):
    assert without_secrets(f"X-Something: {token}\\r\\n") == "X-Something: ****\\r\\n"


@pytest.mark.parametrize(
    "line",
    [
        "GET /v2/accounts/0123456789abcdef0123456789abcdef/devices HTTP/1.1\\r\\n",
        "header/bizarre:blah\\r\\n",
        "User-Agent: Phone/1.2 (basic-model)\\r\\n",
        "Content-Type: application/json; charset=utf-8\\r\\n",
    ],
)
def test_other_lines_stay_as_they_are(line: str):
    assert without_secrets(line) == line


def test_a_line_that_goes_on_hides_what_the_one_before_would_have_hidden():
    assert without_secrets(" plain-text-secret", "Authorization: Basic") == "****"
    assert without_secrets(" more of it", "User-Agent: Phone") == " more of it"


def test_credentials_of_every_url_in_a_text_are_masked():
    assert without_credentials("amqp://a:b@h/x amqps://c@i http://j") == "amqp://****@h/x amqps://****@i http://j"
