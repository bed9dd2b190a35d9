#!/bin/sh
# See that the servers which the tests start are there; as root on Debian, install what is missing.
set -eu
PATH=$PATH:/usr/sbin:/sbin

missing() {
    for pair in rabbitmq-server:rabbitmq-server kamailio:kamailio haproxy:haproxy escript:erlang-nox; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
    ls /usr/lib/*/kamailio/modules/kazoo.so >/dev/null 2>&1 ||
        echo kamailio-kazoo-modules kamailio-json-modules kamailio-extra-modules
}

wanted=$(missing | tr '\n' ' ')
[ -z "$wanted" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "the tests need servers that are not here: apt-get install $wanted" >&2
    exit 1
fi
# The tests start servers of their own; those of the packages shall not run beside them.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
