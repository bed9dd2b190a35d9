#!/bin/sh
# A removal leaves the state of services without a home, as the outbox; who purges wants none of it.
set -e
[ "$1" != purge ] || rm -rf /var/lib/kazoo-sup
