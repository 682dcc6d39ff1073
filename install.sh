#!/bin/sh
# Brings what Copperline needs onto a Debian or Ubuntu machine.
#   install.sh VENV REQUIREMENT COMMAND:PACKAGE ...    (or LIBRARY.so.N:PACKAGE; PACKAGE? where it is not everywhere)
# Debian packages whose command or library is missing are named, then installed (by sudo where not root); then the virtual
# environment VENV is made if need be and REQUIREMENT (this project with its extras) installed into it, editable.
set -eu

venv=$1 requirement=$2
shift 2

# Those for which all that we need is there ready-made; for the last some of it is compiled.
pythons='python3.14 python3.13 python3.12 python3.11 python3.15'

say() { printf 'copperline: %s\n' "$*"; }
fail() { printf 'copperline: %s\n' "$*" >&2; exit 1; }

suits() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# The system's own Python first, where it will do: distributions build theirs with optimisations by profile, which
# one that was built at home mostly lacks; calls take a quarter to a third less CPU. Else the first of the others.
python=
if suits /usr/bin/python3 && can_make_venv /usr/bin/python3; then python=/usr/bin/python3; fi
for candidate in python3 $pythons; do
    if [ -z "$python" ] && suits "$candidate"; then python=$candidate; fi
done

# Whether a command is there, or a library can be loaded.
there() {
    case $1 in
    *.so.*) [ -n "$python" ] && "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
may_install() { command -v apt-get >/dev/null 2>&1 && { [ -z "$sudo" ] || command -v sudo >/dev/null 2>&1; }; }

# Without a network, or with one dead source among many, what is known already may do.
refreshed=
refresh() {
    [ -z "$refreshed" ] || return 0
    command -v apt-get >/dev/null 2>&1 || fail "please install by your system's package manager: $*"
    may_install || fail "not root and no sudo here; please run: apt-get install $*"
    $sudo apt-get update -qq || say "not every list of packages could be fetched: going on with those that are here"
    refreshed=yes
}

installable() { apt-get install --simulate -qq --no-install-recommends "$@" >/dev/null 2>&1; }

bring() {
    say "installing these Debian packages: $*"
    refresh "$@"
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

missing= wanted=
for need in "$@"; do
    there "${need%%:*}" && continue
    case $need in
    *\?) package=${need#*:}; wanted="$wanted ${package%\?}" ;;
    *) missing="$missing ${need#*:}" ;;
    esac
done
[ -n "$python" ] || command -v python3 >/dev/null 2>&1 || missing="$missing python3"
if [ -n "$python" ] && ! can_make_venv "$python"; then
    case $python in
    *python3) missing="$missing python3-venv" ;;
    *) missing="$missing $python-venv" ;;
    esac
fi

# What some distributions have no package of (Ubuntu's Chromium is a snap, which sees no file of ours), or none that
# can be installed just now, or not by this user, is left out there.
if [ -n "$wanted" ] && ! may_install; then
    say "left out, as no packages can be installed here:$wanted"
elif [ -n "$wanted" ]; then
    # shellcheck disable=SC2086
    refresh $wanted
    for package in $wanted; do
        if installable "$package"; then missing="$missing $package"; else say "no package $package here: left out"; fi
    done
fi
# shellcheck disable=SC2086
[ -z "$missing" ] || bring $missing

# A system whose own Python is too old may have another beside it: Ubuntu 22.04 has 3.11.
if [ -z "$python" ] && suits python3; then python=python3; fi
if [ -z "$python" ]; then
    refresh "python3, 3.11 or later"
    for candidate in $pythons; do
        if [ -z "$python" ] && installable "$candidate" "$candidate-venv"; then
            bring "$candidate" "$candidate-venv"
            python=$candidate
        fi
    done
    [ -n "$python" ] || fail "this system's python3 is older than 3.11; please install Python 3.11 or later"
fi
can_make_venv "$python" || bring python3-venv

# One whose Python has gone, or become another, with an upgrade of the system, is made anew: /usr/bin/python3 is still
# there then, and has nothing of what was installed for the one before.
if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
    say "making a virtual environment in $venv"
    if [ -e "$venv/pyvenv.cfg" ]; then "$python" -m venv --clear "$venv"; else "$python" -m venv "$venv"; fi
fi
say "installing $requirement and what it needs into $venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --editable "$requirement"
# pip would compile them one after the other. Some packages carry files that are no Python of this version: no matter.
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1 || true
