#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install_peers.sh BUILD: what the benchmark compares us with, as far as this machine lets us: Debian's packages for root,
# and with Go the program crane in BUILD/bin.
set -euo pipefail
build=$1

if ! type -P crane >/dev/null; then
    if type -P go >/dev/null; then
        echo "Building crane, which takes a minute."
        GOPATH=$build/go GOCACHE=$build/go/cache GOBIN=$build/bin GOFLAGS="${GOFLAGS:-} -modcacherw" \
            timeout 10m go install github.com/google/go-containerregistry/cmd/crane@v0.20.6 \
            || echo "The benchmark does without crane, which could not be built."
        rm -rf "$build/go"
    else
        echo "The benchmark does without crane, because there is no Go to build it with."
    fi
fi

missing=()
for package in aria2 curl libarchive-tools skopeo; do
    program=${package/libarchive-tools/bsdtar}
    type -P "${program/aria2/aria2c}" >/dev/null || missing+=("$package")
done
[[ ${#missing[@]} != 0 ]] || exit 0

if [[ $(id -u) != 0 ]]; then
    echo "The benchmark does without programs that root could install: apt-get install ${missing[*]}"
    exit 0
fi
apt-get -q update || true  # one stale source does no harm
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" \
    || echo "The benchmark does without ${missing[*]}, which could not be installed."
