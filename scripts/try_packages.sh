#!/usr/bin/env bash
# Install what `make deb rpm zipapp` built in fresh roots of Debian, upgrade and remove it, and do the README's first
# steps there. Needs root, debootstrap and rpm; takes some minutes. TRY_ROOT keeps the fresh root for the next time;
# TRY_SUITE is another release than Debian 12, whose Python the packages then are to be built for.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in debootstrap rpm; do
    command -v $program >/dev/null || { echo "try_packages.sh needs $program: apt-get install $program" >&2; exit 1; }
done
suite=${TRY_SUITE:-bookworm}
python=${PACKAGE_PYTHON:-$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')}
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

older() { # KIND: the same, by the name of an older version
    PACKAGE_VERSION=0.0.1 PACKAGE_DIST=$work/older scripts/package.sh "$1" >/dev/null
}
configure_host() { # what an operator does to it
    inside sh -c 'echo "#ours" >>/etc/kazoo-sup/sup.yaml && chmod 640 /etc/kazoo-sup/sup.yaml && chgrp adm /etc/kazoo-sup/sup.yaml'
}
must_be_configured() { # FILE: as configure_host left it
    must_say "#ours" tail -n 1 "$1"
    must_say "640 root adm" stat -c "%a %U %G" "$1"
}
must_be_gone() { # PATH…: whatever is there but for these, and for what is root's own
    local left
    left=$(inside find / -xdev \( -path /root -o -path /tmp -o -path /var/lib/rpm \) -prune -o -name "*kazoo-sup*" -print)
    left=$(grep -vxF "$(printf '%s\n' "$@")" <<<"$left") || return 0
    echo "FAILED: a removal left $left" >&2
    exit 1
}

say "The Debian package, in a fresh $suite"
fresh
older deb
cp "$work"/older/*.deb "$work/root/tmp/older.deb"
cp dist/kazoo-sup_*.deb "$work/root/tmp/kazoo-sup.deb"
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /tmp/older.deb man-db logrotate >/dev/null 2>&1
configure_host
inside update-alternatives --set sup /usr/bin/kazoo-sup
say "An upgrade keeps what was configured"
inside dpkg --install /tmp/kazoo-sup.deb >/dev/null
must_say "Version: $(.venv/bin/python -c 'import kazoo_sup; print(kazoo_sup.__version__)')-1" dpkg --status kazoo-sup
must_be_configured /etc/kazoo-sup/sup.yaml
must_say "manual" update-alternatives --query sup
first_steps sup
must_say "kazoo-sup" kazoo-sup --version
must_say "operate a Kazoo" sh -c 'zcat "$(readlink -f /usr/share/man/man1/sup.1.gz)"'
must_say "complete -F _sup sup" cat /usr/share/bash-completion/completions/sup
must_say "kazoo-sup/journal" logrotate --debug /etc/logrotate.d/kazoo-sup
say "A removal leaves the configuration and the state of services, a purge nothing"
inside touch /var/lib/kazoo-sup/kept
inside dpkg --remove kazoo-sup >/dev/null 2>&1
must_be_configured /etc/kazoo-sup/sup.yaml
must_be_gone /etc/kazoo-sup /etc/logrotate.d/kazoo-sup /var/lib/kazoo-sup /var/lib/dpkg/info/kazoo-sup.{list,postrm}
must_say "gone" sh -c 'test -L /usr/bin/sup || test -e /var/lib/dpkg/alternatives/sup || echo gone'
inside dpkg --purge kazoo-sup >/dev/null
must_be_gone
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
older rpm
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends "python$python" ca-certificates >/dev/null 2>&1
in_rpm() { rpm --root "$work/root" --dbpath /var/lib/rpm --nodeps "$@"; }
in_rpm --install "$work"/older/*.rpm
configure_host
in_rpm --upgrade dist/kazoo-sup-*.rpm
must_be_configured /etc/kazoo-sup/sup.yaml
must_say "/usr/bin/kazoo-sup" readlink -f /usr/bin/sup
first_steps sup
in_rpm --erase kazoo-sup
must_be_configured /etc/kazoo-sup/sup.yaml.rpmsave
must_be_gone /etc/kazoo-sup
must_say "gone" sh -c 'test -L /usr/bin/sup || test -e /var/lib/dpkg/alternatives/sup || echo gone'

say "The zipapp"
cp dist/sup.pyz "$work/root/tmp/"
inside rm -rf /root/.config
first_steps "python$python" /tmp/sup.pyz

say "All is well"
