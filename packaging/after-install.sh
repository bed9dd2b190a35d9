#!/bin/sh
# `sup` is kazoo-sup by the system's alternatives, but never in place of the sup that a Kazoo node brings with it.
set -e
link=/usr/bin/sup
if [ -e "$link" ] && [ "$(readlink "$link")" != /etc/alternatives/sup ]; then
    echo "kazoo-sup: $link is Kazoo's own and stays; ours is /usr/bin/kazoo-sup"
    exit 0
fi
command -v update-alternatives >/dev/null 2>&1 || exit 0
bash=/usr/share/bash-completion/completions
fish=/usr/share/fish/vendor_completions.d
update-alternatives --install "$link" sup /usr/bin/kazoo-sup 50 \
    --slave /usr/share/man/man1/sup.1.gz sup.1.gz /usr/share/man/man1/kazoo-sup.1.gz \
    --slave "$bash/sup" sup.bash "$bash/kazoo-sup" \
    --slave "$fish/sup.fish" sup.fish "$fish/kazoo-sup.fish"
