"""What a backup can at most be as fast as: copy `_all_docs?include_docs=true` of a database to a file, unread.

Usage: python raw_all_docs.py DATABASE FILE, with CouchDB's address in SUP_COUCHDB_URL.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote

import requests

TIMEOUT = 60


def main() -> None:
    """Copy."""
    database, file = sys.argv[1:]
    url = f"{os.environ['SUP_COUCHDB_URL'].rstrip('/')}/{quote(database, safe='')}/_all_docs"
    with requests.Session() as http, Path(file).open("wb") as target:
        http.trust_env = False
        with http.get(url, params={"include_docs": "true"}, timeout=TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            target.writelines(answer.iter_content(1 << 16))


if __name__ == "__main__":
    main()
