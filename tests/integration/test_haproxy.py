"""CouchDB behind HAProxy, as on every Kazoo node; and HAProxy's page when no CouchDB is left behind it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
def through(at, haproxy_couchdb_url):
    """Return `sup` with the seeded CouchDB through HAProxy."""

    def run(*words):
        return at(*words, env={"SUP_COUCHDB_URL": haproxy_couchdb_url})

    return run


def test_it_is_not_noticed(through):
    assert through("kapps_config", "set_default", "my_category", "key", "one").code == 0
    assert through("kapps_config", "get", "my_category", "key").stdout == '<<"one">>\n'


def test_a_service_that_is_not_available_is_told_in_one_sentence(through, haproxy):
    haproxy.backend_down()
    done = through("kapps_config", "set_default", "my_category", "key", "one")
    assert done.code == 3
    assert done.stdout == ""
    [sentence] = done.stderr.splitlines()
    assert "503" in sentence
    assert "<html>" not in sentence
    haproxy.backend_up()
    assert through("kapps_config", "get", "my_category", "key").stdout == "undefined\n"
