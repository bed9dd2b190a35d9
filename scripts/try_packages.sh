#!/usr/bin/env bash
# Install what `make deb rpm zipapp` built in fresh roots of Debian, upgrade and remove it, and do the README's first
# steps there. Needs root, debootstrap and rpm; takes two minutes. TRY_ROOT keeps the fresh root for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in debootstrap rpm; do
    command -v $program >/dev/null || { echo "try_packages.sh needs $program: apt-get install $program" >&2; exit 1; }
done
suite=${TRY_SUITE:-bookworm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pristine=${TRY_ROOT:-$work/pristine}
[ -x "$pristine/usr/bin/apt-get" ] || debootstrap --variant=minbase "$suite" "$pristine" >/dev/null

say() { printf '\n# %s\n' "$*"; }
fresh() {
    rm -rf "$work/root"
    cp -a "$pristine" "$work/root"
    cp /etc/resolv.conf "$work/root/etc/" 2>/dev/null || true
    printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
    chmod 755 "$work/root/usr/sbin/policy-rc.d"
}
inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        chroot "$work/root" "$@"
}
must_say() { # WORDS COMMAND…: what it prints has WORDS
    local said wanted=$1
    shift
    said=$(inside "$@" 2>&1) || true
    printf '$ %s\n%s\n' "$*" "$(head -n 4 <<<"$said")"
    grep -qF -- "$wanted" <<<"$said" || { echo "FAILED: no '$wanted' in what $* says" >&2; exit 1; }
}
first_steps() { # SUP: the README's first steps
    must_say "kazoo-sup $(.venv/bin/python -c 'import kazoo_sup; print(kazoo_sup.__version__)')" "$@" --version
    must_say "CATEGORY KEY" "$@" kapps_config set_default --help
    must_say "crossbar_maintenance find_account_by_realm" "$@" --list account realm
    must_say "built-in default" "$@" config show
    must_say "cannot reach CouchDB" "$@" kapps_config get number_manager carrier_modules
    must_say "wrote /root/.config/kazoo-sup/sup.yaml" "$@" config init
    must_say "is good" "$@" config check
}

say "The Debian package, in a fresh $suite"
fresh
cp dist/kazoo-sup_*.deb "$work/root/tmp/kazoo-sup.deb"
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /tmp/kazoo-sup.deb man-db logrotate >/dev/null 2>&1
first_steps sup
must_say "kazoo-sup" kazoo-sup --version
must_say "operate a Kazoo" sh -c 'zcat "$(readlink -f /usr/share/man/man1/sup.1.gz)"'
must_say "complete -F _sup sup" cat /usr/share/bash-completion/completions/sup
must_say "kazoo-sup/journal" logrotate --debug /etc/logrotate.d/kazoo-sup
say "An upgrade keeps a changed conffile and the alternative; a removal takes its link away"
inside sh -c 'echo "#ours" >>/etc/kazoo-sup/sup.yaml'
inside dpkg --install /tmp/kazoo-sup.deb >/dev/null
must_say "#ours" tail -n 1 /etc/kazoo-sup/sup.yaml
must_say "/usr/bin/kazoo-sup" readlink -f /usr/bin/sup
inside dpkg --remove kazoo-sup >/dev/null
must_say "gone" sh -c 'test -e /usr/bin/sup || echo gone'
say "On a host of Kazoo its own sup stays"
printf '#!/bin/sh\necho "the sup of Kazoo"\n' >"$work/root/usr/bin/sup"
chmod 755 "$work/root/usr/bin/sup"
inside dpkg --install /tmp/kazoo-sup.deb >/dev/null
must_say "the sup of Kazoo" sup
must_say "kazoo-sup" kazoo-sup --version
inside dpkg --purge kazoo-sup >/dev/null
must_say "the sup of Kazoo" sup

say "The rpm: its files, and what they need beside Python"
fresh
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends python3 ca-certificates >/dev/null 2>&1
rpm --root "$work/root" --dbpath /var/lib/rpm --nodeps --install dist/kazoo-sup-*.rpm
first_steps sup
rpm --root "$work/root" --dbpath /var/lib/rpm --nodeps --erase kazoo-sup
must_say "gone" sh -c 'test -e /usr/bin/sup || test -e /usr/bin/kazoo-sup || echo gone'

say "The zipapp"
cp dist/sup.pyz "$work/root/tmp/"
inside rm -rf /root/.config
first_steps python3 /tmp/sup.pyz

say "All is well"
