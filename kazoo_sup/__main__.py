"""`python -m kazoo_sup`."""

from kazoo_sup.cli import main

main()
