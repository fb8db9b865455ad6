#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# fetch_program.sh BUILD NAME: a program that needs nothing but libc, from Debian's package of the same name, as
# BUILD/bin/NAME: without root and without installing it.
set -euo pipefail
build=$1 name=$2

mkdir -p "$build/bin"
if installed=$(type -P "$name"); then
    ln -sf "$installed" "$build/bin/$name"
    exit
fi

# State of its own lets apt work for any user and leaves the system's package lists alone.
apt=$build/apt
mkdir -p "$apt"/{state/lists/partial,cache/archives/partial}
options=(-q -o "Dir::State=$apt/state" -o "Dir::State::status=/var/lib/dpkg/status" -o "Dir::Cache=$apt/cache"
         -o "APT::Sandbox::User=$(id -un)")
cd "$apt"
apt-get "${options[@]}" update || true  # one stale source does no harm: the next line fails if it matters
apt-get "${options[@]}" download "$name"
dpkg -x "$name"_*.deb .
mv "usr/bin/$name" "$build/bin/"
