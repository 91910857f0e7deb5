# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# Installs Debian packages for quickstart and tests/run without letting any of them start a
# service, now or at the next boot. Sourced; needs bash. An existing policy-rc.d is left alone.

# What a build needs, and what quickstart and the tests need besides.
PACKAGES_BUILD="gcc libc6-dev gettext make cmake pkg-config libstrophe-dev libexpat1-dev
    libevent-dev libssl-dev libjson-c-dev libsodium-dev liblmdb-dev libcurl4-openssl-dev
    libseccomp-dev"
PACKAGES_SHOW="prosody ngircd python3 openssl"
# shellcheck disable=SC2034
PACKAGES_TEST="libcriterion-dev clang-14 cppcheck binutils git inspircd atheme-services
    python3-slixmpp prosody-modules ejabberd profanity tmux python3-venv libfaketime"

packages_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n true 2>/dev/null || echo "sudo may ask for your password:" >&2
        sudo "$@"
    fi
}

# Prints those of its arguments that are not installed.
packages_missing() {
    local name
    for name in "$@"; do
        case "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" in
        "install ok installed") ;;
        *) echo "$name" ;;
        esac
    done
}

packages_can_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }
}

packages_guard=/usr/sbin/policy-rc.d
packages_guarded=

# Says "no service may be started" to the packages' scripts (invoke-rc.d).
packages_guard_on() {
    [ -e "$packages_guard" ] && return
    packages_guarded=yes
    printf '#!/bin/sh\n# set by sojourn while it installs packages\nexit 101\n' |
        packages_root tee "$packages_guard" >/dev/null
    packages_root chmod 755 "$packages_guard"
}

packages_guard_off() {
    [ -n "$packages_guarded" ] || return 0
    packages_guarded=
    packages_root rm -f "$packages_guard"
}

# Units that a package just brought: not at the next boot either.
packages_disable_services() {
    local name unit
    for name in "$@"; do
        for unit in $(dpkg -L "$name" 2>/dev/null |
            sed -n 's|^\(/usr\)\{0,1\}/lib/systemd/system/\([^/@]*\.service\)$|\2|p'); do
            packages_root deb-systemd-helper disable "$unit" >/dev/null 2>&1 || true
        done
        if [ -e "/etc/init.d/$name" ]; then
            packages_root update-rc.d "$name" disable >/dev/null 2>&1 || true
        fi
    done
}

packages_apt() {
    packages_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# All at once, after a refresh of the index, and at last one by one: a package that cannot be had
# does not keep the others away.
packages_apt_install() {
    local name
    packages_apt install -y --no-install-recommends "$@" && return
    packages_apt update
    packages_apt install -y --no-install-recommends "$@" && return
    for name in "$@"; do
        packages_apt install -y --no-install-recommends "$name"
    done
}

# packages_install LOG NAME...: installs what is missing of NAME...; apt's words go to LOG.
# Status 1 when something is still missing.
packages_install() {
    local log=$1 missing
    shift
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    packages_can_install || return 1
    packages_guard_on
    # shellcheck disable=SC2086
    packages_apt_install $missing >>"$log" 2>&1
    packages_guard_off
    # shellcheck disable=SC2046,SC2086
    packages_disable_services $(comm -23 <(printf '%s\n' $missing | sort) \
        <(packages_missing $missing | sort))
    # shellcheck disable=SC2086
    [ -z "$(packages_missing $missing)" ]
}
