"""CouchDB under Kazoo, as its operator sees it: nodes, databases, shards, conflicts, backups."""
