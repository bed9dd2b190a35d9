#!/usr/bin/env bash
# Build what is installed: package.sh deb|rpm|zipapp. It lands in dist/, or in PACKAGE_DIST; the last line names it.
# PACKAGE_VERSION names a package otherwise than by the version of the program: to try an upgrade.
#
# The packages bring every dependency, at the versions of requirements/dev.txt, as wheels that run on any glibc from 2.28
# on (Debian 10, Red Hat 8), compiled for one version of Python: PACKAGE_PYTHON, or that of the virtual environment.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?deb, rpm or zipapp}
bin=$PWD/.venv/bin
python=${PACKAGE_PYTHON:-$("$bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')}
machine=$(uname -m)
version=${PACKAGE_VERSION:-$("$bin/python" -c 'import kazoo_sup; print(kazoo_sup.__version__)')}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dist=${PACKAGE_DIST:-dist}
mkdir -p "$dist" "$work/wheels"

# Everything that a host with this Python needs, under $1.
install_under() {
    "$bin/pip" wheel --quiet --no-deps --wheel-dir "$work/wheels" .
    grep -vE '^[[:space:]]*#' requirements/dev.txt >"$work/constraints"
    "$bin/pip" install --quiet --no-compile --target "$1" --constraint "$work/constraints" \
        --only-binary :all: --implementation cp --python-version "$python" \
        --platform "manylinux_2_28_$machine" --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
        "$(echo "$work"/wheels/kazoo_sup-*.whl)[auth,query]"
    # Programs, manual pages, and the C sources that the wheel of pcre2 brings along: nobody imports them.
    rm -rf "$1"/{bin,share,include,lib64,requirements,src}
    rm -f "$1"/{CMakeLists.txt,LICENSE,Makefile,README.md,pyproject.toml,setup.py}
    find "$1" -type f -exec chmod 644 {} + # some wheels have modules that can be executed
}

linux_package() {
    local root=$work/root
    install_under "$root/usr/lib/kazoo-sup"
    if "python$python" -c '' 2>/dev/null; then
        "python$python" -m compileall -q -s "$root" -p / --invalidation-mode unchecked-hash "$root/usr/lib/kazoo-sup"
    fi
    mkdir -p "$root/usr/bin" "$root/usr/share/doc/kazoo-sup"
    cp --parents --no-preserve mode ./*.md docs/*/* config/sup.{example.yaml,schema.json} "$root/usr/share/doc/kazoo-sup"
    { echo "#!/usr/bin/python$python -IB"; cat packaging/kazoo-sup.py; } >"$root/usr/bin/kazoo-sup"
    gzip -9n <docs/sup.1 >"$root/kazoo-sup.1.gz"
    case $machine in
    x86_64) export PACKAGE_ARCH=amd64 ;;
    aarch64) export PACKAGE_ARCH=arm64 ;;
    *) export PACKAGE_ARCH=$machine ;;
    esac
    export PACKAGE_ROOT=$root PACKAGE_VERSION=$version PACKAGE_PYTHON=$python PACKAGE_ZSH=$1
    find "$root" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
    "$bin/nfpm" package --config packaging/nfpm.yaml --packager "$kind" --target "$dist/"
}

case $kind in
deb) linux_package /usr/share/zsh/vendor-completions ;;
rpm) linux_package /usr/share/zsh/site-functions ;;
zipapp)
    install_under "$work/site"
    sed "s/@PYTHON@/$python/g" packaging/zipapp.py >"$work/made_for.py"
    "$bin/shiv" --site-packages "$work/site" --console-script sup --python "/usr/bin/env python$python" \
        --preamble "$work/made_for.py" --reproducible --output-file "$dist/sup.pyz"
    echo "created zipapp: $dist/sup.pyz"
    ;;
*)
    echo "package.sh: $kind is none of deb, rpm, zipapp" >&2
    exit 1
    ;;
esac
