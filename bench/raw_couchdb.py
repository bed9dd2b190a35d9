"""What a script written for the purpose does: add numbers to a database with requests alone.

Usage: python raw_couchdb.py bulk|put DATABASE ACCOUNT FIRST QUANTITY, with CouchDB's address in SUP_COUCHDB_URL.
`bulk` sends _bulk_docs of 1000 documents on 4 threads, `put` one PUT after the other over one connection. Both read
every answer. Prints the seconds that took, Python's start and the imports left out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import requests

BATCH, THREADS, TIMEOUT = 1000, 4, 60


def bulk(url: str, documents: Iterator[dict[str, Any]], quantity: int) -> None:
    """Save in bulk and in parallel."""
    batches = [[next(documents) for _ in range(min(BATCH, quantity - at))] for at in range(0, quantity, BATCH)]
    with session() as http, ThreadPoolExecutor(THREADS) as pool:

        def save(batch: list[dict[str, Any]]) -> None:
            rows = http.post(f"{url}/_bulk_docs", json={"docs": batch}, timeout=TIMEOUT).json()
            assert len(rows) == len(batch)
            assert all("rev" in row for row in rows)

        list(pool.map(save, batches))


def put(url: str, documents: Iterator[dict[str, Any]], _quantity: int) -> None:
    """Save one by one."""
    with session() as http:
        for document in documents:
            answer = http.put(f"{url}/{quote(document['_id'], safe='')}", json=document, timeout=TIMEOUT)
            assert "rev" in answer.json()


def session() -> requests.Session:
    """Return a session for a server that no proxy stands before."""
    http = requests.Session()
    http.trust_env = False
    return http


def main() -> None:
    """Save QUANTITY numbers from FIRST on."""
    method, database, account, first, quantity = sys.argv[1:]
    url = f"{os.environ['SUP_COUCHDB_URL'].rstrip('/')}/{quote(database, safe='')}"
    numbers = range(int(first), int(first) + int(quantity))
    rest = {"pvt_account_id": account, "pvt_state": "available", "pvt_type": "number"}
    began = time.perf_counter()
    {"bulk": bulk, "put": put}[method](url, ({"_id": f"+{number}", **rest} for number in numbers), len(numbers))
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
