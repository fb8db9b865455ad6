#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install_peers.sh: what the benchmark compares us with, from Debian's packages as far as this machine lets us.
set -euo pipefail

missing=()
for package in curl libarchive-tools skopeo; do
    program=${package/libarchive-tools/bsdtar}
    type -P "$program" >/dev/null || missing+=("$package")
done
[[ ${#missing[@]} != 0 ]] || exit 0

if [[ $(id -u) != 0 ]]; then
    echo "The benchmark does without programs that root could install: apt-get install ${missing[*]}"
    exit 0
fi
apt-get -q update || true  # one stale source does no harm
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" \
    || echo "The benchmark does without ${missing[*]}, which could not be installed."
