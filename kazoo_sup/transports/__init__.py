"""The protocols that a Kazoo cluster speaks, one file each; nothing in here knows Kazoo."""
