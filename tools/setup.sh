#!/bin/sh
# Makes the virtual environment of this checkout: sh tools/setup.sh .venv demo|dev
#   demo: doorward and doorward-office, for `make demo` and for use
#   dev:  besides what tests, checks and benchmarks need
# Installs nothing outside it, except libzbar0 and Python's venv module where apt-get works without a password.
set -eu
venv=${1:-.venv}
set=${2:-dev}
python=${PYTHON:-python3}
case $set in
demo) what='the demo' stamp=$venv/.demo packages=. need_mb=600 ;;  # pip unpacks the largest package once more before it moves it
dev) what='tests and checks' stamp=$venv/.ready packages='.[dev]' need_mb=1100 ;;
*) echo "usage: sh tools/setup.sh VENV demo|dev" >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $1"; say "hint: $2"; exit 3; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1; fi
}

# Installs one package at a time: an unknown package must not stop the others.
apt_install() {
    command -v apt-get >/dev/null 2>&1 && as_root true || return 0
    as_root apt-get update -qq >/dev/null 2>&1 || true  # the other sources work if one is broken
    for package in "$@"; do
        say "installing $package with apt-get"
        # A machine that has just booted may be busy with its own updates: wait for the lock.
        said=$(as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get install -y -qq \
            -o DPkg::Lock::Timeout=120 --no-install-recommends "$package" 2>&1) ||
            say "apt-get: $(printf '%s\n' "$said" | grep '^E: ' | head -n 1)"
    done
}

has_python() { command -v "$python" >/dev/null 2>&1; }
has_venv() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }
# pyzbar loads libzbar at run time; zxing-cpp, the default engine, brings its own code.
has_zbar() { "$python" -c 'import ctypes.util as u, sys; sys.exit(u.find_library("zbar") is None)'; }
has_libcamera() { "$python" -c 'import libcamera' 2>/dev/null; }
# spin writes the program that checks a model, and gcc compiles it; elsewhere than in CI their tests skip.
has_checker() { [ "${CI:-}" != true ] || { command -v spin && command -v gcc; } >/dev/null 2>&1; }

has_python || [ "$python" != python3 ] || apt_install python3
has_python || fail "no $python on this machine" "sudo apt-get install $python"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is $("$python" -V 2>&1), and Doorward needs 3.11 or newer" \
        "install Python 3.11 beside it, then: make setup PYTHON=python3.11"

if [ ! -e "$stamp" ]; then
    say "set-up for $what: packages from PyPI into $(pwd)/$venv"
    case $set in
    demo) say "  about 50 packages: 120 MB to download, 450 MB on the disk; a minute at 100 Mbit/s, 3 minutes at 10 Mbit/s" ;;
    dev) say "  about 75 more packages: 120 MB to download, 450 MB on the disk; a minute at 100 Mbit/s, 3 minutes at 10 Mbit/s" ;;
    esac
else
    say "set-up for $what: bringing $(pwd)/$venv up to date"
fi

missing=
has_venv || missing=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
has_zbar || missing="${missing:+$missing }libzbar0"
has_checker || missing="${missing:+$missing }spin gcc libc6-dev"
[ -z "$missing" ] || apt_install $missing
has_venv || fail "$python cannot make virtual environments" "check the network, then: sudo apt-get install $missing"
if ! has_zbar; then
    [ "${CI:-}" != true ] || fail "libzbar0 is not installed, and CI tests both code engines" \
        "put libzbar0 into the image, or let this user run apt-get"
    say "warning: libzbar0 is not installed: the second code engine is off, and its tests are skipped"
    say "hint: sudo apt-get install libzbar0 (other distributions call it zbar)"
fi
has_checker || say "warning: spin or gcc is not installed: the models of the door link are not checked, their tests skip"

# A virtual environment without a working pip, or with the folder tmp, is not complete: it is made again.
if [ -e "$venv/tmp" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
fi
[ "$set" = demo ] || [ ! -e "$venv/.demo" ] || need_mb=$((need_mb - 450))
if [ ! -e "$stamp" ]; then
    free_mb=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1024))
    [ "$free_mb" -ge "$need_mb" ] ||
        fail "$free_mb MB are free here, and this set-up needs $need_mb MB" "free some space, then run make again"
fi
if [ ! -e "$venv" ]; then
    # The Pi's camera needs the system's libcamera: as tools/guide/technician.md makes the environment by hand.
    said=$("$python" -m venv $(! has_libcamera || echo --system-site-packages) "$venv" 2>&1) ||
        fail "$python -m venv: $(printf '%s\n' "$said" | tail -n 1)" \
            "free some space or repair $python, then run make again"
fi

# On a terminal pip shows each package with a progress bar, and the log has its warnings and errors.
log=$venv/install.log
install() {
    set -- "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --editable "$packages" --editable ./tools
    if [ -t 2 ]; then TMPDIR=$temporary "$@" 2>"$log" >&3
    else TMPDIR=$temporary "$@" -q >"$log" 2>&1; fi
}
mkdir -p "$venv/tmp"
temporary=$(cd "$venv/tmp" && pwd)  # /tmp may be a small part of the memory
if ! install 3>&2; then
    rm -rf "$temporary"
    if grep -qE 'No space left|Disk quota|File too large' "$log"; then
        rm -rf "$venv"
        fail "the disk is full, and not all packages are installed" "free $need_mb MB, then run make again"
    elif grep -qE 'Failed to establish|Connection|resolution|timed out|unreachable|Proxy|CERTIFICATE' "$log"; then
        fail "pip cannot reach the package index, see $log" "check the network, then run make again"
    fi
    fail "pip: $(sed -n 's/^ERROR: //p' "$log" | tail -n 1)" "see $log, then run make again"
fi
rm -rf "$temporary"
say "ready: $venv"
