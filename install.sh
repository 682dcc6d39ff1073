#!/bin/sh
# Brings what Copperline needs onto a Debian or Ubuntu machine.
#   install.sh VENV REQUIREMENT COMMAND:PACKAGE ...    (or LIBRARY.so.N:PACKAGE; PACKAGE? where it is not everywhere)
# Debian packages whose command or library is missing are named, then installed (by sudo where not root); then the virtual
# environment VENV is made if need be and REQUIREMENT (this project with its extras) installed into it, editable.
set -eu

venv=$1 requirement=$2
shift 2

say() { printf 'copperline: %s\n' "$*"; }
fail() { printf 'copperline: %s\n' "$*" >&2; exit 1; }

suits() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# The system's own Python first, where it will do: distributions build theirs with optimisations by profile, which
# one that was built at home mostly lacks; calls take a quarter to a third less CPU. Else the first of the others.
python=
if suits /usr/bin/python3 && can_make_venv /usr/bin/python3; then python=/usr/bin/python3; fi
for candidate in python3 python3.13 python3.12 python3.11; do
    if [ -z "$python" ] && suits "$candidate"; then python=$candidate; fi
done

# Whether a command is there, or a library can be loaded.
there() {
    case $1 in
    *.so.*) [ -n "$python" ] && "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing= wanted=
for need in "$@"; do
    there "${need%%:*}" && continue
    case $need in
    *\?) package=${need#*:}; wanted="$wanted ${package%\?}" ;;
    *) missing="$missing ${need#*:}" ;;
    esac
done
[ -n "$python" ] || missing="$missing python3"
if [ -z "$python" ] || ! can_make_venv "$python"; then
    missing="$missing python3-venv"
fi

# What some distributions have no package of (Ubuntu's Chromium is a snap, which sees no file of ours) is left out there.
if [ -n "$wanted" ] && command -v apt-cache >/dev/null 2>&1; then
    [ "$(id -u)" -ne 0 ] || apt-get update -qq || true
    for package in $wanted; do
        if apt-cache show "$package" >/dev/null 2>&1; then missing="$missing $package"; else say "no package $package here: left out"; fi
    done
fi

if [ -n "$missing" ]; then
    command -v apt-get >/dev/null 2>&1 || fail "please install by your system's package manager:$missing"
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || fail "not root and no sudo here; please run: apt-get install$missing"
        sudo=sudo
    fi
    say "installing these Debian packages:$missing"
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

if [ -z "$python" ]; then
    suits python3 || fail "this system's python3 is older than 3.11; please install Python 3.11 or later"
    python=python3
fi

if [ ! -x "$venv/bin/python" ]; then
    say "making a virtual environment in $venv"
    "$python" -m venv "$venv"
fi
say "installing $requirement and what it needs into $venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --editable "$requirement"
# pip would compile them one after the other. Some packages carry files that are no Python of this version: no matter.
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1 || true
