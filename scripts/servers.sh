#!/usr/bin/env bash
# See that the programs which the tests start are there; as root on Debian, install what is missing.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

wanted=()
for pair in rabbitmq-server:rabbitmq-server kamailio:kamailio haproxy:haproxy escript:erlang-nox \
    openssl:openssl fish:fish zsh:zsh; do
    command -v "${pair%%:*}" >/dev/null || wanted+=("${pair##*:}")
done
compgen -G "/usr/lib/*/kamailio/modules/kazoo.so" >/dev/null || wanted+=(kamailio-kazoo-modules)

[ ${#wanted[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "the tests need programs that are not here: apt-get install ${wanted[*]}" >&2
    exit 1
fi
echo "installing for the tests: ${wanted[*]}"
# The tests start servers of their own; those of the packages shall not run beside them.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
