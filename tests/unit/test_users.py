"""Users: what they log in with."""

from __future__ import annotations

import hashlib

import pytest

from kazoo_sup.arguments import secrets
from kazoo_sup.kazoo.accounts import account_documents, users
from kazoo_sup.kazoo.accounts.account_documents import Request
from kazoo_sup.zone import Run, Session


def test_hashes_are_those_of_username_and_password():
    md5, sha1 = users.hashes("admin", "p:w")
    assert md5 == hashlib.md5(b"admin:p:w", usedforsecurity=False).hexdigest()
    assert sha1 == hashlib.sha1(b"admin:p:w", usedforsecurity=False).hexdigest()


def test_a_password_is_the_first_line_of_its_file_with_its_blanks(tmp_path):
    file = tmp_path / "password"
    file.write_bytes(b"\xef\xbb\xbf p w \r\nhow it was made\n")
    assert secrets.password(Run(Session()), secrets.ELSEWHERE, str(file)) == " p w "


def test_the_password_is_not_in_the_document():
    user = users.with_credentials({"_id": "u", "username": "admin", "password": "secret"}, "secret")
    assert "password" not in user
    assert "secret" not in user.values()
    assert len(bytes.fromhex(user["pvt_signature_secret"])) == 16


def test_two_users_have_different_secrets():
    secrets = {users.with_credentials({"username": "a"}, "b")["pvt_signature_secret"] for _ in range(5)}
    assert len(secrets) == 5


def test_a_request_shows_no_password():
    assert "hunter2" not in repr(Request("n", "r", "u", "hunter2"))


def test_ids_are_made_up_where_none_are_chosen():
    request = Request("n", "r", "u", "p")
    account_documents.check_ids(request.account, request.user)
    assert request.account != request.user


@pytest.mark.parametrize("account", ["", "short", "A" * 32, "g" * 31 + "/", "é" * 32, "a" * 33])
def test_an_account_id_is_32_small_letters_and_digits(account):
    with pytest.raises(ValueError, match="is not an account id"):
        account_documents.check_ids(account, "user")


@pytest.mark.parametrize("user", ["a" * 32, "_design/x", "apps_store", "limits"])
def test_a_user_cannot_have_the_id_of_another_document(user):
    with pytest.raises(ValueError, match="cannot be the id of a user"):
        account_documents.check_ids("a" * 32, user)
