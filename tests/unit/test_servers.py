from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from kazoo_sup.errors import SettingsError
from kazoo_sup.settings import servers
from kazoo_sup.transports.server import Server, masked

if TYPE_CHECKING:
    from pathlib import Path

HTTP = ("http", "https")
AMQP = ("amqp", "amqps")


def command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_credentials_are_taken_out_of_the_url_and_decoded():
    server = servers.parse("https://o%40p:s%2Fe%3Ac%20r@couch.example.com:6984/prefix/", HTTP)

    assert (server.url, server.username, server.password) == ("https://couch.example.com:6984/prefix", "o@p", "s/e:c r")


def test_uri_puts_the_credentials_back_encoded():
    uri = "amqps://o%40p:s%2Fe%3Ac%20r@rabbit.example.com:5671/v%2Fhost?heartbeat=5"

    assert servers.parse(uri, AMQP).uri == uri


def test_a_url_without_credentials_has_none():
    server = servers.parse("http://[2001:db8::1]:5984", HTTP)

    assert (server.url, server.username, server.password, server.uri) == (server.uri, None, None, server.url)
    assert server.url == "http://[2001:db8::1]:5984"


def test_a_password_may_stand_without_a_user():
    server = servers.parse("esl://:ClueCon@192.0.2.10:8021", ["esl"])

    assert (server.url, server.username, server.password) == ("esl://192.0.2.10:8021", None, "ClueCon")
    assert server.uri == "esl://:ClueCon@192.0.2.10:8021"


def test_the_virtual_host_slash_is_kept_apart_from_none():
    assert servers.parse("amqp://rabbit.example.com/", AMQP).url == "amqp://rabbit.example.com/"
    assert servers.parse("amqp://rabbit.example.com", AMQP).url == "amqp://rabbit.example.com"


@pytest.mark.parametrize("text", ["unix:/run/haproxy/admin.sock", "unix:///run/haproxy/admin.sock"])
def test_a_socket_is_named_by_its_full_path(text):
    assert servers.parse(text, ["unix", "tcp"]).url == "unix:/run/haproxy/admin.sock"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://192.0.2.20:8080/RPC", "http://192.0.2.20:8080/RPC"),
        ("unix:/run/kamailio/rpc.sock", "unix:/run/kamailio/rpc.sock"),
        ("udp://192.0.2.20:8090", "udp://192.0.2.20:8090"),
        ("fifo:/run/kamailio/rpc.fifo", "fifo:/run/kamailio/rpc.fifo"),
        ("binrpc:/run/kamailio/ctl", "binrpc:/run/kamailio/ctl"),
        ("binrpc:///run/kamailio/ctl", "binrpc:/run/kamailio/ctl"),
        ("binrpc://192.0.2.20:2049", "binrpc://192.0.2.20:2049"),
        ("binrpc://[2001:db8::1]", "binrpc://[2001:db8::1]"),
    ],
)
def test_every_way_to_a_kamailio_has_a_url(text, url):
    assert servers.parse(text, servers.KAMAILIO).url == url


@pytest.mark.parametrize("text", ["binrpc:", "binrpc:ctl", "binrpc://", "udp://192.0.2.20", "udp:/run/x", "fifo://h/x"])
def test_and_nothing_else_has(text):
    with pytest.raises(ValueError, match=r"^must be .+"):
        servers.parse(text, servers.KAMAILIO)


@pytest.mark.parametrize(
    "text",
    [
        "http://sup:hunter/2@couch.example.com:5984",
        "http://sup:12/hunter@couch.example.com:5984",
        "http://sup:hunter#2@couch.example.com:5984",
        "http://sup:hunter?2@couch.example.com:5984",
        "http://sup:hunter@:5984",
        "http://sup:hunter@couch.example.com:99999",
        "http://sup:hunter@couch.example.com:0",
        "http://sup:hunter@[2001:db8::1:5984",
        "http://sup:hunter@couch.example.com:5984/?hunter",
        "sup:hunter@couch.example.com",
        "ftp://sup:hunter@couch.example.com",
        "hunter",
        "",
    ],
)
def test_a_url_that_is_none_is_refused_without_showing_it(text):
    with pytest.raises(ValueError, match=r"^must be .+") as refused:
        servers.parse(text, HTTP)

    assert "hunter" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("text", ["unix:run/x.sock", "unix://host/run/x.sock", "unix:"])
def test_a_socket_without_a_full_path_is_refused(text):
    with pytest.raises(ValueError, match="full path"):
        servers.parse(text, ["unix"])


def test_neither_repr_nor_masked_shows_a_password():
    server = servers.parse("http://sup:hunter2@couch.example.com:5984", HTTP)

    assert "hunter2" not in repr(server)
    assert server.masked == "http://sup:****@couch.example.com:5984"


def test_a_password_that_is_kept_elsewhere_is_read_when_it_is_asked_for_and_once(tmp_path: Path):
    secret = tmp_path / "secret"
    server = Server("http://couch.example.com", "sup", servers.from_file(secret, "sup.yaml:3"))

    assert (server.has_password, server.masked) == (True, "http://sup:****@couch.example.com")
    secret.write_text("first\nsecond\n")
    assert server.password == "first"
    secret.write_text("changed\n")
    assert server.password == "first"


def test_a_byte_order_mark_is_no_part_of_a_password(tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfhunter2\r\n")
    assert servers.from_file(tmp_path / "secret", "sup.yaml:3")() == "hunter2"


def test_other_credentials_leave_the_given_ones_alone_where_they_are_none():
    server = Server("http://couch.example.com", "sup", "old")

    assert server.with_credentials(None, "new") == Server("http://couch.example.com", "sup", "new")
    assert server.with_credentials("other", None) == Server("http://couch.example.com", "other", "old")


def test_a_password_file_that_is_missing_empty_or_no_text_is_an_error_of_the_line_that_names_it(tmp_path: Path):
    (tmp_path / "empty").write_text("\nhunter2\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match=r"^sup.yaml:3: the password file .*missing does not exist$"):
        servers.from_file(tmp_path / "missing", "sup.yaml:3")()
    with pytest.raises(SettingsError, match=r"^sup.yaml:3: the password file .*empty gave an empty first line$"):
        servers.from_file(tmp_path / "empty", "sup.yaml:3")()
    with pytest.raises(SettingsError, match=r"^sup.yaml:3: cannot read the password file .*binary: it is not UTF-8$"):
        servers.from_file(tmp_path / "binary", "sup.yaml:3")()
    with pytest.raises(SettingsError, match=r"cannot read the password file .*: Is a directory"):
        servers.from_file(tmp_path, "sup.yaml:3")()


def test_a_password_variable_must_be_set():
    assert servers.from_variable("COUCH", {"COUCH": "hunter2"}, "sup.yaml:3")() == "hunter2"
    with pytest.raises(SettingsError, match=r"^sup.yaml:3: the environment variable COUCH is not set$"):
        servers.from_variable("COUCH", {"COUCH": ""}, "sup.yaml:3")()


def test_a_password_command_gives_its_first_line():
    assert servers.from_command(command("print('hunter2\\r\\nsecond')"), "sup.yaml:3")() == "hunter2"


def test_a_password_command_is_given_no_input_and_no_shell():
    read = servers.from_command([*command("import sys; print(sys.stdin.read() + sys.argv[1])"), "$HOME; *"], "here")

    assert read() == "$HOME; *"


def test_what_a_failing_password_command_wrote_is_not_shown(capfd: pytest.CaptureFixture[str]):
    code = "import sys; print('hunter2'); print('no key for hunter2', file=sys.stderr); sys.exit(3)"

    with pytest.raises(SettingsError, match=r"^sup.yaml:3: the password command \S+ failed with exit code 3$"):
        servers.from_command(command(code), "sup.yaml:3")()
    assert capfd.readouterr() == ("", "")


def test_a_password_command_that_prints_nothing_is_an_error():
    with pytest.raises(SettingsError, match="gave an empty first line"):
        servers.from_command(command("print()"), "sup.yaml:3")()


def test_a_password_command_that_is_not_there_is_an_error():
    with pytest.raises(SettingsError, match="cannot run the password command /nonexistent/pass: No such file"):
        servers.from_command(["/nonexistent/pass", "hunter2"], "sup.yaml:3")()


def test_a_password_command_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(servers, "COMMAND_TIMEOUT", 0.2)

    with pytest.raises(SettingsError, match=r"gave no answer within 0.2 s$"):
        servers.from_command(command("import time; time.sleep(60)"), "sup.yaml:3")()


@pytest.mark.parametrize(
    "said",
    [
        'pass a/b<"é">',
        '{"error": "pass a/b<\\"é\\">"}',
        '{"error": "pass a/b<\\"\\u00e9\\">"}',
        '{"error": "pass a\\/b<\\"\\u00e9\\">"}',
        "<error>pass a/b&lt;&quot;é&quot;&gt;</error>",
        '<error>pass a/b&lt;"é"&gt;</error>',
        "no /login?pass=a%2Fb%3C%22%C3%A9%22%3E",
        '{"error": "<pass>a/b&lt;\\"\\u00e9\\"&gt;</pass>"}',
        '{"error": "{\\"pass\\": \\"a/b<\\\\\\"\\u00e9\\\\\\">\\"}"}',
        "<error>pass=a%252Fb%253C%2522%25C3%25A9%2522%253E</error>",
    ],
)
def test_a_secret_that_a_server_sends_back_is_masked_however_it_is_written(said: str):
    shown = masked(said, ["", 'a/b<"é">'])
    assert "****" in shown
    assert not any(piece in shown for piece in ("a/b", "a\\/b", "a%2Fb", "00e9", "é"))
    assert masked("nothing", [""]) == "nothing"
