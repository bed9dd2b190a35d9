"""A CouchDB-compatible server on this machine with a small Kazoo cluster's data, to try and to test `sup` against."""
