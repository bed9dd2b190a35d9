import sys

sys.path.insert(0, "/usr/lib/kazoo-sup")

from kazoo_sup.__main__ import main

main()
