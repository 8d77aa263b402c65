#!/bin/sh
# Makes the virtual environment of this checkout: sh tools/setup.sh .venv
# Installs nothing outside it, except libzbar0 and python3-venv where apt-get may be used without a password.
set -eu
venv=${1:-.venv}
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $1"; say "hint: $2"; exit 3; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1; fi
}

apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    say "installing $* with apt-get"
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1
}

command -v "$python" >/dev/null 2>&1 || apt_install python3 python3-venv ||
    fail "no $python on this machine" "sudo apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is $("$python" -V 2>&1), and Doorward needs 3.11 or newer" "make setup PYTHON=python3.11"

"$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv ||
    fail "$python cannot make virtual environments" "sudo apt-get install python3-venv"

# pyzbar loads libzbar at run time; zxing-cpp, the default engine, brings its own code.
has_zbar() { "$python" -c 'import ctypes.util as u, sys; sys.exit(u.find_library("zbar") is None)'; }
if ! has_zbar; then
    apt_install libzbar0 || apt_install libzbar0t64 || true
    if ! has_zbar; then
        say "warning: libzbar0 is not installed, so the second code engine (pyzbar) is off and its tests skip"
        say "hint: sudo apt-get install libzbar0"
        [ "${CI:-}" != true ] || exit 3
    fi
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
say "installing packages into $venv (about 600 MB, once)"
log=$venv/install.log
if ! "$venv/bin/python" -m pip install --disable-pip-version-check -q --editable '.[dev]' >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "pip could not install the packages, see $log" "check the network and the free space, then: make setup"
fi
say "ready: $venv"
