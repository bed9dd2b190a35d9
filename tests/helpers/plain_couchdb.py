"""CouchDB as somebody else uses it."""

from __future__ import annotations

from urllib.parse import quote

import requests

from kazoo_sup.messages.names import plain

TIMEOUT = 600


class PlainCouchDB:
    """A server at a URL; databases may be named as Kazoo names them."""

    def __init__(self, url):
        self._url = url

    def _database(self, name):
        return f"{self._url}/{quote(plain(name), safe='')}"

    def put(self, database, *documents):
        """Store documents, in a database that is made where it is missing."""
        requests.put(self._database(database), timeout=TIMEOUT)
        url = f"{self._database(database)}/_bulk_docs"
        requests.post(url, json={"docs": documents}, timeout=TIMEOUT).raise_for_status()

    def get(self, database, identifier):
        """Return a document, None where there is none."""
        answer = requests.get(f"{self._database(database)}/{quote(identifier, safe='')}", timeout=TIMEOUT)
        return answer.json() if answer.ok else None

    def documents(self, database):
        """Return all documents by id, design documents left out; none where there is no database."""
        url = f"{self._database(database)}/_all_docs?include_docs=true"
        rows = requests.get(url, timeout=TIMEOUT).json().get("rows", [])
        return {row["id"]: row["doc"] for row in rows if not row["id"].startswith("_design/")}

    def databases(self):
        """Return the names of all databases."""
        return requests.get(f"{self._url}/_all_dbs", timeout=TIMEOUT).json()
