#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# fetch_program.sh BUILD NAME [LIBRARY...]: a program from Debian's package of the same name, as BUILD/bin/NAME: without
# root and without installing it. What it needs besides libc is in the packages LIBRARY.
set -euo pipefail
build=$1 name=$2 libraries=("${@:3}")

mkdir -p "$build/bin"
# nginx is in a directory that users do not have on their PATH.
if installed=$(PATH=$PATH:/usr/sbin type -P "$name"); then
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
for package in "$name" "${libraries[@]}"; do
    apt-get "${options[@]}" download "$package"
    dpkg -x "$package"_*.deb .
done
if [[ ${#libraries[@]} == 0 ]]; then
    mv usr/{,s}bin/"$name" "$build/bin/" 2>/dev/null || [[ -e $build/bin/$name ]]
else
    directories=("$apt"/usr/lib/*-linux-gnu*)
    cat > "$build/bin/$name" <<END
#!/bin/sh
LD_LIBRARY_PATH=${directories[0]@Q} exec ${apt@Q}/usr/bin/$name "\$@"
END
    chmod +x "$build/bin/$name"
fi
